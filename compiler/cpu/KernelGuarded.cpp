// Nests to which most indices add nothing (kernel::Guard). The guard is asked for a block of
// indices and lanes at once, which vectorises; only in blocks where it holds somewhere it is asked
// one by one.
//
//   for j in blocks of 8                      s: [m][8 lanes]
//     any = s[j, 0] == m[0] | s[j, 1] == m[1] | …
//     if any:
//       for j in the block, l in lanes:
//         if s[j, l] == m[l]:  for d: g[j, d] += …
#include "compiler/cpu/KernelEmitter.h"

namespace descent::cpu {

using llvm::SmallVector;
using llvm::Value;

namespace {

/// Indices times lanes of a block.
constexpr int64_t kBlock = 64;

} // namespace

/// Whether the guard holds at the current index of a lane, of which the dimensions inside do not
/// matter.
Value *KernelEmitter::guardAt(const NestCode &nest, size_t lane) {
  const kernel::Guard &guard = nest.loop->guard;
  Index index;
  for (int dim : guard.dims)
    index.dims.push_back(dim < 0 ? f.number(0) : lanes[lane][size_t(dim)]);
  return Elements(f, index, {}, rows.empty() ? nullptr : &rows[lane]).at(guard.condition);
}

void KernelEmitter::onlyIf(Value *condition, llvm::function_ref<void()> body) {
  llvm::BasicBlock *yes = f.newBlock(), *after = f.newBlock();
  b.CreateCondBr(condition, yes, after);
  b.SetInsertPoint(yes);
  body();
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

/// All lanes: `inside` is the innermost loop over lanes or over indices, whichever are contiguous.
void KernelEmitter::runGuarded(NestCode &nest, Value *first, int64_t count) {
  const kernel::Guard &guard = nest.loop->guard;
  Counters outer = lanes.front();
  size_t level = size_t(guard.level);
  auto at = [&](Value *lane, llvm::ArrayRef<Value *> inner) {
    lanes.assign(1, outer);
    lanes.front().push_back(b.CreateAdd(first, lane, "", true, true));
    lanes.front().append(inner.begin(), inner.end());
    placeRows({lane});
  };
  auto each = [&](llvm::ArrayRef<Value *> inner) {
    forRange(f, f.number(0), f.number(count), [&](Value *lane) {
      at(lane, inner);
      onlyIf(guardAt(nest, 0), [&] { innerLoops(nest, level); });
    });
  };
  if (level <= shared) {
    each({});
  } else {
    SmallVector<Value *, 4> inner;
    Nest around(f);
    for (size_t dim = shared; dim + 1 < level; ++dim)
      inner.push_back(around.open(nest.sizes[dim]));
    int64_t size = nest.sizes[level - 1], block = std::max<int64_t>(1, kBlock / count);
    llvm::Type *flag = b.getInt64Ty();
    Value *any = f.variable(llvm::ArrayType::get(flag, uint64_t(step.across ? count : 1)));
    auto scan = [&](Value *from, Value *to) {
      auto note = [&](Value *lane, Value *position) {
        inner.push_back(position);
        at(lane, inner);
        inner.pop_back();
        Value *slot = step.across ? b.CreateInBoundsGEP(flag, any, lane) : any;
        Value *holds = b.CreateZExt(guardAt(nest, 0), flag);
        b.CreateStore(b.CreateOr(b.CreateLoad(flag, slot), holds), slot);
      };
      int64_t flags = step.across ? count : 1;
      forRange(f, f.number(0), f.number(flags), [&](Value *lane) {
        b.CreateStore(b.getInt64(0), b.CreateInBoundsGEP(flag, any, lane));
      });
      if (step.across)
        forRange(f, from, to, [&](Value *position) {
          forRange(f, f.number(0), f.number(count), [&](Value *lane) { note(lane, position); });
        });
      else
        forRange(f, f.number(0), f.number(count), [&](Value *lane) {
          forRange(f, from, to, [&](Value *position) { note(lane, position); });
        });
      Value *somewhere = f.variable(flag);
      b.CreateStore(b.getInt64(0), somewhere);
      forRange(f, f.number(0), f.number(flags), [&](Value *lane) {
        Value *here = b.CreateLoad(flag, b.CreateInBoundsGEP(flag, any, lane));
        b.CreateStore(b.CreateOr(b.CreateLoad(flag, somewhere), here), somewhere);
      });
      onlyIf(b.CreateIsNotNull(b.CreateLoad(flag, somewhere)), [&] {
        forRange(f, from, to, [&](Value *position) {
          inner.push_back(position);
          each(inner);
          inner.pop_back();
        });
      });
    };
    forRange(f, f.number(0), f.number(size / block), [&](Value *number) {
      Value *from = b.CreateMul(number, f.number(block), "", true, true);
      scan(from, b.CreateAdd(from, f.number(block), "", true, true));
    });
    if (size % block)
      scan(f.number(size / block * block), f.number(size));
    around.closeAll();
  }
  lanes.assign(1, outer);
}

} // namespace descent::cpu
