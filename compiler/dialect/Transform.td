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

#endif
