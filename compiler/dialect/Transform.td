// Derivatives and batching of a region, to be expanded into plain operations.
#ifndef DESCENT_TRANSFORM_TD
#define DESCENT_TRANSFORM_TD

include "Base.td"

class Descent_Transform<string mnemonic> : Descent_Op<mnemonic, [RecursiveMemoryEffects,
    AttrSizedOperandSegments, SingleBlockImplicitTerminator<"YieldOp">]> {
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Descent_Tensor>:$results);
  let hasVerifier = 1;
}

def Descent_JvpOp : Descent_Transform<"jvp"> {
  let summary = "values and directional derivatives of a region";
  let description = [{
    The region is a function of its arguments; values captured from above are constants to this
    derivative. Results: all yielded values, then the tangents of those that are floats, in order.
    Primals are floats; there is one tangent for each, of its type.

    Example:
    ```
    %y, %dy = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
    ^bb0(%a: tensor<f32>):
      %b = descent.sin %a : tensor<f32>
      descent.yield %b : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    ```
  }];
  let arguments = (ins Variadic<Descent_Float>:$primals, Variadic<Descent_Float>:$tangents);
  let assemblyFormat = [{`(` $primals `)` `tangents` `(` $tangents `)` `:` custom<Types>(type($primals))
    `tangents` custom<Types>(type($tangents)) $body attr-dict `to` custom<Types>(type($results))}];
}

def Descent_VjpOp : Descent_Transform<"vjp"> {
  let summary = "values and pulled-back cotangents of a region";
  let description = [{
    The region is a function of its arguments; values captured from above are constants to this
    derivative. There is a cotangent for each of the first yielded values (all floats); further
    yielded values are auxiliary. Results: all yielded values, then one cotangent for each primal.

    Example:
    ```
    %y, %dx = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%a: tensor<f32>):
      %b = descent.sin %a : tensor<f32>
      descent.yield %b : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    ```
  }];
  let arguments = (ins Variadic<Descent_Float>:$primals, Variadic<Descent_Float>:$cotangents);
  let assemblyFormat = [{`(` $primals `)` `cotangents` `(` $cotangents `)` `:` custom<Types>(type($primals))
    `cotangents` custom<Types>(type($cotangents)) $body attr-dict `to` custom<Types>(type($results))}];
}

def Descent_VmapOp : Descent_Op<"vmap", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs a region for each index of a new leading dimension";
  let description = [{
    Each operand has a leading dimension of `size`; the region sees one element along it. Each result
    stacks the yielded values along a new leading dimension. Captured values are the same for all.

    Example:
    ```
    %y = descent.vmap 10 (%x) : (tensor<10x3xf32>) {
    ^bb0(%a: tensor<3xf32>):
      %b = descent.reduce_sum %a [0] : tensor<3xf32> to tensor<f32>
      descent.yield %b : tensor<f32>
    } to (tensor<10xf32>)
    ```
  }];
  let arguments = (ins Descent_IndexAttr:$size, Variadic<Descent_Tensor>:$inputs);
  let results = (outs Variadic<Descent_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$size `(` $inputs `)` `:` custom<Types>(type($inputs)) $body attr-dict `to` custom<Types>(type($results))";
  let hasVerifier = 1;
}

def Descent_CheckpointOp : Descent_Op<"checkpoint", [RecursiveMemoryEffects, IsolatedFromAbove,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a region of which a derivative keeps nothing but what goes in";
  let description = [{
    The results are what the region yields for its inputs. A reverse run does not use what was computed
    inside: it runs the region again, in a `descent.checkpoint again`, together with its reverse.

    The region captures nothing, so that nothing inside is ever taken for equal to something outside. Once
    there are no derivatives left, a checkpoint is part of the code around it, but for one that runs `again`.

    Example:
    ```
    %y = descent.checkpoint(%x) : (tensor<4xf32>) {
    ^bb0(%a: tensor<4xf32>):
      %b = descent.sin %a : tensor<4xf32>
      descent.yield %b : tensor<4xf32>
    } to (tensor<4xf32>)
    ```
  }];
  let arguments = (ins Variadic<Descent_Tensor>:$inputs, UnitAttr:$again);
  let results = (outs Variadic<Descent_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`again` $again^)? `(` $inputs `)` `:` custom<Types>(type($inputs)) $body attr-dict `to` custom<Types>(type($results))";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp getYield();
  }];
}

#endif
