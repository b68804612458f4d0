// Builds the batched form of a vmap's region, operation by operation.
#pragma once

#include "compiler/batch/BatchedValues.h"

#include <mlir/IR/Builders.h>

namespace descent::batch {

/// The state of one expansion: where to build, what stands for each value of the region, and which
/// lanes are at work.
///
/// A value that depends on the lane is represented with one more leading dimension, of the size of
/// the vmap; any other as it is. "Original" values are those of the vmap's region.
class Batcher {
public:
  Batcher(mlir::OpBuilder &builder, int64_t size, const BatchedValues &batched)
      : builder(builder), size(size), batched(batched) {}

  mlir::OpBuilder &builder;
  /// The number of lanes.
  const int64_t size;
  const BatchedValues &batched;
  /// The lanes at work, `tensor<size x i1>`; null where all are.
  mlir::Value mask;

  bool isBatched(mlir::Value original) const { return batched.contains(original); }
  /// What stands for an original value, with a dimension of lanes or without.
  mlir::Value get(mlir::Value original) const { return replacements.lookupOrDefault(original); }
  mlir::SmallVector<mlir::Value> get(mlir::ValueRange originals) const;
  /// What stands for an original value, with a dimension of lanes: repeated if it has none.
  mlir::Value lanes(mlir::Value original);
  /// As `lanes` where `asLanes`, else as `get`.
  mlir::Value getAs(bool asLanes, mlir::Value original);
  void set(mlir::Value original, mlir::Value replacement) {
    replacements.map(original, replacement);
  }
  void set(mlir::ValueRange originals, mlir::ValueRange replacements);

  /// Builds all operations of a block but its terminator.
  mlir::LogicalResult run(mlir::Block &block);

  /// Adds a block to a region, with an argument for each original one, which it then stands for.
  /// Building goes on in it.
  mlir::Block *openBlock(mlir::Region &region, mlir::ValueRange originals);

  // Helpers that build; all take and give values of the new program.

  /// The type of a value with a dimension of lanes.
  mlir::RankedTensorType laneType(mlir::Type type) const;
  mlir::Type typeOf(mlir::Value original) const;
  /// Repeats a value for each lane.
  mlir::Value repeat(mlir::Value value);
  /// An integer constant of the type of `like`, repeated to its shape.
  mlir::Value integer(int64_t number, mlir::Type type);
  /// Per lane, one of two values.
  mlir::Value selectLanes(mlir::Value lanes, mlir::Value onTrue, mlir::Value onFalse);
  /// Moves a dimension to the front.
  mlir::Value toFront(mlir::Value value, int64_t dim);
  /// Conjunction with the mask, if there is one.
  mlir::Value masked(mlir::Value lanes);
  /// The same operation on other operands, with other result types and attributes changed.
  mlir::Operation *rebuild(mlir::Operation *op, mlir::ValueRange operands, mlir::TypeRange results,
                           mlir::ArrayRef<mlir::NamedAttribute> changed = {});

  mlir::Location location = builder.getUnknownLoc();

private:
  mlir::IRMapping replacements;
};

} // namespace descent::batch
