// What oneDNN computes: products of f32 matrices, and the softmax.
#include "benchmarks/peers/cpp/MlpProblem.h"

#include "descent/Error.h"

#include <dnnl.h>
#include <dnnl.hpp>

namespace descent::bench {
namespace {

void check(dnnl_status_t status) {
  if (status != dnnl_success)
    throw Error("oneDNN reports status " + std::to_string(status));
}

const float *f32(const Inputs &inputs, const std::string &name) {
  if (inputs.precision != DType::F32)
    throw Error("onednn has no f64");
  return in<float>(inputs, name);
}

struct Dnnl {
  static void multiply(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a,
                       const float *b, float *c) {
    check(dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c,
                     n));
  }
};

template <bool transposeA, bool transposeB> Prepare product() {
  return [](const Inputs &inputs, Outputs &outputs) -> std::function<void()> {
    const Shape &a = inputs.array("a").shape(), &b = inputs.array("b").shape();
    int64_t m = a[transposeA], k = a[!transposeA], n = b[!transposeB];
    const float *x = f32(inputs, "a"), *y = f32(inputs, "b");
    outputs.add("", DType::F32, {m, n});
    return [=, z = out<float>(outputs, 0)] {
      Dnnl::multiply(transposeA, transposeB, m, n, k, x, y, z);
    };
  };
}

std::function<void()> softmax(const Inputs &inputs, Outputs &outputs) {
  using namespace dnnl;
  const float *x = f32(inputs, "x");
  const Shape &shape = inputs.array("x").shape();
  outputs.add("", DType::F32, shape);
  engine cpu(engine::kind::cpu, 0);
  memory::desc layout({shape[0], shape[1]}, memory::data_type::f32, memory::format_tag::ab);
  softmax_forward::desc description(prop_kind::forward_inference, layout, 1);
  softmax_forward primitive(softmax_forward::primitive_desc(description, cpu));
  memory from(layout, cpu, const_cast<float *>(x)), to(layout, cpu, out<float>(outputs, 0));
  return [=, flow = stream(cpu)]() mutable {
    primitive.execute(flow, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}});
    flow.wait();
  };
}

std::function<void()> mlp(const Inputs &inputs, Outputs &outputs) {
  f32(inputs, "x");
  auto problem = std::make_shared<MlpProblem<float, Dnnl>>(inputs, outputs);
  return [problem] { problem->run(); };
}

} // namespace

void addOneDnn(Peers &peers) {
  peers.add("onednn", "kernels", "gemm", product<false, false>());
  peers.add("onednn", "kernels", "gemm_transposed_a", product<true, false>());
  peers.add("onednn", "kernels", "gemm_transposed_b", product<false, true>());
  peers.add("onednn", "kernels", "normalize", softmax);
  peers.add("onednn", "mlp", "run", mlp);
}

} // namespace descent::bench
