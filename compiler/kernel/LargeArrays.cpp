#include "compiler/kernel/LargeArrays.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/raw_ostream.h>

#include <map>
#include <tuple>

namespace descent::kernel {

namespace {

std::string typeOf(mlir::Value value) {
  std::string text;
  llvm::raw_string_ostream out(text);
  mlir::RankedTensorType type = tensorType(value);
  if (type.getElementType().isInteger(1))
    out << "bool";
  else if (type.getElementType().isUnsignedInteger(64))
    out << "key";
  else
    out << type.getElementType();
  out << '[';
  llvm::interleaveComma(type.getShape(), out);
  out << ']';
  return text;
}

/// Where in a script an operation is; those of no place come last.
std::tuple<std::string, unsigned, unsigned> orderOf(mlir::Location location) {
  std::tuple<std::string, unsigned, unsigned> order{"\xff", 0, 0};
  location->walk([&](mlir::Location part) {
    auto range = mlir::dyn_cast<mlir::FileLineColRange>(part);
    if (!range)
      return mlir::WalkResult::advance();
    order = {range.getFilename().str(), range.getStartLine(), range.getStartColumn()};
    return mlir::WalkResult::interrupt();
  });
  return order;
}

} // namespace

std::vector<LargeArray> largestArrays(const FunctionPlan &plan, size_t count) {
  // By the memory that they have.
  std::map<std::pair<int64_t, int64_t>, LargeArray> arrays;
  auto add = [&](int64_t offset, LargeArray array) {
    auto [found, isNew] = arrays.try_emplace({offset, array.bytes}, array);
    if (!isNew && std::tuple(orderOf(array.location), array.type) <
                      std::tuple(orderOf(found->second.location), found->second.type))
      found->second = array;
  };
  for (const auto &[value, place] : plan.places)
    if (place.kind == Place::Kind::Arena)
      add(place.offset, {typeOf(value), byteSize(value), value.getLoc()});
  for (const auto &[block, steps] : plan.blocks)
    for (const Step &step : steps.steps)
      if (step.scratchBytes > 0)
        add(step.scratchOffset, {"", step.scratchBytes, step.roots.front()->getLoc()});
  std::vector<LargeArray> largest;
  for (auto &[memory, array] : arrays)
    largest.push_back(array);
  llvm::stable_sort(largest, [](const LargeArray &a, const LargeArray &b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : orderOf(a.location) < orderOf(b.location);
  });
  // One place of a script may make several arrays: a derivative has some of each operation's.
  std::vector<LargeArray> chosen;
  for (const LargeArray &array : largest) {
    bool isKnown = llvm::any_of(chosen, [&](const LargeArray &other) {
      return other.type == array.type && orderOf(other.location) == orderOf(array.location);
    });
    if (!isKnown && chosen.size() < count)
      chosen.push_back(array);
  }
  return chosen;
}

} // namespace descent::kernel
