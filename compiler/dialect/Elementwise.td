// Operations that act on each element by itself: the result at an index depends on the operands at
// that index alone.
#ifndef DESCENT_ELEMENTWISE_TD
#define DESCENT_ELEMENTWISE_TD

include "Base.td"

class Descent_Elementwise<string mnemonic, list<Trait> traits = []>
    : Descent_Op<mnemonic, !listconcat([Pure, Elementwise], traits)>;

class Descent_Unary<string mnemonic, TypeConstraint type, string formula, list<Trait> traits = []>
    : Descent_Elementwise<mnemonic, !listconcat([SameOperandsAndResultType], traits)> {
  let summary = "elementwise " # formula;
  let description = "The result at each index is " # formula # " of the operand there.\n\n"
    # "Example: `%y = descent." # mnemonic # " %x : tensor<4xf32>`";
  let arguments = (ins type:$x);
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

class Descent_Binary<string mnemonic, TypeConstraint type, string formula, list<Trait> traits = []>
    : Descent_Elementwise<mnemonic, !listconcat([SameOperandsAndResultType], traits)> {
  let summary = "elementwise " # formula;
  let description = "The result at each index is " # formula # " of the operands there.\n\n"
    # "Example: `%z = descent." # mnemonic # " %x, %y : tensor<4xf32>`";
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}

// ---- Arithmetic on numbers -------------------------------------------------------------------

def Descent_NegOp : Descent_Unary<"neg", Descent_Number, "-x"> { let hasFolder = 1; }
def Descent_AbsOp : Descent_Unary<"abs", Descent_Number, "|x|">;
def Descent_SignOp : Descent_Unary<"sign", Descent_Number, "-1, 0 or 1 by the sign of x (nan gives nan)">;

def Descent_AddOp : Descent_Binary<"add", Descent_Number, "x + y", [Commutative]> { let hasFolder = 1; }
def Descent_SubOp : Descent_Binary<"sub", Descent_Number, "x - y"> { let hasFolder = 1; }
def Descent_MulOp : Descent_Binary<"mul", Descent_Number, "x * y", [Commutative]> { let hasFolder = 1; }
def Descent_DivOp : Descent_Binary<"div", Descent_Float, "x / y"> { let hasFolder = 1; }
def Descent_FloorDivOp : Descent_Binary<"floordiv", Descent_Number,
    "floor(x / y); for integers 0 where y is 0, and the smallest one by -1 is itself">;
def Descent_ModOp : Descent_Binary<"mod", Descent_Number, "x - y * floor(x / y), with the sign of y; for integers 0 where y is 0">;
def Descent_PowOp : Descent_Binary<"pow", Descent_Number, "x to the power y"> {
  let description = [{
    Floats follow IEEE 754: `x^0` and `1^y` are 1 even for nan, a negative `x` needs an integer `y`.

    Integers wrap, and `x^0` is 1. A negative power of an integer is the quotient `1 / x^-y` rounded
    toward zero: 1 for `x = 1`, 1 or -1 for `x = -1`, and 0 for every other `x`, zero included.

    Example: `%z = descent.pow %x, %y : tensor<4xf32>`
  }];
  let hasFolder = 1;
}
def Descent_MaxOp : Descent_Binary<"max", Descent_Number, "the larger of x and y (nan if either is)", [Commutative]>;
def Descent_MinOp : Descent_Binary<"min", Descent_Number, "the smaller of x and y (nan if either is)", [Commutative]>;
def Descent_Atan2Op : Descent_Binary<"atan2", Descent_Float, "the angle of the point (y, x)">;
def Descent_LogAddExpOp : Descent_Binary<"logaddexp", Descent_Float, "log(e^x + e^y), without overflow", [Commutative]>;

// ---- Rounding and functions of one float ------------------------------------------------------

def Descent_FloorOp : Descent_Unary<"floor", Descent_Float, "floor(x)">;
def Descent_CeilOp : Descent_Unary<"ceil", Descent_Float, "ceil(x)">;
def Descent_RoundOp : Descent_Unary<"round", Descent_Float, "x rounded to the nearest integer, halves to even">;
def Descent_SqrtOp : Descent_Unary<"sqrt", Descent_Float, "the square root">;
def Descent_RsqrtOp : Descent_Unary<"rsqrt", Descent_Float, "one over the square root">;
def Descent_CbrtOp : Descent_Unary<"cbrt", Descent_Float, "the cube root">;
def Descent_ExpOp : Descent_Unary<"exp", Descent_Float, "e to the x">;
def Descent_Exp2Op : Descent_Unary<"exp2", Descent_Float, "2 to the x">;
def Descent_Expm1Op : Descent_Unary<"expm1", Descent_Float, "e to the x, minus 1">;
def Descent_LogOp : Descent_Unary<"log", Descent_Float, "the natural logarithm">;
def Descent_Log2Op : Descent_Unary<"log2", Descent_Float, "the logarithm to base 2">;
def Descent_Log10Op : Descent_Unary<"log10", Descent_Float, "the logarithm to base 10">;
def Descent_Log1pOp : Descent_Unary<"log1p", Descent_Float, "log(1 + x)">;
def Descent_SinOp : Descent_Unary<"sin", Descent_Float, "the sine">;
def Descent_CosOp : Descent_Unary<"cos", Descent_Float, "the cosine">;
def Descent_TanOp : Descent_Unary<"tan", Descent_Float, "the tangent">;
def Descent_AsinOp : Descent_Unary<"asin", Descent_Float, "the arc sine">;
def Descent_AcosOp : Descent_Unary<"acos", Descent_Float, "the arc cosine">;
def Descent_AtanOp : Descent_Unary<"atan", Descent_Float, "the arc tangent">;
def Descent_SinhOp : Descent_Unary<"sinh", Descent_Float, "the hyperbolic sine">;
def Descent_CoshOp : Descent_Unary<"cosh", Descent_Float, "the hyperbolic cosine">;
def Descent_TanhOp : Descent_Unary<"tanh", Descent_Float, "the hyperbolic tangent">;
def Descent_AsinhOp : Descent_Unary<"asinh", Descent_Float, "the inverse hyperbolic sine">;
def Descent_AcoshOp : Descent_Unary<"acosh", Descent_Float, "the inverse hyperbolic cosine">;
def Descent_AtanhOp : Descent_Unary<"atanh", Descent_Float, "the inverse hyperbolic tangent">;
def Descent_ErfOp : Descent_Unary<"erf", Descent_Float, "the error function">;
def Descent_ErfcOp : Descent_Unary<"erfc", Descent_Float, "1 - erf(x)">;
def Descent_ErfinvOp : Descent_Unary<"erfinv", Descent_Float, "the inverse of erf">;
def Descent_LgammaOp : Descent_Unary<"lgamma", Descent_Float, "log |gamma(x)|">;
def Descent_SigmoidOp : Descent_Unary<"sigmoid", Descent_Float, "1 / (1 + exp(-x))">;

def Descent_SiluOp : Descent_Unary<"silu", Descent_Float, "x / (1 + exp(-x))">;
def Descent_GeluOp : Descent_Unary<"gelu", Descent_Float, "x erfc(-x / sqrt(2)) / 2">;
def Descent_GeluTanhOp : Descent_Unary<"gelu_tanh", Descent_Float, "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2">;

def Descent_PolygammaOp : Descent_Unary<"polygamma", Descent_Float, "the polygamma function of the given order (0: digamma)"> {
  let description = [{
    The derivative of order `order` (0 to 1022) of digamma, the derivative of `lgamma`.

    Example: `%y = descent.polygamma %x order 1 : tensor<4xf32>`
  }];
  let arguments = (ins Descent_Float:$x, ConfinedAttr<I64Attr, [IntNonNegative, IntMaxValue<1022>]>:$order);
  let assemblyFormat = "$x `order` $order attr-dict `:` type($x)";
}

def Descent_StopGradientOp : Descent_Unary<"stop_gradient", Descent_Tensor,
    "x, whose derivative is zero by definition"> {
  let description = [{
    The identity; both derivative modes treat the result as a constant.

    Example: `%y = descent.stop_gradient %x : tensor<4xf32>`
  }];
}

// ---- Bits and truth values --------------------------------------------------------------------

def Descent_NotOp : Descent_Unary<"not", Descent_IntOrBool, "not x, bit by bit"> { let hasFolder = 1; }
def Descent_AndOp : Descent_Binary<"and", Descent_IntOrBool, "x and y, bit by bit", [Commutative]> { let hasFolder = 1; }
def Descent_OrOp : Descent_Binary<"or", Descent_IntOrBool, "x or y, bit by bit", [Commutative]> { let hasFolder = 1; }
def Descent_XorOp : Descent_Binary<"xor", Descent_IntOrBool, "x exclusive-or y, bit by bit", [Commutative]>;
def Descent_ShlOp : Descent_Binary<"shl", Descent_Int, "x shifted left by y bits"> {
  let description = [{
    `y` counts as unsigned. Where it is at least the width of the type (so also where it is negative),
    every bit has left and the result is 0.

    Example: `%z = descent.shl %x, %y : tensor<4xi32>`
  }];
}
def Descent_ShrOp : Descent_Binary<"shr", Descent_Int, "x shifted right by y bits"> {
  let description = [{
    Filled with the sign for signed types and with zeros for unsigned ones. `y` counts as unsigned; where
    it is at least the width of the type (so also where it is negative), the result is all filling: 0, or
    -1 for a negative signed `x`.

    Example: `%z = descent.shr %x, %y : tensor<4xi32>`
  }];
}
def Descent_ThreefryOp : Descent_Binary<"threefry", Descent_Key,
    "threefry2x32 with 20 rounds of key and counter (packed words, the first in the upper half)"> {
  let description = [{
    The counter-based random function of Random123 (Salmon et al., "Parallel random numbers: as easy as
    1, 2, 3", 2011). Key, counter and result are two 32-bit words each, packed into 64 bits.

    Example: `%bits = descent.threefry %key, %counter : tensor<100xui64>`
  }];
}

def Descent_Predicate : I64EnumAttr<"Predicate", "how two numbers are compared", [
    I64EnumAttrCase<"eq", 0>, I64EnumAttrCase<"ne", 1>, I64EnumAttrCase<"lt", 2>,
    I64EnumAttrCase<"le", 3>, I64EnumAttrCase<"gt", 4>, I64EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::descent::ir";
  let genSpecializedAttr = 0;
}
def Descent_PredicateAttr : EnumAttr<Descent_Dialect, Descent_Predicate, "predicate">;

def Descent_CompareOp : Descent_Elementwise<"compare",
    [SameTypeOperands, InferTypeOpAdaptor]> {
  let summary = "elementwise comparison";
  let description = [{
    Floats compare by IEEE 754: every comparison with nan is false, but `ne`, which is true. Integers
    compare by the signedness of their type.

    Example: `%c = descent.compare lt %x, %y : tensor<4xf32>`
  }];
  let arguments = (ins Descent_PredicateAttr:$predicate, Descent_Tensor:$lhs, Descent_Tensor:$rhs);
  let results = (outs Descent_Bool:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasFolder = 1;
}

def Descent_SelectOp : Descent_Elementwise<"select",
    [SameOperandsAndResultShape, AllTypesMatch<["onTrue", "onFalse", "result"]>]> {
  let summary = "elementwise choice between two values";
  let description = [{
    Both values are computed; the side not chosen receives a zero cotangent, never nan.

    Example: `%z = descent.select %c, %x, %y : tensor<4xi1>, tensor<4xf32>`
  }];
  let arguments = (ins Descent_Bool:$condition, Descent_Tensor:$onTrue, Descent_Tensor:$onFalse);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` type($condition) `,` type($result)";
  let hasFolder = 1;
}

// ---- Changes of element type ------------------------------------------------------------------

def Descent_ConvertOp : Descent_Elementwise<"convert", [SameOperandsAndResultShape]> {
  let summary = "elementwise conversion to another element type";
  let description = [{
    Float to integer truncates toward zero and saturates (nan gives 0); to bool, everything but zero
    is true; between floats rounds to nearest even; between integers wraps.

    Example: `%y = descent.convert %x : tensor<4xi32> to tensor<4xf32>`
  }];
  let arguments = (ins Descent_Tensor:$x);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let hasFolder = 1;
}

def Descent_BitcastOp : Descent_Elementwise<"bitcast", [SameOperandsAndResultShape]> {
  let summary = "the same bits as another element type of the same width";
  let description = "Example: `%y = descent.bitcast %x : tensor<4xui32> to tensor<4xf32>`";
  let arguments = (ins Descent_Tensor:$x);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `to` type($result)";
  let hasVerifier = 1;
}

#endif
