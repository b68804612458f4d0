// What Eigen computes, written as its users write it.
#include "benchmarks/peers/cpp/Peers.h"

#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

namespace descent::bench {
namespace {

template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T> using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <typename T> Eigen::Map<const Matrix<T>> matrix(const Inputs &inputs, const char *name) {
  const Array &array = inputs.array(name);
  int64_t columns = array.rank() == 1 ? 1 : array.shape()[1];
  return {in<T>(inputs, name), columns ? array.size() / columns : 0, columns};
}
template <typename T> Eigen::Map<const Vector<T>> vector(const Inputs &inputs, const char *name) {
  return {in<T>(inputs, name), inputs.array(name).size()};
}

/// A function `compute(inputs, T(), result)` of both precisions, where the result has the shape of
/// the input of that name or the one given.
template <typename Compute>
Prepare kernel(std::function<Shape(const Inputs &)> shape, Compute compute) {
  return [=](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    outputs.add("", inputs.precision, shape(inputs));
    const Shape &dims = outputs.arrays[0].shape();
    int64_t rows = dims.empty() ? 1 : dims[0], columns = dims.size() < 2 ? 1 : dims[1];
    auto prepare = [&]<typename T>(T) -> std::function<void()> {
      Eigen::Map<Matrix<T>> result(out<T>(outputs, 0), rows, columns);
      return [=, &inputs]() mutable { compute(inputs, T(), result); };
    };
    return inputs.precision == DType::F32 ? prepare(float()) : prepare(double());
  };
}

Shape ofX(const Inputs &inputs) {
  return inputs.array("x").shape();
}
Shape ofRows(const Inputs &inputs) {
  return {inputs.array("x").shape()[0]};
}
Shape ofColumns(const Inputs &inputs) {
  return {inputs.array("x").shape()[1]};
}
Shape ofNothing(const Inputs &) {
  return {};
}
template <bool ta, bool tb> Shape ofProduct(const Inputs &inputs) {
  return {inputs.array("a").shape()[ta], inputs.array("b").shape()[!tb]};
}

/// {loss, w, b} of linear and of logistic regression.
template <typename T, bool logistic> struct Regression {
  Eigen::Map<const Matrix<T>> x;
  Eigen::Map<const Vector<T>> y, w;
  const T *b;
  T *loss, *db;
  Eigen::Map<Vector<T>> dw{nullptr, 0};
  Vector<T> z, rest;
  Regression(const Inputs &inputs, Outputs &outputs)
      : x(matrix<T>(inputs, "x")), y(vector<T>(inputs, "y")), w(vector<T>(inputs, "w")),
        b(in<T>(inputs, "b")), z(x.rows()), rest(x.rows()) {
    outputs.add("loss", dtypeOf<T>, {});
    outputs.add("w", dtypeOf<T>, inputs.array("w").shape());
    outputs.add("b", dtypeOf<T>, {});
    loss = out<T>(outputs, 0);
    new (&dw) Eigen::Map<Vector<T>>(out<T>(outputs, 1), x.cols());
    db = out<T>(outputs, 2);
  }
  void run() {
    auto n = static_cast<T>(x.rows());
    if (!logistic && x.cols() == 1) { // a line: products with one element are no products
      auto feature = Eigen::Map<const Vector<T>>(x.data(), x.rows()).array();
      rest.array() = w[0] * feature + *b - y.array();
      *loss = rest.squaredNorm() / n;
      dw[0] = 2 * (rest.array() * feature).sum() / n;
      *db = 2 * rest.sum() / n;
      return;
    }
    z.noalias() = x * w;
    z.array() += *b;
    if constexpr (logistic) {
      rest.array() = (-z.array().abs()).exp();
      *loss = (z.array().max(T(0)) + rest.array().log1p() - y.array() * z.array()).mean();
      rest.array() =
          (z.array() > T(0)).select(1 / (1 + rest.array()), rest.array() / (1 + rest.array())) -
          y.array();
    } else {
      rest = z - y;
      *loss = rest.squaredNorm() / n;
      rest *= 2;
    }
    dw.noalias() = x.transpose() * rest / n;
    *db = rest.sum() / n;
  }
};
template <typename T> struct Linear : Regression<T, false> {
  using Regression<T, false>::Regression;
};
template <typename T> struct Logistic : Regression<T, true> {
  using Regression<T, true>::Regression;
};

} // namespace

void addEigen(Peers &peers) {
  auto add = [&](const char *function, Prepare prepare) {
    peers.add("eigen", "kernels", function, std::move(prepare));
  };
  auto apply = [&](const char *function, auto of) {
    add(function, kernel(ofX, [of](const Inputs &inputs, auto t, auto &z) {
          z.array() = of(matrix<decltype(t)>(inputs, "x").array());
        }));
  };
  apply("apply_exp", [](auto x) { return x.exp(); });
  apply("apply_log", [](auto x) { return x.log(); });
  apply("apply_log1p", [](auto x) { return x.log1p(); });
  apply("apply_tanh", [](auto x) { return x.tanh(); });
  apply("apply_sigmoid", [](auto x) { return x.logistic(); });
  apply("apply_sin", [](auto x) { return x.sin(); });
  apply("apply_cos", [](auto x) { return x.cos(); });
  apply("apply_erf", [](auto x) { return x.erf(); });
  apply("apply_lgamma", [](auto x) { return x.lgamma(); });
  add("chain", kernel(ofX, [](const Inputs &inputs, auto t, auto &z) {
        using T = decltype(t);
        auto x = matrix<T>(inputs, "x").array(), y = matrix<T>(inputs, "y").array();
        z.array() = (x * y + x).abs().sqrt() * T(0.5) - y / (1 + x * x);
      }));
  add("apply_pow", kernel(ofX, [](const Inputs &inputs, auto t, auto &z) {
        using T = decltype(t);
        z.array() = matrix<T>(inputs, "x").array().pow(matrix<T>(inputs, "y").array());
      }));
  add("sum_all", kernel(ofNothing, [](const Inputs &inputs, auto t, auto &z) {
        z(0, 0) = matrix<decltype(t)>(inputs, "x").sum();
      }));
  add("max_all", kernel(ofNothing, [](const Inputs &inputs, auto t, auto &z) {
        z(0, 0) = matrix<decltype(t)>(inputs, "x").maxCoeff();
      }));
  add("sum_rows", kernel(ofRows, [](const Inputs &inputs, auto t, auto &z) {
        z = matrix<decltype(t)>(inputs, "x").rowwise().sum();
      }));
  add("sum_columns", kernel(ofColumns, [](const Inputs &inputs, auto t, auto &z) {
        z = matrix<decltype(t)>(inputs, "x").colwise().sum().transpose();
      }));
  add("normalize", kernel(ofX, [](const Inputs &inputs, auto t, auto &z) {
        auto x = matrix<decltype(t)>(inputs, "x");
        z.array() = (x.array().colwise() - x.array().rowwise().maxCoeff()).exp();
        z.array().colwise() /= z.array().rowwise().sum().eval();
      }));
  add("log_sum_exp", kernel(ofRows, [](const Inputs &inputs, auto t, auto &z) {
        auto x = matrix<decltype(t)>(inputs, "x");
        auto top = x.array().rowwise().maxCoeff().eval();
        z.array() = top + (x.array().colwise() - top).exp().rowwise().sum().log();
      }));
  add("gemv", kernel([](const Inputs &inputs) { return Shape{inputs.array("a").shape()[0]}; },
                     [](const Inputs &inputs, auto t, auto &z) {
                       using T = decltype(t);
                       z.noalias() = matrix<T>(inputs, "a") * vector<T>(inputs, "x");
                     }));
  add("gemv_transposed",
      kernel([](const Inputs &inputs) { return Shape{inputs.array("a").shape()[1]}; },
             [](const Inputs &inputs, auto t, auto &z) {
               using T = decltype(t);
               z.noalias() = matrix<T>(inputs, "a").transpose() * vector<T>(inputs, "x");
             }));
  add("gemm", kernel(ofProduct<false, false>, [](const Inputs &inputs, auto t, auto &z) {
        using T = decltype(t);
        z.noalias() = matrix<T>(inputs, "a") * matrix<T>(inputs, "b");
      }));
  add("gemm_transposed_a",
      kernel(ofProduct<true, false>, [](const Inputs &inputs, auto t, auto &z) {
        using T = decltype(t);
        z.noalias() = matrix<T>(inputs, "a").transpose() * matrix<T>(inputs, "b");
      }));
  add("gemm_transposed_b",
      kernel(ofProduct<false, true>, [](const Inputs &inputs, auto t, auto &z) {
        using T = decltype(t);
        z.noalias() = matrix<T>(inputs, "a") * matrix<T>(inputs, "b").transpose();
      }));
  peers.add("eigen", "linear", "gradient", typed<Linear>());
  peers.add("eigen", "logistic", "gradient", typed<Logistic>());
}

} // namespace descent::bench
