// The kernels of kernels/kernels.gd as plain loops. In f64 they are what all others are checked
// against.
#include "benchmarks/peers/cpp/Loops.h"
#include "benchmarks/peers/cpp/Peers.h"

#include <algorithm>
#include <cmath>

namespace descent::bench::PEER_NAMESPACE {
namespace {

/// Elementwise functions of one array, or of two of one shape.
template <typename Apply> Prepare elementwise(std::vector<std::string> names, Apply apply) {
  return [=](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    const Array &first = inputs.array(names[0]);
    outputs.add("", first.dtype(), first.shape());
    auto prepare = [&]<typename T>(T) -> std::function<void()> {
      const T *x = in<T>(inputs, names[0]), *y = in<T>(inputs, names.back());
      return [=, n = first.size(), z = out<T>(outputs, 0)] {
        for (int64_t i = 0; i < n; ++i)
          z[i] = apply(x[i], y[i]);
      };
    };
    return inputs.precision == DType::F32 ? prepare(float()) : prepare(double());
  };
}

/// A matrix (a vector is one row) reduced to a result of `Shape resultShape(rows, columns)`.
template <typename Reduce>
Prepare reduction(Shape (*resultShape)(int64_t, int64_t), Reduce reduce) {
  return [=](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    const Array &x = inputs.array("x");
    int64_t columns = x.shape().back(), rows = columns ? x.size() / columns : 0;
    outputs.add("", x.dtype(), resultShape(rows, columns));
    auto prepare = [&]<typename T>(T) -> std::function<void()> {
      return [=, from = in<T>(inputs, "x"), to = out<T>(outputs, 0)] {
        reduce(rows, columns, from, to);
      };
    };
    return inputs.precision == DType::F32 ? prepare(float()) : prepare(double());
  };
}

Shape scalar(int64_t, int64_t) {
  return {};
}
Shape perRow(int64_t rows, int64_t) {
  return {rows};
}
Shape perColumn(int64_t, int64_t columns) {
  return {columns};
}
Shape same(int64_t rows, int64_t columns) {
  return {rows, columns};
}

auto sumRows = [](int64_t rows, int64_t columns, auto *x, auto *y) {
  for (int64_t i = 0; i < rows; ++i, x += columns) {
    auto sum = 0 * *x;
    for (int64_t j = 0; j < columns; ++j)
      sum += x[j];
    y[i] = sum;
  }
};

auto sumColumns = [](int64_t rows, int64_t columns, auto *x, auto *__restrict y) {
  std::fill(y, y + columns, 0);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      y[j] += x[i * columns + j];
};

auto maxAll = [](int64_t rows, int64_t columns, auto *x, auto *y) {
  *y = largest(x, rows * columns);
};

auto softmaxOfRows = [](int64_t rows, int64_t columns, auto *x, auto *y) {
  for (int64_t i = 0; i < rows; ++i)
    softmax(x + i * columns, columns, y + i * columns);
};

auto logSumExpOfRows = [](int64_t rows, int64_t columns, auto *x, auto *y) {
  for (int64_t i = 0; i < rows; ++i)
    y[i] = logSumExp(x + i * columns, columns);
};

/// Products of `first` and `second`, the one or the other transposed; a vector is one column.
template <bool transposeA, bool transposeB> Prepare product(std::string second) {
  return [=](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    const Array &a = inputs.array("a"), &b = inputs.array(second);
    int64_t m = a.shape()[transposeA], k = a.shape()[!transposeA];
    int64_t n = b.rank() == 1 ? 1 : b.shape()[!transposeB];
    outputs.add("", a.dtype(), b.rank() == 1 ? Shape{m} : Shape{m, n});
    auto prepare = [&]<typename T>(T) -> std::function<void()> {
      return [=, x = in<T>(inputs, "a"), y = in<T>(inputs, second), z = out<T>(outputs, 0)] {
        // A column is read along itself.
        Loops<T>::multiply(transposeA, transposeB || (n == 1 && !transposeA), m, n, k, x, y, z);
      };
    };
    return inputs.precision == DType::F32 ? prepare(float()) : prepare(double());
  };
}

template <typename T> struct Gather {
  const T *x;
  const int32_t *places;
  int64_t count;
  T *y;
  Gather(const Inputs &inputs, Outputs &outputs)
      : x(in<T>(inputs, "x")), places(in<int32_t>(inputs, "places")),
        count(inputs.array("places").size()) {
    outputs.add("", dtypeOf<T>, {count});
    y = out<T>(outputs, 0);
  }
  void run() {
    for (int64_t i = 0; i < count; ++i)
      y[i] = x[places[i]];
  }
};

template <typename T> struct Scatter {
  const T *x;
  const int32_t *places;
  int64_t count, n;
  T *y;
  Scatter(const Inputs &inputs, Outputs &outputs)
      : x(in<T>(inputs, "x")), places(in<int32_t>(inputs, "places")),
        count(inputs.array("places").size()), n(inputs.integer("n")) {
    outputs.add("", dtypeOf<T>, {n});
    y = out<T>(outputs, 0);
  }
  void run() {
    std::fill(y, y + n, T(0));
    for (int64_t i = 0; i < count; ++i)
      y[places[i]] += x[i];
  }
};

} // namespace

void addKernels(Peers &peers) {
  auto add = [&](const char *function, Prepare prepare) {
    peers.add(PEER_LIBRARY, "kernels", function, std::move(prepare));
  };
  auto apply = [&](const char *function, auto of) {
    add(function, elementwise({"x"}, [of](auto x, auto) { return of(x); }));
  };
  add("chain", elementwise({"x", "y"}, [](auto x, auto y) {
        return std::sqrt(std::abs(x * y + x)) * decltype(x)(0.5) - y / (1 + x * x);
      }));
  apply("apply_exp", [](auto x) { return std::exp(x); });
  apply("apply_log", [](auto x) { return std::log(x); });
  apply("apply_log1p", [](auto x) { return std::log1p(x); });
  apply("apply_tanh", [](auto x) { return std::tanh(x); });
  apply("apply_sigmoid", [](auto x) { return 1 / (1 + std::exp(-x)); });
  apply("apply_sin", [](auto x) { return std::sin(x); });
  apply("apply_cos", [](auto x) { return std::cos(x); });
  apply("apply_erf", [](auto x) { return std::erf(x); });
  apply("apply_lgamma", [](auto x) { return std::lgamma(x); });
  add("apply_pow", elementwise({"x", "y"}, [](auto x, auto y) { return std::pow(x, y); }));
  add("sum_all", reduction(scalar, [](int64_t rows, int64_t columns, auto *x, auto *y) {
        sumRows(1, rows * columns, x, y);
      }));
  add("max_all", reduction(scalar, maxAll));
  add("sum_rows", reduction(perRow, sumRows));
  add("sum_columns", reduction(perColumn, sumColumns));
  add("normalize", reduction(same, softmaxOfRows));
  add("log_sum_exp", reduction(perRow, logSumExpOfRows));
  add("gemv", product<false, false>("x"));
  add("gemv_transposed", product<true, false>("x"));
  add("gemm", product<false, false>("b"));
  add("gemm_transposed_a", product<true, false>("b"));
  add("gemm_transposed_b", product<false, true>("b"));
  add("gather", typed<Gather>());
  add("scatter", typed<Scatter>());
}

} // namespace descent::bench::PEER_NAMESPACE
