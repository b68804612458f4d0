// The fake driver's graphs. Nodes that do not depend on each other, which a card runs at the same
// time, count as a misuse.
#include "FakeState.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

using namespace descent::test;

namespace {

using Tasks = std::vector<CudaStreamTag::Task>;

struct Condition {
  CudaGraph graph;
  unsigned value;
  bool isAssigned; ///< at the begin of a launch
  bool isBound = false;
};

/// Driver for CUDA 12.3 and 12.8.
constexpr int kLoops = 12030, kSwitches = 12080;
/// More rounds are a loop that does not end.
constexpr int kMostRounds = 1'000'000;

} // namespace

struct descent::device::cuda::CudaNodeTag {
  CudaGraph graph = nullptr;
  std::vector<CudaNode> behind;
  int kind = kKernelNode;
  // A kernel.
  const FakeKernel *kernel = nullptr;
  FakeLaunch how{};
  std::vector<uint64_t> arguments;
  // A condition.
  uint64_t handle = 0;
  int condition = kWhile;
  std::vector<CudaGraph> bodies;
};

/// The bodies are the root's own.
struct descent::device::cuda::CudaGraphTag {
  CudaGraphTag *parent = nullptr, *root = this;
  std::vector<std::unique_ptr<CudaNodeTag>> nodes;
  std::vector<std::shared_ptr<Tasks>> captured;
  std::vector<std::unique_ptr<CudaGraphTag>> bodies;
  std::map<uint64_t, Condition> conditions;

  bool isWithin(CudaGraph other) const {
    return this == other || (parent && parent->isWithin(other));
  }
};

struct descent::device::cuda::CudaGraphExecTag {
  std::shared_ptr<CudaGraphTag> graph;
};

namespace {

/// The driver's own, by the handles that callers have.
std::map<CudaGraph, std::shared_ptr<CudaGraphTag>> &roots() {
  static auto *all = new std::map<CudaGraph, std::shared_ptr<CudaGraphTag>>;
  return *all;
}

class Run {
public:
  explicit Run(CudaGraph graph) {
    for (const auto &[handle, condition] : graph->conditions)
      values[handle] = condition.isAssigned ? condition.value : 0;
    current = this;
    run(*graph);
    current = nullptr;
  }

  int set(uint64_t handle, uint32_t value) {
    auto found = values.find(handle);
    if (found == values.end())
      return kLaunchFailed;
    found->second = value;
    return kSuccess;
  }

  static thread_local Run *current;

private:
  void run(const CudaGraphTag &graph) {
    for (const auto &tasks : graph.captured)
      for (const auto &task : *tasks)
        if (state().fault == 0)
          task();
    std::vector<CudaNode> left, done;
    for (const auto &node : graph.nodes)
      left.push_back(node.get());
    while (!left.empty()) {
      auto isReady = [&](CudaNode node) {
        return std::ranges::all_of(node->behind, [&](CudaNode each) {
          return std::ranges::find(done, each) != done.end();
        });
      };
      if (std::ranges::count_if(left, isReady) != 1)
        ++state().misuses;
      auto next = std::ranges::find_if(left, isReady);
      CudaNode node = *next;
      left.erase(next);
      run(*node);
      done.push_back(node);
    }
  }

  void run(const CudaNodeTag &node) {
    if (node.kind == kKernelNode)
      return runKernel(*node.kernel, node.how, node.arguments);
    if (node.condition == kSwitch) {
      if (uint32_t which = values[node.handle]; which < node.bodies.size())
        run(*node.bodies[which]);
      return;
    }
    for (int round = 0; values[node.handle] != 0 && state().fault == 0; ++round) {
      if (round == kMostRounds)
        state().fault = kLaunchFailed;
      run(*node.bodies[0]);
    }
  }

  std::map<uint64_t, uint32_t> values;
};
thread_local Run *Run::current = nullptr;

bool isZero(const void *from, size_t bytes) {
  auto *first = static_cast<const char *>(from);
  return std::all_of(first, first + bytes, [](char byte) { return byte == 0; });
}

int addKernel(CudaNodeTag &node, const NodeParameters &parameters) {
  const KernelNode &kernel = parameters.kernel;
  node.how = {int(kernel.gridX), int(kernel.blockX), kernel.sharedBytes, false, nullptr};
  if (!isZero(&parameters.words[sizeof(KernelNode) / 8],
              sizeof(parameters.words) - sizeof(KernelNode)) ||
      kernel.gridY != 1 || kernel.gridZ != 1 || kernel.blockY != 1 || kernel.blockZ != 1 ||
      kernel.kernel || kernel.extra || !isLaunch(kernel.function, node.how))
    return kInvalidValue;
  node.kernel = kernel.function->kernel;
  for (int i = 0; i < node.kernel->parameters; ++i)
    node.arguments.push_back(*static_cast<uint64_t *>(kernel.parameters[i]));
  return kSuccess;
}

int addCondition(CudaNodeTag &node, NodeParameters &parameters) {
  ConditionalNode &made = parameters.conditional;
  bool isSwitch = made.kind == kSwitch;
  if (state().version < (isSwitch ? kSwitches : kLoops))
    return isSwitch ? kInvalidValue : kNotSupported;
  auto found = node.graph->root->conditions.find(made.handle);
  if (!isZero(&parameters.words[sizeof(ConditionalNode) / 8],
              sizeof(parameters.words) - sizeof(ConditionalNode)) ||
      (made.kind != kWhile && !isSwitch) || made.count < 1 || (!isSwitch && made.count != 1) ||
      made.context != &state().context || found == node.graph->root->conditions.end() ||
      found->second.isBound || !node.graph->isWithin(found->second.graph))
    return kInvalidValue;
  found->second.isBound = true;
  node.handle = made.handle;
  node.condition = made.kind;
  for (unsigned i = 0; i < made.count; ++i) {
    auto &body = node.graph->root->bodies.emplace_back(std::make_unique<CudaGraphTag>());
    body->parent = node.graph;
    body->root = node.graph->root;
    node.bodies.push_back(body.get());
  }
  made.bodies = node.bodies.data();
  return kSuccess;
}

/// What `descent_select` of Graph.cpp does.
int setConditions(const FakeLaunch &how) {
  if (how.blocks != 1 || how.threads != 1 || !Run::current || !isMemory(how.arguments[0], 8))
    return kLaunchFailed;
  auto *next = reinterpret_cast<int64_t *>(how.arguments[0]);
  auto number = static_cast<uint32_t>(*next);
  *next = 0;
  int code = Run::current->set(how.arguments[1], number != 0);
  return code ? code : Run::current->set(how.arguments[2], number - 1);
}

} // namespace

const FakeKernel *descent::test::selectIn(const std::string &module, const char *name) {
  static const FakeKernel kernel{setConditions, 3};
  return name == std::string_view("descent_select") &&
                 module.find(".extern .func cudaGraphSetConditional") != std::string::npos
             ? &kernel
             : nullptr;
}

EXPORT cuGraphCreate(CudaGraph *graph, unsigned flags) {
  BEGIN(cuGraphCreate)
  if (flags != 0)
    return kInvalidValue;
  auto made = std::make_shared<CudaGraphTag>();
  *graph = made.get();
  roots()[*graph] = std::move(made);
  ++state().graphs;
  return kSuccess;
}
EXPORT cuGraphDestroy(CudaGraph graph) {
  if (roots().erase(graph) == 0)
    return kInvalidValue;
  --state().graphs;
  return before("cuGraphDestroy");
}
EXPORT cuGraphConditionalHandleCreate(uint64_t *handle, CudaGraph graph, CudaContext context,
                                      unsigned value, unsigned flags) {
  BEGIN(cuGraphConditionalHandleCreate)
  if (state().version < kLoops)
    return kNotSupported;
  if (context != &state().context || flags > kAssignDefault)
    return kInvalidValue;
  static uint64_t last = 4000;
  *handle = ++last;
  graph->root->conditions[*handle] = {graph, value, flags == kAssignDefault};
  return kSuccess;
}
EXPORT cuGraphAddNode_v2(CudaNode *node, CudaGraph graph, const CudaNode *behind,
                         const CudaEdge *edges, size_t count, NodeParameters *parameters) {
  BEGIN(cuGraphAddNode_v2)
  auto made = std::make_unique<CudaNodeTag>();
  made->graph = graph;
  made->kind = parameters->kind;
  for (size_t i = 0; i < count; ++i) {
    if (behind[i]->graph != graph)
      return kInvalidValue;
    made->behind.push_back(behind[i]);
  }
  if (edges || parameters->last != 0 ||
      !isZero(parameters->reserved, sizeof(parameters->reserved)) ||
      (made->kind != kKernelNode && made->kind != kConditionalNode))
    return kInvalidValue;
  if (int code = made->kind == kKernelNode ? addKernel(*made, *parameters)
                                           : addCondition(*made, *parameters))
    return code;
  *node = graph->nodes.emplace_back(std::move(made)).get();
  return kSuccess;
}
EXPORT cuGraphKernelNodeSetAttribute(CudaNode node, int attribute, const LaunchAttribute *value) {
  BEGIN(cuGraphKernelNodeSetAttribute)
  if (node->kind != kKernelNode || attribute != kCooperative)
    return kInvalidValue;
  node->how.cooperative = value->cooperative != 0;
  return kSuccess;
}
EXPORT cuStreamBeginCaptureToGraph(CudaStream stream, CudaGraph graph, const CudaNode *behind,
                                   const CudaEdge *, size_t count, int mode) {
  BEGIN(cuStreamBeginCaptureToGraph)
  if (stream->captured || behind || count != 0 || mode < 0 || mode > kRelaxedCapture)
    return kInvalidValue;
  stream->captured = std::make_shared<Tasks>();
  stream->capturing = graph;
  stream->isBroken = false;
  return kSuccess;
}
EXPORT cuStreamEndCapture(CudaStream stream, CudaGraph *graph) {
  // It ends in any case.
  std::shared_ptr<Tasks> captured = std::move(stream->captured);
  stream->captured = nullptr;
  *graph = nullptr;
  BEGIN(cuStreamEndCapture)
  if (!captured)
    return 401;
  if (stream->isBroken)
    return 901;
  stream->capturing->captured.push_back(std::move(captured));
  *graph = stream->capturing;
  return kSuccess;
}
EXPORT cuGraphInstantiateWithFlags(CudaGraphExec *exec, CudaGraph graph, unsigned long long flags) {
  BEGIN(cuGraphInstantiateWithFlags)
  auto found = roots().find(graph);
  if (found == roots().end() || flags != 0)
    return kInvalidValue;
  for (const auto &[handle, condition] : graph->conditions)
    if (!condition.isBound)
      return kInvalidValue;
  auto fits = [](const CudaGraphTag &each) {
    return std::ranges::all_of(each.nodes, [](const auto &node) {
      return !node->how.cooperative ||
             node->how.blocks <=
                 residentBlocks(*node->kernel, node->how.threads, node->how.sharedBytes);
    });
  };
  if (!fits(*graph) ||
      !std::ranges::all_of(graph->bodies, [&](const auto &body) { return fits(*body); }))
    return kCooperativeLaunchTooLarge;
  *exec = new CudaGraphExecTag{found->second};
  ++state().graphExecs;
  return kSuccess;
}
EXPORT cuGraphLaunch(CudaGraphExec exec, CudaStream stream) {
  BEGIN_ON(stream, cuGraphLaunch)
  ++state().graphLaunches;
  stream->push([graph = exec->graph] {
    if (state().fault == 0)
      Run run(graph.get());
  });
  return kSuccess;
}
EXPORT cuGraphExecDestroy(CudaGraphExec exec) {
  delete exec;
  --state().graphExecs;
  return before("cuGraphExecDestroy");
}
