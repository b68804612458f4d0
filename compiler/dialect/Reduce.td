// Operations that combine elements along dimensions, and the matrix product.
#ifndef DESCENT_REDUCE_TD
#define DESCENT_REDUCE_TD

include "Base.td"

class Descent_Reduce<string mnemonic, TypeConstraint type, string what>
    : Descent_InferredOp<mnemonic> {
  let summary = what # " along some dimensions";
  let description = "The dimensions `dims` (increasing) are removed from the shape.\n\n"
    # "Example: `%y = descent." # mnemonic # " %x [0] : tensor<2x3xf32> to tensor<3xf32>`";
  let arguments = (ins type:$x, DenseI64ArrayAttr:$dims);
  let results = (outs type:$result);
  let assemblyFormat = "$x $dims attr-dict `:` type($x) `to` type($result)";
}

def Descent_ReduceSumOp : Descent_Reduce<"reduce_sum", Descent_Number, "the sum (0 of nothing)">;
def Descent_ReduceProdOp : Descent_Reduce<"reduce_prod", Descent_Number, "the product (1 of nothing)">;
def Descent_ReduceMaxOp : Descent_Reduce<"reduce_max", Descent_Number, "the largest element (nan if one is nan)">;
def Descent_ReduceMinOp : Descent_Reduce<"reduce_min", Descent_Number, "the smallest element (nan if one is nan)">;
def Descent_ReduceAndOp : Descent_Reduce<"reduce_and", Descent_Bool, "whether all are true">;
def Descent_ReduceOrOp : Descent_Reduce<"reduce_or", Descent_Bool, "whether any is true">;

class Descent_ArgReduce<string mnemonic, string what> : Descent_InferredOp<mnemonic> {
  let summary = "index of the " # what # " element along one dimension";
  let description = "The first of several equal ones; the first nan, if there is one. The result is i32.\n\n"
    # "Example: `%i = descent." # mnemonic # " %x 1 : tensor<2x3xf32> to tensor<2xi32>`";
  let arguments = (ins Descent_Number:$x, Descent_IndexAttr:$dim);
  let results = (outs StaticShapeTensorOf<[I32]>:$result);
  let assemblyFormat = "$x $dim attr-dict `:` type($x) `to` type($result)";
}
def Descent_ArgMaxOp : Descent_ArgReduce<"argmax", "largest">;
def Descent_ArgMinOp : Descent_ArgReduce<"argmin", "smallest">;

class Descent_Cumulative<string mnemonic, string what>
    : Descent_Op<mnemonic, [Pure, SameOperandsAndResultType]> {
  let summary = what # " along one dimension";
  let description = "Element i combines elements 0 … i; with `reverse`, i … n-1.\n\n"
    # "Example: `%y = descent." # mnemonic # " %x 0 : tensor<4xf32>`";
  let arguments = (ins Descent_Number:$x, Descent_IndexAttr:$dim, UnitAttr:$reverse);
  let results = (outs Descent_Number:$result);
  let assemblyFormat = "$x $dim (`reverse` $reverse^)? attr-dict `:` type($x)";
  let hasVerifier = 1;
}
def Descent_CumSumOp : Descent_Cumulative<"cumsum", "the running sum">;
def Descent_CumProdOp : Descent_Cumulative<"cumprod", "the running product">;
def Descent_CumMaxOp : Descent_Cumulative<"cummax", "the running maximum">;

def Descent_ArgSortOp : Descent_InferredOp<"argsort"> {
  let summary = "the order that sorts along one dimension";
  let description = [{
    Ascending and stable; nan sorts last. The result is i32.

    Example: `%i = descent.argsort %x 0 : tensor<4xf32> to tensor<4xi32>`
  }];
  let arguments = (ins Descent_Number:$x, Descent_IndexAttr:$dim);
  let results = (outs StaticShapeTensorOf<[I32]>:$result);
  let assemblyFormat = "$x $dim attr-dict `:` type($x) `to` type($result)";
}

def Descent_DotOp : Descent_InferredOp<"dot"> {
  let summary = "a general product: multiplies and sums over contracted dimensions";
  let description = [{
    The result has the batch dimensions (in the order given), then the free ones of the left operand,
    then those of the right. Batch and contracted dimensions are paired in the order given.

    Example: `%c = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>`
  }];
  let arguments = (ins Descent_Number:$lhs, Descent_Number:$rhs, DenseI64ArrayAttr:$lhs_batch,
                   DenseI64ArrayAttr:$rhs_batch, DenseI64ArrayAttr:$lhs_contract,
                   DenseI64ArrayAttr:$rhs_contract);
  let results = (outs Descent_Number:$result);
  let assemblyFormat = [{$lhs `,` $rhs `batch` $lhs_batch `x` $rhs_batch `contract` $lhs_contract `x`
    $rhs_contract attr-dict `:` type($lhs) `,` type($rhs) `to` type($result)}];
}

#endif
