// GradBench's functions and their gradients by hand, one thread. The math is that of the suite's
// own pages (and of its reference where a page and the reference differ: the ode is yᵢ' = xᵢ yᵢ₋₁).
#include "benchmarks/peers/cpp/Loops.h"
#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace descent::bench::PEER_NAMESPACE {
namespace {

using Vector = std::vector<double>;

/// What every function here has: f64 inputs by name, one result.
struct Problem {
  const Inputs &inputs;
  Outputs &outputs;
  const double *get(const char *name) const { return in<double>(inputs, name); }
  int64_t extent(const char *name, size_t axis) const {
    return inputs.array(name).shape().at(axis);
  }
  /// The result, which is the only one.
  double *result(Shape shape = {}) const {
    outputs.add("", DType::F64, std::move(shape));
    return out<double>(outputs, 0);
  }
};

using Maker = std::function<std::function<void()>(Problem)>;

Prepare ofProblem(Maker maker) {
  return [maker](const Inputs &inputs, Outputs &outputs) { return maker({inputs, outputs}); };
}

// ---- hello, llsq, lse --------------------------------------------------------------------------

std::function<void()> square(Problem p) {
  return [x = p.get("x"), y = p.result()] { *y = *x * *x; };
}

std::function<void()> twice(Problem p) {
  return [x = p.get("x"), y = p.result()] { *y = 2 * *x; };
}

double point(int64_t i, int64_t n) {
  return -1.0 + static_cast<double>(i) * 2.0 / static_cast<double>(n - 1);
}
double signOf(double t) {
  return t > 0 ? 1 : t < 0 ? -1 : 0;
}

/// rest[i] = sign(t) - Σⱼ x[j] tʲ for the points t from `first` on.
void residuals(const double *x, int64_t m, int64_t n, int64_t first, int64_t count, double *rest) {
#ifdef PEER_FAST
  // Point by point inside, so that the powers of several points are taken at once.
  constexpr int64_t most = 64;
  for (int64_t begin = 0; begin < count; begin += most) {
    int64_t points = std::min(most, count - begin);
    double t[most] = {}, power[most], sum[most];
    for (int64_t i = 0; i < points; ++i)
      t[i] = point(first + begin + i, n);
    for (int64_t i = 0; i < most; ++i) {
      power[i] = 1;
      sum[i] = signOf(t[i]);
    }
    for (int64_t j = 0; j < m; ++j)
      for (int64_t i = 0; i < most; ++i) {
        sum[i] -= x[j] * power[i];
        power[i] *= t[i];
      }
    std::copy_n(sum, points, rest + begin);
  }
#else
  for (int64_t i = 0; i < count; ++i) {
    double t = point(first + i, n), sum = signOf(t), power = 1;
    for (int64_t j = 0; j < m; ++j) {
      sum -= x[j] * power;
      power *= t;
    }
    rest[i] = sum;
  }
#endif
}

/// g[j] -= Σᵢ rest[i] tᵢʲ
void subtractPowers(int64_t m, int64_t n, const double *rest, double *g) {
#ifdef PEER_FAST
  constexpr int64_t most = 64;
  for (int64_t begin = 0; begin < n; begin += most) {
    int64_t points = std::min(most, n - begin);
    double t[most] = {}, term[most] = {};
    for (int64_t i = 0; i < points; ++i) {
      t[i] = point(begin + i, n);
      term[i] = rest[begin + i];
    }
    for (int64_t j = 0; j < m; ++j) {
      double sum = 0;
      for (int64_t i = 0; i < most; ++i) {
        sum += term[i];
        term[i] *= t[i];
      }
      g[j] -= sum;
    }
  }
#else
  for (int64_t i = 0; i < n; ++i) {
    double t = point(i, n), power = 1;
    for (int64_t j = 0; j < m; ++j) {
      g[j] -= rest[i] * power;
      power *= t;
    }
  }
#endif
}

std::function<void()> llsqPrimal(Problem p) {
  int64_t m = p.extent("x", 0), n = p.inputs.integer("n");
  return [=, x = p.get("x"), y = p.result()] {
    constexpr int64_t most = 1024;
    double rest[most], sum = 0;
    for (int64_t first = 0; first < n; first += most) {
      int64_t count = std::min(most, n - first);
      residuals(x, m, n, first, count, rest);
      for (int64_t i = 0; i < count; ++i)
        sum += rest[i] * rest[i];
    }
    *y = 0.5 * sum;
  };
}

std::function<void()> llsqGradient(Problem p) {
  int64_t m = p.extent("x", 0), n = p.inputs.integer("n");
  return [=, x = p.get("x"), g = p.result({m}), rest = Vector(n)]() mutable {
    residuals(x, m, n, 0, n, rest.data());
    std::fill(g, g + m, 0.0);
    subtractPowers(m, n, rest.data(), g);
  };
}

std::function<void()> lsePrimal(Problem p) {
  return [x = p.get("x"), n = p.extent("x", 0), y = p.result()] { *y = logSumExp(x, n); };
}

std::function<void()> lseGradient(Problem p) {
  int64_t n = p.extent("x", 0);
  return [=, x = p.get("x"), g = p.result({n})] { softmax(x, n, g); };
}

// ---- kmeans ------------------------------------------------------------------------------------

struct Clusters {
  const double *points, *centroids;
  int64_t n, k, d;
  explicit Clusters(const Problem &p)
      : points(p.get("points")), centroids(p.get("centroids")), n(p.extent("points", 0)),
        k(p.extent("centroids", 0)), d(p.extent("points", 1)) {}
  /// The centroid nearest to point i, and its squared distance.
  std::pair<int64_t, double> nearest(int64_t i) const {
    double least = std::numeric_limits<double>::max();
    int64_t found = 0;
    for (int64_t j = 0; j < k; ++j) {
      double distance = 0;
      for (int64_t l = 0; l < d; ++l) {
        double difference = points[i * d + l] - centroids[j * d + l];
        distance += difference * difference;
      }
      if (distance < least) {
        least = distance;
        found = j;
      }
    }
    return {found, least};
  }
};

std::function<void()> kmeansCost(Problem p) {
  return [c = Clusters(p), y = p.result()] {
    double sum = 0;
    for (int64_t i = 0; i < c.n; ++i)
      sum += c.nearest(i).second;
    *y = sum;
  };
}

std::function<void()> kmeansDir(Problem p) {
  Clusters c(p);
  return [c, g = p.result({c.k, c.d}), count = Vector(c.k), sum = Vector(c.k * c.d)]() mutable {
    std::ranges::fill(count, 0.0);
    std::ranges::fill(sum, 0.0);
    for (int64_t i = 0; i < c.n; ++i) {
      int64_t j = c.nearest(i).first;
      count[j] += 1;
      for (int64_t l = 0; l < c.d; ++l)
        sum[j * c.d + l] += c.points[i * c.d + l];
    }
    for (int64_t j = 0; j < c.k; ++j)
      for (int64_t l = 0; l < c.d; ++l)
        g[j * c.d + l] = c.centroids[j * c.d + l] - sum[j * c.d + l] / count[j];
  };
}

// ---- ode ---------------------------------------------------------------------------------------

void slope(int64_t n, const double *x, const double *y, double *z) {
  z[0] = x[0];
  for (int64_t i = 1; i < n; ++i)
    z[i] = x[i] * y[i - 1];
}

/// Runge–Kutta with the stages of one step kept.
struct Ode {
  int64_t n, s;
  const double *x;
  double h;
  Vector k[4], at[4];
  explicit Ode(const Problem &p)
      : n(p.extent("x", 0)), s(p.inputs.integer("s")), x(p.get("x")),
        h(2.0 / static_cast<double>(s)) {
    for (int stage = 0; stage < 4; ++stage) {
      k[stage].resize(n);
      at[stage].resize(n);
    }
  }
  void stages(const double *y) {
    const double reach[4] = {0, h / 2, h / 2, h};
    for (int stage = 0; stage < 4; ++stage) {
      for (int64_t i = 0; i < n; ++i)
        at[stage][i] = stage ? y[i] + reach[stage] * k[stage - 1][i] : y[i];
      slope(n, x, at[stage].data(), k[stage].data());
    }
  }
  void step(const double *y, double *next) {
    stages(y);
    for (int64_t i = 0; i < n; ++i)
      next[i] = y[i] + h * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]) / 6;
  }
};

std::function<void()> odePrimal(Problem p) {
  Ode ode(p);
  return [ode, y = p.result({ode.n})]() mutable {
    std::fill(y, y + ode.n, 0.0);
    for (int64_t step = 0; step < ode.s; ++step)
      ode.step(y, y);
  };
}

std::function<void()> odeGradient(Problem p) {
  Ode ode(p);
  int64_t n = ode.n;
  Vector path((ode.s + 1) * n), adjoint(n), incoming(n), carried(n), before(n);
  return [=, g = p.result({n})]() mutable {
    std::ranges::fill(path, 0.0);
    for (int64_t step = 0; step < ode.s; ++step)
      ode.step(&path[step * n], &path[(step + 1) * n]);
    std::fill(g, g + n, 0.0);
    std::ranges::fill(adjoint, 0.0);
    adjoint[n - 1] = 1;
    const double weight[4] = {ode.h / 6, ode.h / 3, ode.h / 3, ode.h / 6};
    const double reach[4] = {0, ode.h / 2, ode.h / 2, ode.h};
    for (int64_t step = ode.s; step-- > 0;) {
      ode.stages(&path[step * n]);
      before = adjoint;
      for (int stage = 3; stage >= 0; --stage) {
        // What reaches this stage's slope: from the sum, and from the stage after it.
        for (int64_t i = 0; i < n; ++i)
          incoming[i] =
              weight[stage] * adjoint[i] + (stage < 3 ? reach[stage + 1] * carried[i] : 0);
        g[0] += incoming[0];
        for (int64_t i = 1; i < n; ++i) {
          g[i] += incoming[i] * ode.at[stage][i - 1];
          carried[i - 1] = incoming[i] * ode.x[i];
        }
        carried[n - 1] = 0;
        for (int64_t i = 0; i < n; ++i)
          before[i] += carried[i];
      }
      std::swap(adjoint, before);
    }
  };
}

// ---- saddle ------------------------------------------------------------------------------------

using Pair = std::array<double, 2>;

double lengthOf(Pair x) {
  return std::sqrt(x[0] * x[0] + x[1] * x[1]);
}

/// Descent whose rate doubles after ten steps downhill and halves after one uphill.
template <typename Value, typename Slope> Pair argmin(Value value, Slope slope, Pair x) {
  double reached = value(x), rate = 1e-5;
  Pair g = slope(x);
  int count = 0;
  while (lengthOf(g) > 1e-5) {
    if (count == 10) {
      rate *= 2;
      count = 0;
      continue;
    }
    Pair next = {x[0] - rate * g[0], x[1] - rate * g[1]};
    if (lengthOf({x[0] - next[0], x[1] - next[1]}) <= 1e-5)
      return x;
    double there = value(next);
    if (there < reached) {
      x = next;
      reached = there;
      g = slope(x);
      ++count;
    } else {
      rate /= 2;
      count = 0;
    }
  }
  return x;
}

std::function<void()> saddle(Problem p) {
  return [start = p.get("start"), y = p.result({4})] {
    Pair from = {start[0], start[1]};
    auto f = [](Pair a, Pair b) {
      return (a[0] * a[0] + a[1] * a[1]) - (b[0] * b[0] + b[1] * b[1]);
    };
    auto twofold = [](Pair a) { return Pair{2 * a[0], 2 * a[1]}; };
    auto highest = [&](Pair a) { return argmin([&](Pair b) { return -f(a, b); }, twofold, from); };
    Pair a = argmin([&](Pair a) { return f(a, highest(a)); }, twofold, from);
    Pair b = highest(a);
    std::copy(a.begin(), a.end(), y);
    std::copy(b.begin(), b.end(), y + 2);
  };
}

} // namespace

void addGradbenchModels(Peers &peers);

void addGradbench(Peers &peers) {
  auto add = [&](const char *module, const char *function, std::function<void()> (*make)(Problem)) {
    peers.add(PEER_LIBRARY, module, function, ofProblem(make));
  };
  add("hello", "square", square);
  add("hello", "double", twice);
  add("llsq", "primal", llsqPrimal);
  add("llsq", "gradient", llsqGradient);
  add("lse", "primal", lsePrimal);
  add("lse", "gradient", lseGradient);
  add("kmeans", "cost", kmeansCost);
  add("kmeans", "dir", kmeansDir);
  add("ode", "primal", odePrimal);
  add("ode", "gradient", odeGradient);
  for (const char *modes : {"ff", "fr", "rf", "rr"})
    add("saddle", modes, saddle);
  addGradbenchModels(peers);
}

} // namespace descent::bench::PEER_NAMESPACE
