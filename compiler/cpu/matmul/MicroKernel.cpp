// One iteration takes a row of the right operand as vectors and, for each row of the tile, one
// element of the left operand in all lanes:
//
//   for k:  b0, b1 = rhs[k, 0:16], rhs[k, 16:32]
//           for i in 0..rows:  a = splat lhs[i, k];  c[i,0] += a * b0;  c[i,1] += a * b1
//
// Small tiles have too few sums to keep the processor busy while one product waits for the last:
// they sum even and odd terms (or more kinds) separately.
#include "compiler/cpu/matmul/MicroKernel.h"

#include "compiler/cpu/matmul/Columns.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::cpu {

using llvm::SmallVector;
using llvm::Value;

namespace {

/// Sums that are added to at the same time, at least: latency times units.
constexpr int sumsAtOnce = 8;

class MicroKernelEmitter {
public:
  MicroKernelEmitter(llvm::Function *function, const MicroKernel &kind, const Host &host)
      : function(function), kind(kind), columns(kind.element, kind.tile.columns, host),
        b(llvm::BasicBlock::Create(function->getContext(), "entry", function)) {
    int sums = kind.tile.rows * int(columns.vectors());
    while (sums * ways < sumsAtOnce && ways < 4 &&
           sums * ways * 2 + int(columns.vectors()) + 1 <= host.vectorRegisters)
      ways *= 2;
  }

  void emit();

private:
  llvm::Function *function;
  const MicroKernel &kind;
  Columns columns;
  llvm::IRBuilder<> b;
  int ways = 1; ///< terms of one iteration, each with sums of its own

  using Sums = SmallVector<Value *, 32>; ///< by way, row, vector

  Value *offset(Value *base, int64_t elements) {
    return elements ? b.CreateInBoundsGEP(kind.element, base, b.getInt64(uint64_t(elements)))
                    : base;
  }
  llvm::BasicBlock *block(const char *name) {
    return llvm::BasicBlock::Create(function->getContext(), name, function);
  }
  void fetchResult(Value *terms, Value *result, Value *step);
  void addTerm(Sums &sums, size_t first, Value *lhs, Value *rhs);
  struct State {
    Sums sums;
    Value *lhs, *rhs;
  };
  State loop(State state, Value *count, int terms);
};

void MicroKernelEmitter::addTerm(Sums &sums, size_t first, Value *lhs, Value *rhs) {
  SmallVector<Value *, 8> row;
  for (size_t v = 0; v < columns.vectors(); ++v)
    row.push_back(columns.load(b, v, rhs, kind.rhsPadded));
  for (int r = 0; r < kind.tile.rows; ++r) {
    Value *element = b.CreateLoad(kind.element, offset(lhs, r * kind.lhsRow));
    for (size_t v = 0; v < columns.vectors(); ++v) {
      Value *all = b.CreateVectorSplat(columns.type(v)->getNumElements(), element);
      Value *&sum = sums[first + size_t(r) * columns.vectors() + v];
      sum = b.CreateFAdd(sum, b.CreateFMul(all, row[v]));
    }
  }
}

/// Goes through `count` iterations, at least one, of so many terms each.
MicroKernelEmitter::State MicroKernelEmitter::loop(State before, Value *count, int terms) {
  llvm::BasicBlock *from = b.GetInsertBlock(), *body = block("sum"), *after = block("done");
  b.CreateBr(body);
  b.SetInsertPoint(body);
  auto phi = [&](Value *start) {
    llvm::PHINode *node = b.CreatePHI(start->getType(), 2);
    node->addIncoming(start, from);
    return node;
  };
  llvm::PHINode *left = phi(count), *lhs = phi(before.lhs), *rhs = phi(before.rhs);
  SmallVector<llvm::PHINode *, 32> nodes;
  State state{{}, lhs, rhs};
  for (Value *sum : before.sums) {
    nodes.push_back(phi(sum));
    state.sums.push_back(nodes.back());
  }
  size_t perTerm = state.sums.size() / size_t(ways);
  for (int i = 0; i < terms; ++i)
    addTerm(state.sums, size_t(i) * perTerm, offset(lhs, i * kind.lhsSum),
            offset(rhs, i * kind.rhsSum));
  state.lhs = offset(lhs, terms * kind.lhsSum);
  state.rhs = offset(rhs, terms * kind.rhsSum);
  Value *next = b.CreateSub(left, b.getInt64(1));
  left->addIncoming(next, body);
  lhs->addIncoming(state.lhs, body);
  rhs->addIncoming(state.rhs, body);
  for (auto [node, sum] : llvm::zip(nodes, state.sums))
    node->addIncoming(sum, body);
  b.CreateCondBr(b.CreateICmpNE(next, b.getInt64(0)), body, after);
  b.SetInsertPoint(after);
  return state;
}

/// Where sums are long, asks for the tile of the result while they are made.
void MicroKernelEmitter::fetchResult(Value *terms, Value *result, Value *step) {
  constexpr int64_t longSum = 192, lineBytes = 64;
  int64_t line = lineBytes * 8 / int64_t(kind.element->getPrimitiveSizeInBits());
  llvm::BasicBlock *before = b.GetInsertBlock(), *fetch = block("fetch"), *after = block("begin");
  b.CreateCondBr(b.CreateICmpUGE(terms, b.getInt64(longSum)), fetch, after);
  b.SetInsertPoint(fetch);
  llvm::PHINode *row = b.CreatePHI(result->getType(), 2), *left = b.CreatePHI(b.getInt64Ty(), 2);
  for (int64_t column = 0; column < kind.tile.columns; column += line)
    b.CreateIntrinsic(llvm::Intrinsic::prefetch, {b.getPtrTy()},
                      {offset(row, column), b.getInt32(1), b.getInt32(3), b.getInt32(1)});
  Value *next = b.CreateSub(left, b.getInt64(1));
  row->addIncoming(result, before);
  row->addIncoming(b.CreateInBoundsGEP(kind.element, row, step), fetch);
  left->addIncoming(b.getInt64(uint64_t(kind.tile.rows)), before);
  left->addIncoming(next, fetch);
  b.CreateCondBr(b.CreateICmpNE(next, b.getInt64(0)), fetch, after);
  b.SetInsertPoint(after);
}

void MicroKernelEmitter::emit() {
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  b.setFastMathFlags(flags);
  Value *terms = function->getArg(0), *result = function->getArg(3), *step = function->getArg(4);
  State state{{}, function->getArg(1), function->getArg(2)};
  fetchResult(terms, result, step);
  for (int i = 0; i < ways * kind.tile.rows; ++i)
    for (size_t v = 0; v < columns.vectors(); ++v)
      state.sums.push_back(llvm::Constant::getNullValue(columns.type(v)));
  if (ways == 1) {
    state = loop(state, terms, 1);
  } else {
    // Whole iterations, then single terms.
    auto join = [&](State a, llvm::BasicBlock *first, State c, llvm::BasicBlock *second) {
      auto phi = [&](Value *x, Value *y) {
        llvm::PHINode *node = b.CreatePHI(x->getType(), 2);
        node->addIncoming(x, first);
        node->addIncoming(y, second);
        return node;
      };
      State joined{{}, phi(a.lhs, c.lhs), phi(a.rhs, c.rhs)};
      for (auto [x, y] : llvm::zip(a.sums, c.sums))
        joined.sums.push_back(phi(x, y));
      return joined;
    };
    for (int each : {ways, 1}) {
      Value *count = each == 1 ? b.CreateURem(terms, b.getInt64(uint64_t(ways)))
                               : b.CreateUDiv(terms, b.getInt64(uint64_t(ways)));
      llvm::BasicBlock *before = b.GetInsertBlock(), *some = block("some"), *after = block("after");
      b.CreateCondBr(b.CreateICmpNE(count, b.getInt64(0)), some, after);
      b.SetInsertPoint(some);
      State done = loop(state, count, each);
      llvm::BasicBlock *end = b.GetInsertBlock();
      b.CreateBr(after);
      b.SetInsertPoint(after);
      state = join(state, before, done, end);
    }
  }
  size_t perWay = state.sums.size() / size_t(ways);
  for (int way = 1; way < ways; ++way)
    for (size_t i = 0; i < perWay; ++i)
      state.sums[i] = b.CreateFAdd(state.sums[i], state.sums[size_t(way) * perWay + i]);

  llvm::BasicBlock *add = block("add"), *set = block("set");
  b.CreateCondBr(function->getArg(5), add, set);
  for (bool adds : {true, false}) {
    b.SetInsertPoint(adds ? add : set);
    Value *row = result;
    for (int r = 0; r < kind.tile.rows; ++r) {
      for (size_t v = 0; v < columns.vectors(); ++v) {
        Value *sum = state.sums[size_t(r) * columns.vectors() + v];
        if (adds)
          sum = b.CreateFAdd(columns.load(b, v, row, false), sum);
        columns.store(b, v, sum, row, false);
      }
      row = b.CreateInBoundsGEP(kind.element, row, step);
    }
    b.CreateRetVoid();
  }
}

} // namespace

llvm::Function *microKernel(ModuleEmission &module, const MicroKernel &kind, const Host &host) {
  std::string name =
      llvm::formatv("product.tile.{0}.{1}x{2}.{3}.{4}.{5}{6}",
                    kind.element->isFloatTy() ? "f32" : "f64", kind.tile.rows, kind.tile.columns,
                    kind.lhsRow, kind.lhsSum, kind.rhsSum, kind.rhsPadded ? ".padded" : "");
  if (llvm::Function *known = module.module.getFunction(name))
    return known;
  llvm::LLVMContext &context = module.context();
  auto *pointer = llvm::PointerType::get(context, 0);
  auto *number = llvm::Type::getInt64Ty(context);
  auto *type = llvm::FunctionType::get(
      llvm::Type::getVoidTy(context),
      {number, pointer, pointer, pointer, number, llvm::Type::getInt1Ty(context)}, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::InternalLinkage, name, module.module);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addParamAttr(3, llvm::Attribute::NoAlias);
  MicroKernelEmitter(function, kind, host).emit();
  return function;
}

} // namespace descent::cpu
