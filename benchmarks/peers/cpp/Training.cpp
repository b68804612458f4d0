// Gradients and descents of small models by hand: one pass over the data, one thread.
#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <cmath>

namespace descent::bench::PEER_NAMESPACE {
namespace {

/// The sums of the derivatives of (w x + b - y)^2 / 2 by w and b, and of the squares themselves.
template <typename T>
void sumsOfLine(int64_t n, const T *x, const T *y, T w, T b, T &ofW, T &ofB, T &squares) {
  T first = 0, second = 0, third = 0;
  for (int64_t i = 0; i < n; ++i) {
    T rest = w * x[i] + b - y[i];
    first += rest * x[i];
    second += rest;
    third += rest * rest;
  }
  ofW = first;
  ofB = second;
  squares = third;
}

/// Rows that are worked on together: they stay in the first-level cache.
constexpr int64_t most = 64;

/// z = x w + b for some rows of d features.
template <typename T>
[[gnu::always_inline]] inline void predict(int64_t rows, int64_t d, const T *x, const T *w, T b,
                                           T *__restrict z) {
  for (int64_t i = 0; i < rows; ++i, x += d) {
    T sum = b;
    for (int64_t j = 0; j < d; ++j)
      sum += w[j] * x[j];
    z[i] = sum;
  }
}

/// Adds Σᵢ rest[i] x[i] to the slope.
template <typename T>
[[gnu::always_inline]] inline void addSlope(int64_t rows, int64_t d, const T *x, const T *rest,
                                            T *__restrict slope) {
  for (int64_t i = 0; i < rows; ++i, x += d)
    for (int64_t j = 0; j < d; ++j)
      slope[j] += rest[i] * x[j];
}

/// Turns predictions into derivatives of half the squared error; gives the sum of the squares.
template <typename T> T squared(int64_t rows, const T *y, T *__restrict z) {
  T sum = 0;
  for (int64_t i = 0; i < rows; ++i) {
    T rest = z[i] - y[i];
    sum += rest * rest;
    z[i] = rest;
  }
  return sum;
}

/// Turns predictions into derivatives of the cross entropy; gives its sum.
template <typename T> T crossEntropy(int64_t rows, const T *y, T *__restrict z) {
  T sum = 0;
  for (int64_t i = 0; i < rows; ++i) {
    T e = std::exp(-std::abs(z[i]));
    T p = (z[i] > 0 ? T(1) : e) / (1 + e);
#ifdef PEER_FAST
    T log1p = std::log(1 + e); // which is there for vectors
#else
    T log1p = std::log1p(e);
#endif
    sum += (z[i] > 0 ? z[i] : T(0)) + log1p - y[i] * z[i];
    z[i] = p - y[i];
  }
  return sum;
}

/// The sums over rows of a loss and of its derivatives, by w and b. `known`: d, or 0 where it is
/// not known at compile time.
template <int64_t known, typename T, T (*loss)(int64_t, const T *, T *)>
T sumOfKnown(int64_t n, int64_t d, const T *x, const T *y, const T *w, T b, T *slope) {
  if (known)
    d = known;
  T sum = 0, ofB = 0, z[most];
  std::fill(slope, slope + d, T(0));
  for (int64_t first = 0; first < n; first += most) {
    int64_t rows = std::min(most, n - first);
    predict(rows, d, x + first * d, w, b, z);
    sum += loss(rows, y + first, z);
    addSlope(rows, d, x + first * d, z, slope);
    for (int64_t i = 0; i < rows; ++i)
      ofB += z[i];
  }
  slope[d] = ofB;
  return sum;
}

/// The same, compiled for the sizes of the cases where loops along a row are short.
template <typename T, T (*loss)(int64_t, const T *, T *)>
T sumOver(int64_t n, int64_t d, const T *x, const T *y, const T *w, T b, T *slope) {
  switch (d) {
  case 2:
    return sumOfKnown<2, T, loss>(n, d, x, y, w, b, slope);
  case 10:
    return sumOfKnown<10, T, loss>(n, d, x, y, w, b, slope);
  default:
    return sumOfKnown<0, T, loss>(n, d, x, y, w, b, slope);
  }
}

/// The data of a regression: rows of d features, or one number each (d = 0), and targets.
template <typename T> struct Regression {
  int64_t n, d;
  const T *x, *y, *w, *b;
  explicit Regression(const Inputs &inputs)
      : n(inputs.array("x").shape()[0]),
        d(inputs.array("x").rank() == 1 ? 0 : inputs.array("x").shape()[1]), x(in<T>(inputs, "x")),
        y(in<T>(inputs, "y")), w(in<T>(inputs, "w")), b(in<T>(inputs, "b")) {}
};

/// {loss, w, b} of a mean over all rows.
template <typename T, T (*loss)(int64_t, const T *, T *)> struct Gradient : Regression<T> {
  T *value, *dw, *db, factor;
  std::vector<T> slope;
  Gradient(const Inputs &inputs, Outputs &outputs)
      : Regression<T>(inputs), factor(loss == squared<T> ? T(2) : T(1)), slope(this->d + 1) {
    outputs.add("loss", dtypeOf<T>, {});
    outputs.add("w", dtypeOf<T>, inputs.array("w").shape());
    outputs.add("b", dtypeOf<T>, {});
    value = out<T>(outputs, 0);
    dw = out<T>(outputs, 1);
    db = out<T>(outputs, 2);
  }
  void run() {
    auto &[n, d, x, y, w, b] = static_cast<Regression<T> &>(*this);
    auto scale = T(1) / static_cast<T>(n);
    if (d == 0) {
      sumsOfLine(n, x, y, *w, *b, *dw, *db, *value);
      *dw *= factor * scale;
      *db *= factor * scale;
      *value *= scale;
      return;
    }
    *value = scale * sumOver<T, loss>(n, d, x, y, w, *b, slope.data());
    for (int64_t j = 0; j < d; ++j)
      dw[j] = factor * scale * slope[j];
    *db = factor * scale * slope[d];
  }
};
template <typename T> struct Linear : Gradient<T, squared<T>> {
  using Gradient<T, squared<T>>::Gradient;
};
template <typename T> struct Logistic : Gradient<T, crossEntropy<T>> {
  using Gradient<T, crossEntropy<T>>::Gradient;
};

/// Steps of gradient descent on the mean squared error of a line.
template <typename T> struct LineDescent : Regression<T> {
  int64_t steps;
  T *endW, *endB;
  LineDescent(const Inputs &inputs, Outputs &outputs)
      : Regression<T>(inputs), steps(inputs.integer("steps")) {
    outputs.add("w", dtypeOf<T>, {});
    outputs.add("b", dtypeOf<T>, {});
    endW = out<T>(outputs, 0);
    endB = out<T>(outputs, 1);
  }
  void run() {
    T w = *this->w, b = *this->b, step = T(0.2) / static_cast<T>(this->n);
    for (int64_t i = 0; i < steps; ++i) {
      T ofW, ofB, squares;
      sumsOfLine(this->n, this->x, this->y, w, b, ofW, ofB, squares);
      w -= step * ofW;
      b -= step * ofB;
    }
    *endW = w;
    *endB = b;
  }
};

/// The same of a plane, from zero, by batches of 100 in order.
template <typename T> struct MinibatchDescent {
  static constexpr int64_t batch = 100;
  int64_t n, d, steps;
  const T *x, *y;
  std::vector<T> slope;
  T *w, *b;
  MinibatchDescent(const Inputs &inputs, Outputs &outputs)
      : n(inputs.array("x").shape()[0]), d(inputs.array("x").shape()[1]),
        steps(inputs.integer("steps")), x(in<T>(inputs, "x")), y(in<T>(inputs, "y")), slope(d + 1) {
    outputs.add("w", dtypeOf<T>, {d});
    outputs.add("b", dtypeOf<T>, {});
    w = out<T>(outputs, 0);
    b = out<T>(outputs, 1);
  }
  void run() {
    std::fill(w, w + d, T(0));
    *b = 0;
    T step = T(0.02) / static_cast<T>(batch);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t first = i % (n / batch) * batch;
      sumOver<T, squared<T>>(batch, d, x + first * d, y + first, w, *b, slope.data());
      for (int64_t j = 0; j < d; ++j)
        w[j] -= step * slope[j];
      *b -= step * slope[d];
    }
  }
};

/// Maximum likelihood of a normal distribution: mean and log deviation.
template <typename T> struct Normal {
  int64_t n, steps;
  const T *x, *start;
  T *p;
  Normal(const Inputs &inputs, Outputs &outputs)
      : n(inputs.array("x").size()), steps(inputs.integer("steps")), x(in<T>(inputs, "x")),
        start(in<T>(inputs, "start")) {
    outputs.add("", dtypeOf<T>, {2});
    p = out<T>(outputs, 0);
  }
  void run() {
    p[0] = start[0];
    p[1] = start[1];
    for (int64_t step = 0; step < steps; ++step) {
      T inverse = std::exp(-p[1]), first = 0, second = 0;
      for (int64_t i = 0; i < n; ++i) {
        T z = (x[i] - p[0]) * inverse;
        first += z;
        second += z * z;
      }
      p[0] += T(0.1) * first * inverse / static_cast<T>(n);
      p[1] -= T(0.1) * (1 - second / static_cast<T>(n));
    }
  }
};

} // namespace

void addMlp(Peers &peers);

void addTraining(Peers &peers) {
  peers.add(PEER_LIBRARY, "linear", "gradient", typed<Linear>());
  peers.add(PEER_LIBRARY, "linear", "descend", typed<LineDescent>());
  peers.add(PEER_LIBRARY, "logistic", "gradient", typed<Logistic>());
  peers.add(PEER_LIBRARY, "normal", "descend", typed<Normal>());
  peers.add(PEER_LIBRARY, "minibatch", "run", typed<MinibatchDescent>());
  addMlp(peers);
}

} // namespace descent::bench::PEER_NAMESPACE
