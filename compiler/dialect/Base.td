// The dialect itself and the type constraints its operations share.
#ifndef DESCENT_BASE_TD
#define DESCENT_BASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Descent_Dialect : Dialect {
  let name = "descent";
  let cppNamespace = "::descent::ir";
  let summary = "Pure NumPy-like array operations, structured control flow and derivative transforms";
  let description = [{
    Values are builtin tensors with static shapes; a scalar is a tensor of rank 0. Signed integers are
    signless (`i32`, `i64`), unsigned ones are `ui32`; a random key is one `ui64` (first word in the
    upper half); a bool is `i1`. Nothing broadcasts implicitly: operands of an elementwise operation
    have one type, and `descent.broadcast` makes it so.

    Every operation is pure but those of the host family (`effect`, `check`, `poll`, `clock`), which
    keep their order. Regions of control flow and of transforms may capture values from above.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class Descent_Type<string name, string typeMnemonic> : TypeDef<Descent_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Descent_Tape : Descent_Type<"Tape", "tape"> {
  let summary = "a stack of tensors of one type, used linearly";
  let description = [{
    What the reverse of a loop needs of its forward run. A tape is a value that is consumed by the
    operation that pushes or pops and replaced by its result, so that it can live in one buffer that
    grows.
  }];
  let parameters = (ins "::mlir::RankedTensorType":$element);
  let assemblyFormat = "`<` $element `>`";
}

defvar FloatElement = [F32, F64];
defvar IntElement = [I32, I64, UI32, UI64];
defvar AnyElement = [F32, F64, I32, I64, UI32, UI64, I1];

def Descent_Tensor : StaticShapeTensorOf<AnyElement>;
def Descent_Float : StaticShapeTensorOf<FloatElement>;
def Descent_Number : StaticShapeTensorOf<[F32, F64, I32, I64, UI32, UI64]>;
def Descent_Int : StaticShapeTensorOf<IntElement>;
def Descent_IntOrBool : StaticShapeTensorOf<[I32, I64, UI32, UI64, I1]>;
def Descent_Bool : StaticShapeTensorOf<[I1]>;
def Descent_Key : StaticShapeTensorOf<[UI64]>;
def Descent_Scalar : 0DTensorOf<AnyElement>;
def Descent_IntScalar : 0DTensorOf<[I32, I64]>;
def Descent_BoolScalar : 0DTensorOf<[I1]>;
def Descent_Carried : AnyTypeOf<[Descent_Tensor, Descent_Tape]>;

// A dimension, a size, or a position in a table of the program.
def Descent_IndexAttr : ConfinedAttr<I64Attr, [IntNonNegative]>;

class Descent_Op<string mnemonic, list<Trait> traits = []>
    : Op<Descent_Dialect, mnemonic, traits>;

// The result type follows from the operands and attributes; inferring it also verifies it.
class Descent_InferredOp<string mnemonic, list<Trait> traits = []>
    : Descent_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptor], traits)>;

#endif
