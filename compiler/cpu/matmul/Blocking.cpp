#include "compiler/cpu/matmul/Blocking.h"

#include <llvm/Support/MathExtras.h>

namespace descent::cpu {

namespace {

int64_t ceilDivide(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Terms of a block of sums: a tile's rows of the left operand and some of the right one stay in
/// the first cache.
int64_t mostTerms(int elementBytes) {
  return elementBytes == 4 ? 256 : 192;
}

/// Rough cycles of all tiles per term of the sums, for a processor with two units for products and
/// two for loads, where the right operand comes from the second cache. What a tile costs once is
/// spread over its terms.
double costOf(Tile tile, int64_t rows, int64_t columns, int64_t terms, int lanes) {
  auto costOfTile = [&](int64_t r, int64_t c) {
    int64_t vectors = ceilDivide(c, lanes);
    double products = double(r * vectors) / 2;
    double loads = double(r) / 2 + double(vectors);
    double once = (30.0 + double(r * vectors)) / double(terms);
    return std::max({products, loads, 2.5}) + 0.15 * double(vectors) + once;
  };
  int64_t wholeRows = rows / tile.rows, restRows = rows % tile.rows;
  int64_t wholeColumns = columns / tile.columns, restColumns = columns % tile.columns;
  double cost = double(wholeRows * wholeColumns) * costOfTile(tile.rows, tile.columns);
  if (restRows)
    cost += double(wholeColumns) * costOfTile(restRows, tile.columns);
  if (restColumns)
    cost += double(wholeRows) * costOfTile(tile.rows, restColumns);
  if (restRows && restColumns)
    cost += costOfTile(restRows, restColumns);
  return cost;
}

/// The cheapest tile whose sums, one row of the right operand and one element of the left fit the
/// registers.
Tile tileFor(int64_t rows, int64_t columns, int64_t terms, int lanes, const Host &host) {
  Tile best;
  double bestCost = 0;
  int mostVectors = int(std::min<int64_t>(8, ceilDivide(columns, lanes)));
  for (int vectors = 1; vectors <= mostVectors; ++vectors)
    for (int count = 1; count <= rows && count <= 30; ++count) {
      if ((count + 1) * vectors + 1 > host.vectorRegisters)
        break;
      Tile tile{count, int(std::min<int64_t>(columns, vectors * lanes))};
      // Fewer kinds of tiles are less code.
      double cost = costOf(tile, rows, columns, terms, lanes) *
                    (1 + 0.005 * (rows % tile.rows != 0) + 0.005 * (columns % tile.columns != 0));
      if (bestCost == 0 || cost < bestCost) {
        best = tile;
        bestCost = cost;
      }
    }
  return best;
}

} // namespace

std::optional<Blocking> blockingOf(const ProductLayout &layout, int elementBytes,
                                   int64_t scratchBytes, const Host &host) {
  int lanes = host.vectorBytes / elementBytes;
  int64_t rows = layout.row.size, columns = layout.column.size, terms = layout.sum.size;
  Blocking blocking;
  Tile &tile = blocking.tile;
  int64_t most = mostTerms(elementBytes);
  // Blocks of about the same length.
  blocking.sumBlock =
      terms <= most
          ? terms
          : std::min<int64_t>(
                most, int64_t(llvm::alignTo(ceilDivide(terms, ceilDivide(terms, most)), 16)));
  tile = tileFor(rows, columns, blocking.sumBlock, lanes, host);
  blocking.columnBlock = columns;

  bool contiguous = layout.column.rhs == 1 || columns == 1;
  int64_t tilesDown = ceilDivide(rows, tile.rows), tilesAcross = ceilDivide(columns, tile.columns);
  // Rows of the right operand that are together use the caches as well as packed ones do.
  int64_t blockBytes = blocking.sumBlock * std::abs(layout.sum.rhs) * elementBytes;
  bool large = columns > tile.columns && blockBytes > host.level2Bytes / 2;
  blocking.packRhs = !contiguous || (large && tilesDown > 4);
  if (blocking.packRhs) {
    int64_t padded = int64_t(llvm::alignTo(uint64_t(columns), uint64_t(lanes)));
    int64_t fitting = scratchBytes / elementBytes / blocking.sumBlock;
    if (fitting < padded) {
      fitting = fitting / tile.columns * tile.columns;
      if (fitting == 0)
        return std::nullopt;
      blocking.columnBlock = std::min(
          fitting, ceilDivide(ceilDivide(columns, ceilDivide(columns, fitting)), tile.columns) *
                       tile.columns);
    }
  }
  // Where rows (or terms) are far apart, few of them are in the first cache at once.
  bool apart = layout.sum.lhs == 1 ? std::abs(layout.row.lhs) * elementBytes >= 4096
                                   : std::abs(layout.sum.lhs) * elementBytes >= 2048;
  blocking.packLhs = tilesAcross >= 3 && apart;
  return blocking;
}

int64_t productScratchLimit(const Host &host) {
  return host.level2Bytes / 2 * 3;
}

} // namespace descent::cpu
