// What threads do together: barriers, fences, shuffles, votes, products of matrices by a warp.
#include "Translator.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::ptx {

using namespace llvm;

Value *Translator::intrinsic(Intrinsic::ID id, ArrayRef<Value *> arguments) {
  return b.CreateCall(Intrinsic::getOrInsertDeclaration(&module, id), arguments);
}

bool Translator::together() {
  const std::string &name = current->words[0];
  Type word{'b', 32};
  if (name == "bar" || name == "barrier") {
    expectWords({"sync", "warp", "cta", "aligned"});
    if (!has("sync"))
      fail("`" + name + "` that is not `sync` is not known here");
    if (has("warp"))
      intrinsic(Intrinsic::nvvm_bar_warp_sync, {operand(0, word)});
    else if (current->operands.size() == 1)
      intrinsic(Intrinsic::nvvm_barrier_cta_sync_aligned_all, {operand(0, word)});
    else
      intrinsic(Intrinsic::nvvm_barrier_cta_sync_aligned_count,
                {operand(0, word), operand(1, word)});
    return true;
  }
  if (name == "fence") {
    expectWords({"acq_rel", "sc", "cta", "gpu", "sys"});
    b.CreateFence(has("sc") ? AtomicOrdering::SequentiallyConsistent
                            : AtomicOrdering::AcquireRelease,
                  scopeOf(true));
    return true;
  }
  if (name == "membar") {
    expectWords({"cta", "gl", "sys"});
    b.CreateFence(AtomicOrdering::SequentiallyConsistent,
                  has("gl") ? b.getContext().getOrInsertSyncScopeID("device") : scopeOf(true));
    return true;
  }
  if (name == "shfl")
    shuffle();
  else if (name == "vote")
    vote();
  else if (name == "mma")
    product();
  else if (name == "nanosleep")
    intrinsic(Intrinsic::nvvm_nanosleep, {operand(0, word)});
  else
    return false;
  return true;
}

/// "%r1|%p1" also says whether there was somebody to read from.
void Translator::shuffle() {
  expectWords({"sync", "up", "down", "bfly", "idx"});
  if (!has("sync") || lastType().bits != 32)
    fail("a shuffle of this kind is not known here");
  Intrinsic::ID id = has("up")     ? Intrinsic::nvvm_shfl_sync_up_i32p
                     : has("down") ? Intrinsic::nvvm_shfl_sync_down_i32p
                     : has("bfly") ? Intrinsic::nvvm_shfl_sync_bfly_i32p
                                   : Intrinsic::nvvm_shfl_sync_idx_i32p;
  Type word{'b', 32};
  Value *both =
      intrinsic(id, {operand(4, word), operand(1, word), operand(2, word), operand(3, word)});
  std::string to = operandText(0);
  size_t bar = to.find('|');
  set(to.substr(0, bar), b.CreateExtractValue(both, 0), word);
  if (bar != std::string::npos)
    set(to.substr(bar + 1), b.CreateExtractValue(both, 1), {'p', 1});
}

void Translator::vote() {
  expectWords({"sync", "all", "any", "uni", "ballot"});
  Value *mask = operand(2, {'b', 32}), *mine = operand(1, {'p', 1});
  if (has("ballot"))
    return set(intrinsic(Intrinsic::nvvm_vote_ballot_sync, {mask, mine}), {'b', 32});
  set(intrinsic(has("all")   ? Intrinsic::nvvm_vote_all_sync
                : has("any") ? Intrinsic::nvvm_vote_any_sync
                             : Intrinsic::nvvm_vote_uni_sync,
                {mask, mine}),
      {'p', 1});
}

void Translator::product() {
  std::string kind;
  for (const std::string &word : current->words)
    kind += (kind.empty() ? "" : ".") + word;
  static const std::map<std::string, Intrinsic::ID> known{
      {"mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64", Intrinsic::nvvm_mma_m16n8k8_row_col_f64},
      {"mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", Intrinsic::nvvm_mma_m8n8k4_row_col_f64},
      {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32",
       Intrinsic::nvvm_mma_m16n8k8_row_col_tf32},
      {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
       Intrinsic::nvvm_mma_m16n8k16_row_col_bf16}};
  auto found = known.find(kind);
  if (found == known.end())
    fail("`" + kind + "` is not known here");
  llvm::Function *callee = Intrinsic::getOrInsertDeclaration(&module, found->second);
  FunctionType *type = callee->getFunctionType();
  SmallVector<Value *> arguments;
  for (size_t i : {1, 2, 3})
    for (const std::string &element : elementsOf(operandText(i))) {
      if (arguments.size() == type->getNumParams())
        fail("there are too many operands");
      llvm::Type *wanted = type->getParamType(unsigned(arguments.size()));
      unsigned bits = wanted->getScalarSizeInBits();
      arguments.push_back(b.CreateBitCast(valueOf(element, {'b', bits}), wanted));
    }
  std::vector<std::string> results = elementsOf(operandText(0));
  auto *sums = cast<StructType>(type->getReturnType());
  if (arguments.size() != type->getNumParams() || results.size() != sums->getNumElements())
    fail("operands are missing");
  Value *made = b.CreateCall(callee, arguments);
  for (unsigned i = 0; i < results.size(); ++i) {
    unsigned bits = sums->getElementType(i)->getScalarSizeInBits();
    set(results[i], b.CreateExtractValue(made, i), {'f', bits});
  }
}

} // namespace descent::ptx
