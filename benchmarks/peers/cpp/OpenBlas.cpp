// What OpenBLAS computes, with loops by hand between its calls.
#include "benchmarks/peers/cpp/MlpProblem.h"

#include <cblas.h>

namespace descent::bench {
namespace {

void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
          float *c) {
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n,
              k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
}
void gemm(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
          double *c) {
  cblas_dgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n,
              k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
}
/// y = A x or Aᵀ x, of `rows` rows of `columns`.
void gemv(bool transposed, int64_t rows, int64_t columns, const float *a, const float *x,
          float *y) {
  cblas_sgemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, 1, a, columns,
              x, 1, 0, y, 1);
}
void gemv(bool transposed, int64_t rows, int64_t columns, const double *a, const double *x,
          double *y) {
  cblas_dgemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, 1, a, columns,
              x, 1, 0, y, 1);
}

template <typename T> struct Blas {
  static void multiply(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, const T *b,
                       T *c) {
    gemm(ta, tb, m, n, k, a, b, c);
  }
};
template <typename T> struct Mlp : MlpProblem<T, Blas<T>> {
  using MlpProblem<T, Blas<T>>::MlpProblem;
};

/// {loss, w, b} of linear regression by gemv, the residual, and the transposed gemv.
template <typename T> struct Linear {
  int64_t n, d;
  const T *x, *y, *w, *b;
  T *loss, *dw, *db;
  std::vector<T> rest;
  Linear(const Inputs &inputs, Outputs &outputs)
      : n(inputs.array("x").shape()[0]), d(inputs.array("x").shape().at(1)), x(in<T>(inputs, "x")),
        y(in<T>(inputs, "y")), w(in<T>(inputs, "w")), b(in<T>(inputs, "b")), rest(n) {
    outputs.add("loss", dtypeOf<T>, {});
    outputs.add("w", dtypeOf<T>, {d});
    outputs.add("b", dtypeOf<T>, {});
    loss = out<T>(outputs, 0);
    dw = out<T>(outputs, 1);
    db = out<T>(outputs, 2);
  }
  void run() {
#pragma clang fp reassociate(on)
    gemv(false, n, d, x, w, rest.data());
    T squares = 0, sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      T r = rest[i] + *b - y[i];
      squares += r * r;
      sum += r;
      rest[i] = 2 * r / static_cast<T>(n);
    }
    *loss = squares / static_cast<T>(n);
    *db = 2 * sum / static_cast<T>(n);
    gemv(true, n, d, x, rest.data(), dw);
  }
};

template <bool transposeA, bool transposeB> Prepare product(std::string second) {
  return [=](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    const Array &a = inputs.array("a"), &b = inputs.array(second);
    int64_t rows = a.shape()[0], columns = a.shape()[1];
    int64_t m = transposeA ? columns : rows, k = transposeA ? rows : columns;
    bool isVector = b.rank() == 1;
    int64_t n = isVector ? 1 : b.shape()[!transposeB];
    outputs.add("", a.dtype(), isVector ? Shape{m} : Shape{m, n});
    auto prepare = [&]<typename T>(T) -> std::function<void()> {
      return [=, x = in<T>(inputs, "a"), y = in<T>(inputs, second), z = out<T>(outputs, 0)] {
        if (isVector)
          gemv(transposeA, rows, columns, x, y, z);
        else
          gemm(transposeA, transposeB, m, n, k, x, y, z);
      };
    };
    return inputs.precision == DType::F32 ? prepare(float()) : prepare(double());
  };
}

} // namespace

void addOpenBlas(Peers &peers) {
  auto add = [&](const char *function, Prepare prepare) {
    peers.add("openblas", "kernels", function, std::move(prepare));
  };
  add("gemv", product<false, false>("x"));
  add("gemv_transposed", product<true, false>("x"));
  add("gemm", product<false, false>("b"));
  add("gemm_transposed_a", product<true, false>("b"));
  add("gemm_transposed_b", product<false, true>("b"));
  peers.add("openblas", "linear", "gradient", typed<Linear>());
  peers.add("openblas", "mlp", "run", typed<Mlp>());
}

} // namespace descent::bench
