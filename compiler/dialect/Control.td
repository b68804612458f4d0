// Control flow as values: loops carry values, branches yield them. Tapes remember a loop's past.
#ifndef DESCENT_CONTROL_TD
#define DESCENT_CONTROL_TD

include "Base.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Descent_YieldOp : Descent_Op<"yield", [Pure, ReturnLike, Terminator,
    ParentOneOf<["ForOp", "WhileOp", "IfOp", "JvpOp", "VjpOp", "VmapOp", "CheckpointOp"]>]> {
  let summary = "ends a region with its values";
  let description = "Example: `descent.yield %x, %y : tensor<f32>, tensor<4xf32>`";
  let arguments = (ins Variadic<Descent_Carried>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

def Descent_ForOp : Descent_Op<"for", [RecursiveMemoryEffects, AllTypesMatch<["lower", "upper"]>,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs a region once for each integer of a range";
  let description = [{
    The region's arguments are the counter (`lower`, `lower + 1`, … below `upper`; no run where
    `upper <= lower`) and the carried values; it yields the next carried values.

    Example:
    ```
    %r = descent.for %lower to %upper iter(%x) : tensor<i32>, (tensor<4xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<4xf32>):
      %b = descent.add %a, %a : tensor<4xf32>
      descent.yield %b : tensor<4xf32>
    } to (tensor<4xf32>)
    ```
  }];
  let arguments = (ins Descent_IntScalar:$lower, Descent_IntScalar:$upper,
                   Variadic<Descent_Carried>:$inits);
  let results = (outs Variadic<Descent_Carried>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{$lower `to` $upper `iter` `(` $inits `)` `:` type($lower) `,` custom<Types>(type($inits))
    $body attr-dict `to` custom<Types>(type($results))}];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getCounter() { return getBody().front().getArgument(0); }
    ::mlir::Block::BlockArgListType getCarried() { return getBody().front().getArguments().drop_front(); }
    YieldOp getYield();
    /// The number of runs, where both bounds are constants.
    std::optional<int64_t> getTripCount();
  }];
}

def Descent_WhileOp : Descent_Op<"while", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs a region as long as a condition on the carried values holds";
  let description = [{
    Both regions take the carried values; `condition` yields one bool, `body` the next carried values.

    Example:
    ```
    %r = descent.while iter(%x) : (tensor<f32>) {
    ^bb0(%a: tensor<f32>):
      %c = descent.compare lt %a, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%a: tensor<f32>):
      %b = descent.add %a, %a : tensor<f32>
      descent.yield %b : tensor<f32>
    } to (tensor<f32>)
    ```
  }];
  let arguments = (ins Variadic<Descent_Carried>:$inits);
  let results = (outs Variadic<Descent_Carried>:$results);
  let regions = (region SizedRegion<1>:$condition, SizedRegion<1>:$body);
  let assemblyFormat = [{`iter` `(` $inits `)` `:` custom<Types>(type($inits)) $condition `do` $body attr-dict
    `to` custom<Types>(type($results))}];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    YieldOp getConditionYield();
    YieldOp getYield();
  }];
}

def Descent_IfOp : Descent_Op<"if", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs one of two regions";
  let description = [{
    Example:
    ```
    %r = descent.if %c : tensor<i1> to (tensor<f32>) {
      descent.yield %x : tensor<f32>
    } else {
      descent.yield %y : tensor<f32>
    }
    ```
  }];
  let arguments = (ins Descent_BoolScalar:$cond);
  let results = (outs Variadic<Descent_Carried>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = [{$cond `:` type($cond) `to` custom<Types>(type($results)) $thenRegion `else` $elseRegion attr-dict}];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    YieldOp getThenYield();
    YieldOp getElseYield();
  }];
}

// ---- Tapes ------------------------------------------------------------------------------------

// A tape is mutable storage behind a value, so creating one twice is not creating it once: creation
// allocates (and may be removed when unused, but not merged with another).
def Descent_TapeCreateOp : Descent_Op<"tape_create", [MemoryEffects<[MemAlloc]>]> {
  let summary = "an empty tape";
  let description = "Example: `%t = descent.tape_create : <tensor<4xf32>>`";
  let arguments = (ins);
  let results = (outs Descent_Tape:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Descent_TapePushOp : Descent_Op<"tape_push", [Pure, AllTypesMatch<["tape", "result"]>]> {
  let summary = "a tape with one more value on top; consumes the tape";
  let description = "The tape is used nowhere else, but perhaps in the other branch of an `if`.\n\nExample: `%t2 = descent.tape_push %t, %x : !descent.tape<tensor<4xf32>>, tensor<4xf32>`";
  let arguments = (ins Descent_Tape:$tape, Descent_Tensor:$value);
  let results = (outs Descent_Tape:$result);
  let assemblyFormat = "$tape `,` $value attr-dict `:` type($tape) `,` type($value)";
  let hasVerifier = 1;
}

def Descent_TapePopOp : Descent_Op<"tape_pop", [Pure, AllTypesMatch<["tape", "rest"]>]> {
  let summary = "the top value of a tape and the tape without it; consumes the tape";
  let description = [{
    The tape is used nowhere else, but perhaps in the other branch of an `if`. Popping an empty tape gives zeros and an empty tape: the cotangent of a tape that nothing wrote to.

    Example: `%rest, %x = descent.tape_pop %t : !descent.tape<tensor<4xf32>>, tensor<4xf32>`
  }];
  let arguments = (ins Descent_Tape:$tape);
  let results = (outs Descent_Tape:$rest, Descent_Tensor:$value);
  let assemblyFormat = "$tape attr-dict `:` type($tape) `,` type($value)";
  let hasVerifier = 1;
}

#endif
