// What a program asks of the runtime around it. These keep their order and are never removed.
#ifndef DESCENT_HOST_TD
#define DESCENT_HOST_TD

include "Base.td"

def Descent_HostResource : Resource<"::descent::ir::HostResource">;

class Descent_HostOp<string mnemonic> : Descent_Op<mnemonic, [
    MemoryEffects<[MemRead<Descent_HostResource>, MemWrite<Descent_HostResource>]>]>;

def Descent_InputOp : Descent_Op<"input", [Pure]> {
  let summary = "an array that the runtime provides (a column of a data file)";
  let description = "Example: `%x = descent.input 0 : tensor<1000x2xf32>`";
  let arguments = (ins Descent_IndexAttr:$index);
  let results = (outs Descent_Tensor:$result);
  let assemblyFormat = "$index attr-dict `:` type($result)";
}

def Descent_EffectOp : Descent_HostOp<"effect"> {
  let summary = "hands values to the runtime: a print, a saved file, a report of training";
  let description = "`index` names the effect in the program's table.\n\nExample: `descent.effect 3 (%x) : (tensor<f32>)`";
  let arguments = (ins Descent_IndexAttr:$index, Variadic<Descent_Tensor>:$values);
  let assemblyFormat = "$index `(` $values `)` attr-dict `:` custom<Types>(type($values))";
}

def Descent_CheckOp : Descent_HostOp<"check"> {
  let summary = "stops the program with a message where a condition is false";
  let description = [{
    `index` names the message in the program's table; the values go into it. If the condition has
    elements, all must be true.

    Example: `descent.check 3 %ok (%i) : tensor<i1>, (tensor<i32>)`
  }];
  let arguments = (ins Descent_IndexAttr:$index, Descent_Bool:$condition, Variadic<Descent_Tensor>:$values);
  let assemblyFormat = "$index $condition `(` $values `)` attr-dict `:` type($condition) `,` custom<Types>(type($values))";
  let hasCanonicalizer = 1;
}

def Descent_PollOp : Descent_HostOp<"poll"> {
  let summary = "whether the user asked to stop";
  let description = "Example: `%stop = descent.poll : tensor<i1>`";
  let results = (outs Descent_BoolScalar:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Descent_ClockOp : Descent_HostOp<"clock"> {
  let summary = "seconds on a monotonic clock";
  let description = "Example: `%t = descent.clock : tensor<f64>`";
  let results = (outs 0DTensorOf<[F64]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

#endif
