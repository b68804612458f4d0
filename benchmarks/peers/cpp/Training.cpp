// Gradients and descents of small models by hand: one pass over the data, one thread.
#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <cmath>

namespace descent::bench::PEER_NAMESPACE {
namespace {

/// The data of a regression: rows of d features (one where x is a vector) and targets.
template <typename T> struct Regression {
  int64_t n, d;
  const T *x, *y;
  explicit Regression(const Inputs &inputs)
      : n(inputs.array("x").shape()[0]),
        d(inputs.array("x").rank() == 1 ? 1 : inputs.array("x").shape()[1]), x(in<T>(inputs, "x")),
        y(in<T>(inputs, "y")) {}

  /// The sum over rows of a loss; `slope` (of d + 1) becomes the sum of its derivatives. `lossAt(z,
  /// y)` gives the loss at a prediction and its derivative.
  template <typename LossAt>
  T sumOver(int64_t begin, int64_t end, const T *w, T b, T *slope, LossAt lossAt) const {
    T sum = 0;
    std::fill(slope, slope + d + 1, T(0));
    for (int64_t i = begin; i < end; ++i) {
      const T *row = x + i * d;
      T z = b;
      for (int64_t j = 0; j < d; ++j)
        z += w[j] * row[j];
      auto [value, derivative] = lossAt(z, y[i]);
      sum += value;
      for (int64_t j = 0; j < d; ++j)
        slope[j] += derivative * row[j];
      slope[d] += derivative;
    }
    return sum;
  }
};

template <typename T> std::pair<T, T> squared(T z, T y) {
  return {(z - y) * (z - y), 2 * (z - y)};
}
template <typename T> std::pair<T, T> crossEntropy(T z, T y) {
  T e = std::exp(-std::abs(z));
  T p = z > 0 ? 1 / (1 + e) : e / (1 + e);
  return {std::max(z, T(0)) + std::log1p(e) - y * z, p - y};
}

/// {loss, w, b} of a mean over all rows.
template <typename T, std::pair<T, T> (*lossAt)(T, T)> struct Gradient {
  Regression<T> data;
  const T *w, *b;
  T *loss, *dw, *db;
  std::vector<T> slope;
  Gradient(const Inputs &inputs, Outputs &outputs)
      : data(inputs), w(in<T>(inputs, "w")), b(in<T>(inputs, "b")), slope(data.d + 1) {
    outputs.add("loss", dtypeOf<T>, {});
    outputs.add("w", dtypeOf<T>, inputs.array("w").shape());
    outputs.add("b", dtypeOf<T>, {});
    loss = out<T>(outputs, 0);
    dw = out<T>(outputs, 1);
    db = out<T>(outputs, 2);
  }
  void run() {
    auto scale = T(1) / static_cast<T>(data.n);
    *loss = scale * data.sumOver(0, data.n, w, *b, slope.data(), lossAt);
    for (int64_t j = 0; j < data.d; ++j)
      dw[j] = scale * slope[j];
    *db = scale * slope[data.d];
  }
};
template <typename T> struct Linear : Gradient<T, squared<T>> {
  using Gradient<T, squared<T>>::Gradient;
};
template <typename T> struct Logistic : Gradient<T, crossEntropy<T>> {
  using Gradient<T, crossEntropy<T>>::Gradient;
};

/// Steps of gradient descent on the mean squared error, of all rows or of batches in order.
template <typename T> struct Descend {
  Regression<T> data;
  int64_t steps, batch;
  T rate, startB = 0;
  std::vector<T> startW, slope;
  T *w, *b;
  Descend(const Inputs &inputs, Outputs &outputs, int64_t batch, T rate)
      : data(inputs), steps(inputs.integer("steps")), batch(batch ? batch : data.n), rate(rate),
        startW(data.d), slope(data.d + 1) {
    bool fromZero = batch != 0;
    outputs.add("w", dtypeOf<T>, fromZero ? Shape{data.d} : inputs.array("w").shape());
    outputs.add("b", dtypeOf<T>, {});
    w = out<T>(outputs, 0);
    b = out<T>(outputs, 1);
    if (!fromZero) {
      std::copy_n(in<T>(inputs, "w"), data.d, startW.begin());
      startB = *in<T>(inputs, "b");
    }
  }
  void run() {
    std::ranges::copy(startW, w);
    *b = startB;
    int64_t batches = data.n / batch;
    T step = rate / static_cast<T>(batch);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t begin = i % batches * batch;
      data.sumOver(begin, begin + batch, w, *b, slope.data(), squared<T>);
      for (int64_t j = 0; j < data.d; ++j)
        w[j] -= step * slope[j];
      *b -= step * slope[data.d];
    }
  }
};
template <typename T> struct WholeDescent : Descend<T> {
  WholeDescent(const Inputs &inputs, Outputs &outputs) : Descend<T>(inputs, outputs, 0, T(0.1)) {}
};
template <typename T> struct MinibatchDescent : Descend<T> {
  MinibatchDescent(const Inputs &inputs, Outputs &outputs)
      : Descend<T>(inputs, outputs, 100, T(0.01)) {}
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
  peers.add(PEER_LIBRARY, "linear", "descend", typed<WholeDescent>());
  peers.add(PEER_LIBRARY, "logistic", "gradient", typed<Logistic>());
  peers.add(PEER_LIBRARY, "normal", "descend", typed<Normal>());
  peers.add(PEER_LIBRARY, "minibatch", "run", typed<MinibatchDescent>());
  addMlp(peers);
}

} // namespace descent::bench::PEER_NAMESPACE
