// Reads, writes, atomics.
#include "Translator.h"

#include <algorithm>

namespace descent::ptx {

using namespace llvm;

bool Translator::memory() {
  const std::string &name = current->words[0];
  if (name == "ld" || name == "st")
    access(name == "ld");
  else if (name == "atom" || name == "red")
    atomic(name == "atom");
  else
    return false;
  return true;
}

Space Translator::spaceOf() const {
  return has("global") || has("const") ? Space::Global
         : has("shared")               ? Space::Shared
         : has("local")                ? Space::Local
         : has("param")                ? Space::Param
                                       : Space::Generic;
}

SyncScope::ID Translator::scopeOf(bool isNeeded) const {
  LLVMContext &context = b.getContext();
  if (has("cta"))
    return context.getOrInsertSyncScopeID("block");
  if (has("sys"))
    return SyncScope::System;
  if (isNeeded && !has("gpu"))
    fail("a scope is missing");
  return context.getOrInsertSyncScopeID("device");
}

bool Translator::isUsed(const std::string &name) const {
  auto found = mentions.find(name);
  return found != mentions.end() && found->second > 1;
}

void Translator::access(bool isLoad) {
  expectWords({"weak", "volatile", "relaxed", "acquire", "release", "cta", "gpu", "sys", "global",
               "shared", "local", "param", "const", "nc", "v2", "v4"});
  Type type = lastType();
  if (type.isFloat())
    type.kind = 'b';
  size_t value = isLoad ? 0 : 1;
  Value *place = pointerOf(operandText(1 - value), spaceOf());
  std::vector<std::string> elements = elementsOf(operandText(value));
  size_t wanted = has("v2") ? 2 : has("v4") ? 4 : 1;
  if (elements.size() != wanted)
    fail(std::to_string(wanted) + " registers are expected");
  llvm::Type *element = llvmOf(type);
  llvm::Type *whole = wanted == 1 ? element : FixedVectorType::get(element, unsigned(wanted));
  Align alignment(type.bits / 8 * wanted);
  auto order = [&](auto *made) {
    made->setVolatile(has("volatile"));
    if (!has("relaxed") && !has("acquire") && !has("release") && !has("volatile"))
      return;
    if (wanted > 1)
      fail("several words at a time are not ordered");
    // To be volatile is to be relaxed, and seen by all.
    made->setAtomic(has("acquire")   ? AtomicOrdering::Acquire
                    : has("release") ? AtomicOrdering::Release
                                     : AtomicOrdering::Monotonic,
                    has("volatile") ? SyncScope::ID(SyncScope::System) : scopeOf(true));
  };
  // LLVM reads three numbers as four where their address is aligned for four, as that cannot meet a
  // page that is not there. What nobody looks at counts as not read.
  if (isLoad && wanted > 1 &&
      !std::ranges::all_of(elements, [&](auto &each) { return isUsed(each); })) {
    for (size_t i = 0; i < wanted; ++i)
      if (isUsed(elements[i]))
        set(elements[i],
            b.CreateAlignedLoad(element, b.CreateConstInBoundsGEP1_64(element, place, i),
                                i == 0 ? alignment : Align(type.bits / 8)),
            type);
    return;
  }
  if (isLoad) {
    LoadInst *loaded = b.CreateAlignedLoad(whole, place, alignment);
    order(loaded);
    for (size_t i = 0; i < wanted; ++i)
      set(elements[i],
          wanted == 1 ? static_cast<Value *>(loaded) : b.CreateExtractElement(loaded, i), type);
    return;
  }
  Value *stored = wanted == 1 ? valueOf(elements[0], type) : PoisonValue::get(whole);
  for (size_t i = 0; wanted > 1 && i < wanted; ++i)
    stored = b.CreateInsertElement(stored, valueOf(elements[i], type), i);
  order(b.CreateAlignedStore(stored, place, alignment));
}

void Translator::atomic(bool hasResult) {
  static const std::map<std::string, AtomicRMWInst::BinOp> operations{
      {"add", AtomicRMWInst::Add}, {"and", AtomicRMWInst::And},   {"or", AtomicRMWInst::Or},
      {"xor", AtomicRMWInst::Xor}, {"exch", AtomicRMWInst::Xchg}, {"min", AtomicRMWInst::UMin},
      {"max", AtomicRMWInst::UMax}};
  expectWords({"relaxed", "acquire", "release", "acq_rel", "cta", "gpu", "sys", "global", "shared",
               "add", "and", "or", "xor", "exch", "min", "max", "cas"});
  Type type = lastType();
  if (type.isFloat())
    fail("atomics of floats are not known here");
  AtomicOrdering ordering = has("acq_rel")   ? AtomicOrdering::AcquireRelease
                            : has("acquire") ? AtomicOrdering::Acquire
                            : has("release") ? AtomicOrdering::Release
                                             : AtomicOrdering::Monotonic;
  SyncScope::ID scope = scopeOf(false);
  size_t first = hasResult;
  Value *place = pointerOf(operandText(first), spaceOf());
  Align alignment(type.bits / 8);
  Value *result = nullptr;
  if (has("cas")) {
    AtomicOrdering failing = AtomicCmpXchgInst::getStrongestFailureOrdering(ordering);
    result = b.CreateExtractValue(b.CreateAtomicCmpXchg(place, operand(first + 1, type),
                                                        operand(first + 2, type), alignment,
                                                        ordering, failing, scope),
                                  0);
  } else {
    auto word =
        std::ranges::find_if(current->words.begin() + 1, current->words.end(),
                             [](const std::string &each) { return operations.contains(each); });
    if (word == current->words.end())
      fail("an atomic without an operation");
    AtomicRMWInst::BinOp operation = operations.at(*word);
    if (type.isSigned() && operation == AtomicRMWInst::UMin)
      operation = AtomicRMWInst::Min;
    if (type.isSigned() && operation == AtomicRMWInst::UMax)
      operation = AtomicRMWInst::Max;
    result =
        b.CreateAtomicRMW(operation, place, operand(first + 1, type), alignment, ordering, scope);
  }
  if (hasResult)
    set(result, type);
}

} // namespace descent::ptx
