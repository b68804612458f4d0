#include "runtime/abi/Functions.h"

#include "runtime/abi/Chunks.h"
#include "runtime/abi/RunContext.h"

using descent::abi::RunContext;
using descent::abi::Tape;

namespace {

RunContext &contextOf(void *ctx) { return *static_cast<RunContext *>(ctx); }

} // namespace

extern "C" {

void descent_effect(void *ctx, int32_t index, void *operands) {
  contextOf(ctx).effect(index, static_cast<const void *const *>(operands));
}

void descent_check_failed(void *ctx, int32_t index, void *operands) {
  contextOf(ctx).checkFailed(index, static_cast<const void *const *>(operands));
}

int32_t descent_poll(void *ctx) { return contextOf(ctx).poll() ? 1 : 0; }

double descent_clock(void *ctx) { return contextOf(ctx).clock(); }

void *descent_tape_create(void *ctx, int32_t site, int64_t bytes) {
  return contextOf(ctx).tape(site, bytes);
}

void *descent_tape_push(void *ctx, void *tape) {
  return contextOf(ctx).push(*static_cast<Tape *>(tape));
}

void *descent_tape_pop(void *ctx, void *tape) { return static_cast<Tape *>(tape)->pop(); }

void descent_parallel(void *ctx, int64_t count, void *chunk, void *captured, void *lane,
                      int64_t laneBytes) {
  descent::abi::runChunks(contextOf(ctx).threads(), count,
                          reinterpret_cast<descent::abi::ChunkCode>(chunk), captured, lane, laneBytes);
}

} // extern "C"

namespace descent::abi {

std::span<const FunctionEntry> functions() {
  static const FunctionEntry entries[] = {
#define DESCENT_ABI(result, name, parameters)                                                      \
  {"descent_" #name, reinterpret_cast<void *>(&descent_##name)},
#include "runtime/abi/Functions.def"
  };
  return entries;
}

} // namespace descent::abi
