// Operations that make arrays or move elements without arithmetic.
#ifndef DESCENT_SHAPE_TD
#define DESCENT_SHAPE_TD

include "Base.td"

def Descent_ConstantOp : Descent_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a constant array";
  let description = "The elements are dense: listed, or one number for all.\n\nExample: `%c = descent.constant dense<0.5> : tensor<4xf32>`";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Descent_IotaOp : Descent_Op<"iota", [Pure]> {
  let summary = "each element is its index along one dimension";
  let description = "Example: `%i = descent.iota 0 : tensor<10xi32>` is 0, 1, … 9.";
  let arguments = (ins Descent_IndexAttr:$dim);
  let results = (outs Descent_Number:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Descent_ReshapeOp : Descent_Op<"reshape", [Pure, SameOperandsAndResultElementType]> {
  let summary = "the same elements in row-major order under another shape";
  let description = "Example: `%y = descent.reshape %x : tensor<2x3xf32> to tensor<6xf32>`";
  let arguments = (ins Descent_Tensor:$x);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Descent_TransposeOp : Descent_InferredOp<"transpose"> {
  let summary = "permutes dimensions";
  let description = [{
    Dimension `i` of the result is dimension `permutation[i]` of the operand.

    Example: `%y = descent.transpose %x [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x $permutation attr-dict `:` type($x) `to` type($result)";
  let hasFolder = 1;
}

def Descent_BroadcastOp : Descent_Op<"broadcast", [Pure, SameOperandsAndResultElementType]> {
  let summary = "repeats an array along new dimensions";
  let description = [{
    Dimension `i` of the operand becomes dimension `dims[i]` of the result, of the same size; `dims`
    increases. All other dimensions of the result are repetitions.

    Example: `%y = descent.broadcast %x [1] : tensor<3xf32> to tensor<2x3xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x $dims attr-dict `:` type($x) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Descent_SliceOp : Descent_InferredOp<"slice"> {
  let summary = "a strided box of an array, with bounds known at compile time";
  let description = [{
    Along each dimension: the elements from `starts` up to but not including `limits`, every
    `strides`-th (strides are positive).

    Example: `%y = descent.slice %x [1] to [9] by [2] : tensor<10xf32> to tensor<4xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$limits,
                   DenseI64ArrayAttr:$strides);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x $starts `to` $limits `by` $strides attr-dict `:` type($x) `to` type($result)";
  let hasFolder = 1;
}

def Descent_PadOp : Descent_InferredOp<"pad"> {
  let summary = "surrounds and spreads an array with a value";
  let description = [{
    Along each dimension: `low` copies of the value before, `high` after, `interior` between two
    neighbours (all are zero or more). With value zero it is the transpose of `descent.slice`.

    Example: `%y = descent.pad %x, %zero low [1] high [2] interior [1] : tensor<3xf32> to tensor<8xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, Descent_Scalar:$value, DenseI64ArrayAttr:$low,
                   DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$interior);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = [{$x `,` $value `low` $low `high` $high `interior` $interior attr-dict
    `:` type($x) `,` type($value) `to` type($result)}];
}

def Descent_ConcatOp : Descent_InferredOp<"concat"> {
  let summary = "joins arrays along one dimension";
  let description = "Example: `%z = descent.concat 0 %x, %y : (tensor<2xf32>, tensor<3xf32>) to tensor<5xf32>`";
  let arguments = (ins Descent_IndexAttr:$dim, Variadic<Descent_Tensor>:$inputs);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$dim $inputs attr-dict `:` `(` type($inputs) `)` `to` type($result)";
}

def Descent_ReverseOp : Descent_Op<"reverse", [Pure, SameOperandsAndResultType]> {
  let summary = "reverses the order of elements along some dimensions";
  let description = "Each of `dims` is named once.\n\nExample: `%y = descent.reverse %x [0] : tensor<4xf32>`";
  let arguments = (ins Descent_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x $dims attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Descent_DynamicSliceOp : Descent_InferredOp<"dynamic_slice"> {
  let summary = "a box of fixed size at a position known at run time";
  let description = [{
    One start per dimension, clamped so that the box lies inside the array.

    Example: `%y = descent.dynamic_slice %x[%i] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, Variadic<Descent_IntScalar>:$starts, DenseI64ArrayAttr:$sizes);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x `[` $starts `]` `sizes` $sizes attr-dict `:` type($x) (`,` type($starts)^)? `to` type($result)";
}

def Descent_UpdateOp : Descent_Op<"update", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "an array with a box of it replaced, at a position known at run time";
  let description = [{
    One start per dimension, clamped so that the box lies inside the array. Updated in place where
    the operand is not used again.

    Example: `%y = descent.update %x, %u[%i] : tensor<10xf32>, tensor<3xf32>, tensor<i32>`
  }];
  let arguments = (ins Descent_Tensor:$x, Descent_Tensor:$update, Variadic<Descent_IntScalar>:$starts);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x `,` $update `[` $starts `]` attr-dict `:` type($x) `,` type($update) (`,` type($starts)^)?";
  let hasVerifier = 1;
}

def Descent_GatherOp : Descent_InferredOp<"gather"> {
  let summary = "takes slices of an array by index along one dimension";
  let description = [{
    With `b = batch_dims`, the first `b` dimensions of array and indices agree and are looked up in
    lockstep. For an array `[B…, P…, N, Q…]` whose dimension `axis` is N, and indices `[B…, I…]`, the
    result is `[B…, P…, I…, Q…]`. Indices are clamped to 0 … N-1 (`descent.check` refuses those outside);
    what is taken of an array without elements is zero.

    Example: `%y = descent.gather %x, %i axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32> to tensor<3x4xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, StaticShapeTensorOf<[I32, I64]>:$indices, Descent_IndexAttr:$axis,
                   DefaultValuedAttr<Descent_IndexAttr, "0">:$batch_dims);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = [{$x `,` $indices `axis` $axis `batch` $batch_dims attr-dict
    `:` type($x) `,` type($indices) `to` type($result)}];
}

def Descent_FetchOp : Descent_InferredOp<"fetch"> {
  let summary = "takes rows of an array by index, while the operations after it run";
  let description = [{
    The result is that of a `gather` along axis 0. Where a device has to read the array over a slow bus, the rows are
    under way until something needs them. `--fetch-ahead` makes it of a `gather` in a loop.

    Example: `%y = descent.fetch %x, %i : tensor<10x4xf32>, tensor<3xi32> to tensor<3x4xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x, StaticShapeTensorOf<[I32, I64]>:$indices);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x `,` $indices attr-dict `:` type($x) `,` type($indices) `to` type($result)";
}

def Descent_ScatterKind : I64EnumAttr<"ScatterKind", "how an update meets the element it lands on", [
    I64EnumAttrCase<"add", 0>, I64EnumAttrCase<"set", 1>]> {
  let cppNamespace = "::descent::ir";
  let genSpecializedAttr = 0;
}
def Descent_ScatterKindAttr : EnumAttr<Descent_Dialect, Descent_ScatterKind, "scatter_kind">;

def Descent_ScatterOp : Descent_Op<"scatter", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "adds or writes slices into an array by index along one dimension";
  let description = [{
    The shapes are those of `descent.gather` with `updates` in place of its result: `add` is the
    transpose of a gather; with `set` the last update of an index (in row-major order of the indices)
    stays. Indices are clamped to 0 … N-1. Updates are applied in order, so the result is deterministic.
    Only numbers can be added.

    Example: `%y = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32>, tensor<3x4xf32>`
  }];
  let arguments = (ins Descent_ScatterKindAttr:$kind, Descent_Tensor:$x,
                   StaticShapeTensorOf<[I32, I64]>:$indices, Descent_Tensor:$updates,
                   Descent_IndexAttr:$axis, DefaultValuedAttr<Descent_IndexAttr, "0">:$batch_dims);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = [{$kind $x `,` $indices `,` $updates `axis` $axis `batch` $batch_dims attr-dict
    `:` type($x) `,` type($indices) `,` type($updates)}];
  let hasVerifier = 1;
}

#endif
