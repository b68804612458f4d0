// The perceptron of training/mlp.gd with Adam, over any product of matrices.
#pragma once

#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <cmath>

namespace descent::bench {

/// `Product::multiply(transposeA, transposeB, m, n, k, a, b, c)`: C (m × n) = A B, row by row,
/// where A is m × k (k × m if transposed) and B k × n (n × k).
template <typename T, typename Product> class MlpProblem {
public:
  static constexpr int64_t batch = 128;

  MlpProblem(const Inputs &inputs, Outputs &outputs)
      : steps(inputs.integer("steps")), rows(inputs.array("x").shape()[0]),
        d(inputs.array("x").shape()[1]), h(inputs.array("w1").shape()[1]),
        c(inputs.array("w2").shape()[1]), x(in<T>(inputs, "x")),
        labels(in<int32_t>(inputs, "labels")),
        start{in<T>(inputs, "w1"), nullptr, in<T>(inputs, "w2"), nullptr}, hidden(batch * h),
        dHidden(batch * h), logits(batch * c) {
    outputs.add("net.w1", dtypeOf<T>, {d, h});
    outputs.add("net.b1", dtypeOf<T>, {h});
    outputs.add("net.w2", dtypeOf<T>, {h, c});
    outputs.add("net.b2", dtypeOf<T>, {c});
    for (size_t i = 0; i < 4; ++i) {
      parameter[i] = out<T>(outputs, i);
      for (auto *state : {&gradient, &mean, &square})
        (*state)[i].resize(static_cast<size_t>(outputs.arrays[i].size()));
    }
  }

  void run() {
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < mean[i].size(); ++j) {
        parameter[i][j] = start[i] ? T(0.05) * start[i][j] : T(0);
        mean[i][j] = square[i][j] = 0;
      }
    }
    for (int64_t step = 0; step < steps; ++step) {
      int64_t first = step % (rows / batch) * batch;
      differentiate(x + first * d, labels + first);
      update(step + 1);
    }
  }

private:
  void differentiate(const T *x, const int32_t *labels) {
    Product::multiply(false, false, batch, h, d, x, parameter[0], hidden.data());
    for (int64_t i = 0; i < batch; ++i)
      addAndRectify(h, parameter[1], &hidden[i * h]);
    Product::multiply(false, false, batch, c, h, hidden.data(), parameter[2], logits.data());
    for (int64_t i = 0; i < batch; ++i) {
      T *row = &logits[i * c], sum = 0;
      for (int64_t j = 0; j < c; ++j)
        row[j] += parameter[3][j];
      T top = *std::max_element(row, row + c);
      for (int64_t j = 0; j < c; ++j)
        sum += row[j] = std::exp(row[j] - top);
      for (int64_t j = 0; j < c; ++j)
        row[j] = (row[j] / sum - (labels[i] == j)) / batch;
    }
    Product::multiply(true, false, h, c, batch, hidden.data(), logits.data(), gradient[2].data());
    Product::multiply(false, true, batch, h, c, logits.data(), parameter[2], dHidden.data());
    for (int64_t i = 0; i < batch * h; ++i)
      dHidden[i] = hidden[i] > 0 ? dHidden[i] : T(0);
    Product::multiply(true, false, d, h, batch, x, dHidden.data(), gradient[0].data());
    sumRows(dHidden, h, gradient[1]);
    sumRows(logits, c, gradient[3]);
  }

  static void addAndRectify(int64_t columns, const T *__restrict bias, T *__restrict row) {
    for (int64_t j = 0; j < columns; ++j) {
      T value = row[j] + bias[j];
      row[j] = value > 0 ? value : T(0);
    }
  }

  static void sumRows(const std::vector<T> &matrix, int64_t columns, std::vector<T> &sums) {
    std::ranges::fill(sums, T(0));
    T *__restrict sum = sums.data();
    for (const T *row = matrix.data(); row < matrix.data() + batch * columns; row += columns)
      for (int64_t j = 0; j < columns; ++j)
        sum[j] += row[j];
  }

  void update(int64_t step) {
    auto t = static_cast<T>(step);
    T meanScale = 1 / (1 - std::pow(T(0.9), t)), squareScale = 1 / (1 - std::pow(T(0.999), t));
    for (size_t i = 0; i < 4; ++i) {
      const T *g = gradient[i].data();
      T *__restrict p = parameter[i], *__restrict m = mean[i].data(),
                    *__restrict s = square[i].data();
      for (size_t j = 0; j < mean[i].size(); ++j) {
        m[j] = T(0.9) * m[j] + T(0.1) * g[j];
        s[j] = T(0.999) * s[j] + T(0.001) * g[j] * g[j];
        p[j] -= T(1e-3) * m[j] * meanScale / (std::sqrt(s[j] * squareScale) + T(1e-8));
      }
    }
  }

  int64_t steps, rows, d, h, c;
  const T *x;
  const int32_t *labels;
  const T *start[4];
  T *parameter[4];
  std::vector<T> gradient[4], mean[4], square[4];
  std::vector<T> hidden, dHidden, logits;
};

} // namespace descent::bench
