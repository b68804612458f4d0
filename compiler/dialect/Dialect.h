// The `descent` dialect: its types, attributes and operations.
#pragma once

#include <mlir/Bytecode/BytecodeOpInterface.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/BuiltinTypes.h>
#include <mlir/IR/Dialect.h>
#include <mlir/IR/OpDefinition.h>
#include <mlir/IR/OpImplementation.h>
#include <mlir/Interfaces/ControlFlowInterfaces.h>
#include <mlir/Interfaces/InferTypeOpInterface.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>

#include <optional>

namespace descent::ir {

/// The world outside a program, as far as the order of effects is concerned.
struct HostResource : mlir::SideEffects::Resource::Base<HostResource> {
  mlir::StringRef getName() final { return "host"; }
};

// A yield may stand in them; they come after it.
class JvpOp;
class VjpOp;
class VmapOp;
class CheckpointOp;

} // namespace descent::ir

#include "compiler/dialect/Dialect.h.inc"
#include "compiler/dialect/Enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/dialect/Attributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "compiler/dialect/Types.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Elementwise.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Shape.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Reduce.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Control.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Transform.h.inc"
#define GET_OP_CLASSES
#include "compiler/dialect/Host.h.inc"
