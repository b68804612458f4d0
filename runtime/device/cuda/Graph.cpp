#include "runtime/device/cuda/Graph.h"

#include "runtime/device/cuda/Words.h"

#include <cstdlib>
#include <fmt/format.h>

namespace descent::device::cuda {

/// Values that no body has (0 less 1) run none.
const char *const kSelectPtx = R"(.version 6.0
.target sm_70
.address_size 64

.extern .func cudaGraphSetConditional(.param .b64 handle, .param .b32 value);

.visible .entry descent_select(.param .u64 next, .param .u64 loop, .param .u64 products)
{
  .reg .pred %any;
  .reg .b32 %goesOn, %body;
  .reg .b64 %next, %number, %none, %loop, %products;

  ld.param.u64 %next, [next];
  ld.param.u64 %loop, [loop];
  ld.param.u64 %products, [products];
  cvta.to.global.u64 %next, %next;
  ld.global.u64 %number, [%next];
  mov.u64 %none, 0;
  st.global.u64 [%next], %none;
  setp.ne.u64 %any, %number, 0;
  selp.u32 %goesOn, 1, 0, %any;
  cvt.u32.u64 %body, %number;
  sub.u32 %body, %body, 1;
  {
    .param .b64 handle;
    .param .b32 value;
    st.param.b64 [handle], %products;
    st.param.b32 [value], %body;
    call.uni cudaGraphSetConditional, (handle, value);
  }
  {
    .param .b64 handle;
    .param .b32 value;
    st.param.b64 [handle], %loop;
    st.param.b32 [value], %goesOn;
    call.uni cudaGraphSetConditional, (handle, value);
  }
  ret;
}
)";

namespace {

/// A switch in a graph is the latest of what is needed.
constexpr int kLeastVersion = 12080;
constexpr const char *kVariable = "DESCENT_GRAPHS";

class Graph final : public Repetition {
public:
  Graph(Card &card, Queue &queue, CudaGraphExec made, std::string kernel)
      : card(card), queue(queue), made(made), kernel(std::move(kernel)) {}

  ~Graph() override {
    Card::Entered entered(card);
    if (entered)
      card.note(card.driver().graphExecDestroy(made), "release a graph");
  }

  bool launch() override {
    card.expectUsable();
    Card::Entered entered(card);
    const Driver &driver = card.driver();
    std::string doing = fmt::format("start the kernel '{}' and its products as a graph", kernel);
    auto record = [&](CudaEvent event) {
      if (!event)
        return;
      if (int code = driver.eventRecord(event, queue.stream))
        card.fail(code, doing);
    };
    record(queue.start);
    if (int code = driver.graphLaunch(made, queue.stream)) {
      if (isLasting(code))
        card.fail(code, doing);
      return false;
    }
    card.launched(kernel);
    card.launched("a product of cuBLASLt");
    record(queue.end);
    queue.hasTime = queue.end != nullptr;
    return true;
  }

private:
  Card &card;
  Queue &queue;
  CudaGraphExec made;
  const std::string kernel;
};

/// The driver does not make a graph.
struct Refused {};

} // namespace

std::string whyNoGraphs(const Driver &driver) {
  int version = 0;
  if (const char *value = std::getenv(kVariable); value && !*value)
    return fmt::format("{} is empty", kVariable);
  if (driver.driverGetVersion(&version) != kSuccess || version < kLeastVersion)
    return fmt::format("the driver is for CUDA {}, and 12.8 or later is needed", versionOf(driver));
  if (!driver.graphCreate || !driver.graphDestroy || !driver.graphHandleCreate ||
      !driver.graphAddNode || !driver.graphSetAttribute || !driver.graphInstantiate ||
      !driver.graphLaunch || !driver.graphExecDestroy || !driver.captureToGraph ||
      !driver.captureEnd)
    return "the driver lacks functions for them";
  return "";
}

/// A graph until it is made.
class GraphMaker::Builder {
public:
  explicit Builder(Card &card) : card(card), driver(card.driver()) {
    check(driver.graphCreate(&graph, 0));
  }
  ~Builder() {
    if (stream)
      card.note(driver.streamDestroy(stream), doing);
    card.note(driver.graphDestroy(graph), doing);
  }
  Builder(const Builder &) = delete;
  Builder &operator=(const Builder &) = delete;

  uint64_t condition(CudaGraph in, unsigned value, unsigned flags) {
    uint64_t handle = 0;
    check(driver.graphHandleCreate(&handle, in, card.handle(), value, flags));
    return handle;
  }

  CudaNode add(CudaGraph to, CudaNode behind, NodeParameters &parameters) {
    CudaNode node = nullptr;
    check(driver.graphAddNode(&node, to, behind ? &behind : nullptr, nullptr, behind ? 1 : 0,
                              &parameters));
    return node;
  }

  CudaNode kernel(CudaGraph to, CudaNode behind, const Kernel &kernel) {
    // The driver copies the arguments before it returns; it does not write to them.
    std::vector<void *> arguments;
    for (const uint64_t &argument : kernel.arguments)
      arguments.push_back(const_cast<uint64_t *>(&argument));
    NodeParameters parameters{};
    parameters.kind = kKernelNode;
    KernelNode &shape = parameters.kernel;
    shape.function = kernel.function;
    shape.gridX = static_cast<unsigned>(kernel.how.blocks);
    shape.blockX = static_cast<unsigned>(kernel.how.threads);
    shape.gridY = shape.gridZ = shape.blockY = shape.blockZ = 1;
    shape.sharedBytes = static_cast<unsigned>(kernel.how.sharedBytes);
    shape.parameters = arguments.data();
    CudaNode node = add(to, behind, parameters);
    if (kernel.how.cooperative) {
      LaunchAttribute value{};
      value.cooperative = 1;
      check(driver.graphSetAttribute(node, kCooperative, &value));
    }
    return node;
  }

  /// The bodies are the node's own.
  std::span<const CudaGraph> conditional(CudaGraph to, CudaNode behind, ConditionKind kind,
                                         uint64_t handle, size_t count) {
    NodeParameters parameters{};
    parameters.kind = kConditionalNode;
    ConditionalNode &node = parameters.conditional;
    node.handle = handle;
    node.kind = kind;
    node.count = static_cast<unsigned>(count);
    node.context = card.handle();
    add(to, behind, parameters);
    return {node.bodies, count};
  }

  void capture(CudaGraph to, const std::function<void(CudaStream)> &put) {
    if (!stream)
      check(driver.streamCreate(&stream, kStreamNonBlocking));
    check(driver.captureToGraph(stream, to, nullptr, nullptr, 0, kRelaxedCapture));
    bool isPut = true;
    try {
      put(stream);
    } catch (const DeviceError &) {
      isPut = false;
    }
    CudaGraph captured = nullptr;
    check(driver.captureEnd(stream, &captured));
    if (!isPut)
      throw Refused();
  }

  CudaGraphExec instantiate() {
    CudaGraphExec made = nullptr;
    check(driver.graphInstantiate(&made, graph, 0));
    return made;
  }

  void check(int code) {
    if (code == kSuccess)
      return;
    if (isLasting(code))
      card.fail(code, doing);
    throw Refused();
  }

  static constexpr const char *doing = "make a graph of a kernel and its products";
  Card &card;
  const Driver &driver;
  CudaGraph graph = nullptr;
  CudaStream stream = nullptr;
};

GraphMaker::~GraphMaker() {
  if (module)
    card.note(card.driver().moduleUnload(module), "unload kernels");
}

std::unique_ptr<Repetition> GraphMaker::make(Queue &queue, const Kernel &kernel, size_t products,
                                             const std::function<void(size_t, CudaStream)> &put,
                                             Address next) {
  const Driver &driver = card.driver();
  if (products == 0 || !whyNoGraphs(driver).empty())
    return nullptr;
  try {
    Builder builder(card);
    if (!module)
      builder.check(driver.moduleLoadData(&module, kSelectPtx));
    if (!select)
      builder.check(driver.moduleGetFunction(&select, module, "descent_select"));
    uint64_t loop = builder.condition(builder.graph, 1, kAssignDefault);
    CudaGraph body = builder.conditional(builder.graph, nullptr, kWhile, loop, 1)[0];
    uint64_t which = builder.condition(body, 0, 0);
    CudaNode program = builder.kernel(body, nullptr, kernel);
    const uint64_t arguments[]{next, loop, which};
    CudaNode selection =
        builder.kernel(body, program, {"descent_select", select, {1, 1}, arguments});
    std::span<const CudaGraph> bodies =
        builder.conditional(body, selection, kSwitch, which, products);
    for (size_t i = 0; i < products; ++i)
      builder.capture(bodies[i], [&](CudaStream stream) { put(i, stream); });
    return std::make_unique<Graph>(card, queue, builder.instantiate(), kernel.name);
  } catch (const Refused &) {
    return nullptr;
  }
}

} // namespace descent::device::cuda
