// Tiles are chosen by an estimate of the cycles that a product takes on a card of 132
// multiprocessors, each with 128 lanes for f32: large tiles read the operands less often, small
// ones keep more blocks busy and waste less at the edges.
#include "compiler/gpu/DotTiling.h"

#include "compiler/gpu/Sizes.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Support/MathExtras.h>

#include <algorithm>
#include <limits>

namespace descent::gpu {

namespace {

constexpr int64_t kWarp = 32;
constexpr double kProcessors = 132;
/// Until the first numbers of a tile have come, and until its results have gone.
constexpr double kTileCycles = 1500;
/// A wait of all blocks for each other, and the launch of another pass over memory.
constexpr double kPartsCycles = 5000;
/// What a multiprocessor gets from memory that is near.
constexpr double kBytesPerCycle = 32;
constexpr int64_t kLeastPartTerms = 64, kMostParts = 64;
constexpr int64_t kMostPartBytes = 16 << 20;

/// Cycles of a multiprocessor for one term of a tile.
double cyclesOfTerm(const DotTiling &tiling, int64_t bytes, int64_t threads) {
  auto rows = double(tiling.rows), columns = double(tiling.columns);
  auto ownRows = double(tiling.ownRows), ownColumns = double(tiling.ownColumns);
  double warps = double(threads) / double(kWarp);
  double multiply = 0, shared = 0;
  switch (tiling.unit) {
  case DotUnit::Plain:
    multiply = rows * columns / (bytes == 8 ? 64 : 128);
    // A load of 16 bytes takes two cycles, where neighbours read the same.
    shared = warps * (ownRows + ownColumns) * double(bytes) / 8;
    break;
  case DotUnit::Tf32:
    multiply = rows * columns / 512;
    shared = warps * (4 * ownRows + 2 * ownColumns) / 8;
    break;
  case DotUnit::Bf16:
    multiply = rows * columns / 1024;
    shared = warps * (4 * ownRows + 2 * ownColumns) / 16;
    break;
  case DotUnit::F64:
    multiply = rows * columns / 128;
    shared = warps * (ownRows + ownColumns) / 2;
    break;
  case DotUnit::F64Large:
    multiply = rows * columns / 128;
    shared = warps * (2 * ownRows + ownColumns) / 2;
    break;
  }
  double load = (rows + columns) * double(bytes) / kBytesPerCycle;
  // They overlap, but not fully.
  return std::max({multiply, shared, load}) + 0.25 * (multiply + shared + load);
}

class Chooser {
public:
  Chooser(const kernel::DotShape &shape, DotUnit unit, int64_t bytes, int64_t threads)
      : shape(shape), unit(unit), bytes(bytes), threads(threads) {}

  DotTiling choose() {
    considerDirect();
    for (int64_t across = 1; across <= threads / kWarp; across *= 2)
      unit == DotUnit::Plain ? considerPlain(across) : considerTensor(across);
    return best;
  }

private:
  const kernel::DotShape &shape;
  const DotUnit unit;
  const int64_t bytes, threads;
  DotTiling best;
  double leastCycles = std::numeric_limits<double>::infinity();

  void consider(const DotTiling &tiling, double cycles) {
    if (cycles >= leastCycles)
      return;
    best = tiling;
    leastCycles = cycles;
  }

  void considerDirect() {
    DotTiling tiling;
    tiling.isDirect = true;
    auto blocks = double(ceilDiv(shape.batch * shape.m * shape.n, threads));
    auto terms = double(shape.k);
    // Two loads for each product: bound by the way to memory, or by their latency.
    consider(tiling, std::max(terms * 40, std::ceil(blocks / kProcessors) * terms * 32) + 800);
  }

  void considerPlain(int64_t across) {
    const int64_t mostOwn = bytes == 8 ? 32 : 64;
    for (int64_t ownRows : {2, 4, 8})
      for (int64_t ownColumns : {2, 4, 8}) {
        if (ownRows * ownColumns > mostOwn)
          continue;
        DotTiling tiling;
        tiling.warpsAcross = across;
        tiling.warpsDown = threads / kWarp / across;
        tiling.ownRows = ownRows;
        tiling.ownColumns = ownColumns;
        tiling.rows = tiling.warpsDown * 4 * ownRows;
        tiling.columns = across * 8 * ownColumns;
        tiling.slice = bytes == 8 || ownRows * ownColumns > 32 ? 8 : 16;
        considerParts(tiling);
      }
  }

  void considerTensor(int64_t across) {
    for (int64_t ownRows : {1, 2, 4})
      for (int64_t ownColumns : {1, 2, 4, 8}) {
        if (ownRows * ownColumns > (unit == DotUnit::F64Large ? 8 : 16))
          continue;
        DotTiling tiling;
        tiling.unit = unit;
        tiling.warpsAcross = across;
        tiling.warpsDown = threads / kWarp / across;
        tiling.ownRows = ownRows;
        tiling.ownColumns = ownColumns;
        tiling.rows = tiling.warpsDown * ownRows * MmaShape::of(unit).rows;
        tiling.columns = across * ownColumns * MmaShape::of(unit).columns;
        tiling.slice = isF64(unit) ? 8 : 16;
        considerParts(tiling);
      }
  }

  /// At most so many bytes has a slice in shared memory (DotOperand::bytes).
  int64_t paddedBytes(const DotTiling &tiling) const {
    constexpr int64_t most = 8; // of words, at the end of a row
    int64_t free = tiling.rows + tiling.columns, words = tiling.words();
    int64_t byWords = (free + 2 * most) * words;
    int64_t byTerms = unit == DotUnit::Plain ? 0 : free * (words + most / 2);
    return std::max(byWords, byTerms) * bytes;
  }

  void considerParts(DotTiling tiling) {
    // What a thread has on the way from memory to shared memory has to be in its registers, and two
    // slices, with what keeps their rows apart, in the 48 KiB that every card has.
    if ((tiling.rows + tiling.columns) * tiling.slice * bytes > threads * 96 ||
        2 * paddedBytes(tiling) > (48 << 10) || std::max(tiling.rows, tiling.columns) > 256)
      return;
    auto tiles =
        double(shape.batch * ceilDiv(shape.m, tiling.rows) * ceilDiv(shape.n, tiling.columns));
    double ofTerm = cyclesOfTerm(tiling, bytes, threads);
    double resultBytes = double(shape.batch) * double(shape.m) * double(shape.n) * double(bytes);
    int64_t last = 0;
    for (int64_t parts = 1; parts <= kMostParts; parts *= 2) {
      int64_t terms = int64_t(llvm::alignTo(uint64_t(std::max<int64_t>(1, ceilDiv(shape.k, parts))),
                                            uint64_t(tiling.slice)));
      tiling.partTerms = terms;
      tiling.parts = std::max<int64_t>(1, ceilDiv(shape.k, terms));
      if (parts > 1 && (terms < kLeastPartTerms || tiling.parts == last ||
                        resultBytes * double(tiling.parts) > double(kMostPartBytes)))
        return;
      last = tiling.parts;
      double rounds = std::ceil(tiles * double(tiling.parts) / kProcessors);
      double cycles = rounds * double(terms) * ofTerm + kTileCycles;
      if (tiling.parts > 1)
        cycles +=
            kPartsCycles + double(tiling.parts) * resultBytes / (kBytesPerCycle * kProcessors);
      consider(tiling, cycles);
    }
  }
};

} // namespace

int64_t DotTiling::elementsOfThread() const {
  // Parts are added up, and elements made directly, one after the other.
  if (isDirect || parts > 1)
    return 1;
  MmaShape mma = MmaShape::of(unit);
  return ownRows * ownColumns * (unit == DotUnit::Plain ? 1 : mma.rows * mma.columns / kWarp);
}

DotTiling tilingOf(const kernel::DotShape &shape, DotUnit unit, int64_t elementBytes,
                   int64_t threads) {
  return Chooser(shape, unit, elementBytes, threads).choose();
}

} // namespace descent::gpu
