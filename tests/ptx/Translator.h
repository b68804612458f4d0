// What the translations of instructions share.
#pragma once

#include "Syntax.h"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace descent::ptx {

/// Of an operand: `.s32`.
struct Type {
  char kind = 'b'; ///< b, u, s, f or p
  unsigned bits = 0;
  bool isFloat() const { return kind == 'f'; }
  bool isSigned() const { return kind == 's'; }
};

/// A word of an instruction, without its point; no bits where it is no type.
Type typeOf(const std::string &word);

class Translator {
public:
  Translator(const Code &code, llvm::Module &module);
  void translate();

private:
  using Value = llvm::Value;

  // Translator.cpp: functions and what is in them.
  void declare(const Function &function);
  void define(const Function &function);
  void addGlobal(const Variable &variable);
  void addVariable(const Variable &variable);
  void addRegisters(const Variable &variable);
  llvm::BasicBlock *blockOf(const std::string &label);
  void statement();
  void guarded(const std::function<void()> &instruction);
  void instruction();
  void branch();
  void branchByIndex();
  void call();
  void finish();
  llvm::DILocation *placeOf(const Place &place);

  // Operands.cpp
  [[noreturn]] void fail(const std::string &what) const;
  const std::string &operandText(size_t i) const;
  /// What stands for an operand: of `type.bits` bits, of a float's LLVM type where it is one.
  Value *operand(size_t i, Type type);
  Value *valueOf(const std::string &text, Type type);
  Value *specialOf(const std::string &name);
  llvm::AllocaInst *registerOf(const std::string &name);
  const Variable *variableOf(const std::string &name, Value *&place);
  /// The address of a variable as instructions have it, in its space.
  Value *addressOf(const std::string &name);
  /// Writes a register; narrower values are widened as `type` says.
  void set(const std::string &name, Value *value, Type type);
  void set(Value *value, Type type) { set(operandText(0), value, type); }
  std::vector<std::string> elementsOf(const std::string &text) const;
  /// Where "[%rd1+8]" is, as a pointer.
  Value *pointerOf(const std::string &text, Space space);
  llvm::Type *llvmOf(Type type);
  Value *number(uint64_t value, unsigned bits) { return b.getIntN(bits, value); }
  bool has(const std::string &word) const;
  /// Refuses an instruction with other words than these behind its first, types aside.
  void expectWords(std::initializer_list<const char *> known) const;
  Type lastType() const;

  // Each of these knows some of the instructions, by their first word.
  bool arithmetic();
  bool bits();
  bool conversion();
  bool memory();
  bool together();

  // Arithmetic.cpp
  Value *integer(const std::string &name, Type type);
  Value *product(Type type, Value *&addend);
  Value *floating(const std::string &name, Type type);
  Value *compared(const std::string &comparison, Type type, Value *left, Value *right);
  void carrying(const std::string &name);
  // Bits.cpp
  Value *permuted();
  Value *field(Type type);
  Value *withField(Type type);
  // Conversion.cpp
  void move(Type type);
  void convert();
  // Memory.cpp
  void access(bool isLoad);
  bool isUsed(const std::string &name) const;
  void atomic(bool hasResult);
  Space spaceOf() const;
  llvm::SyncScope::ID scopeOf(bool isNeeded) const;
  // Together.cpp
  Value *intrinsic(llvm::Intrinsic::ID id, llvm::ArrayRef<Value *> arguments = {});
  void shuffle();
  void vote();
  void product();

  const Code &code;
  llvm::Module &module;
  llvm::IRBuilder<> b;
  llvm::DIBuilder places;
  std::map<int, llvm::DIFile *> files;
  llvm::DICompileUnit *unit = nullptr;

  struct Known {
    Variable variable;
    Value *place;
  };
  std::map<std::string, Known> globals;

  // Of the function that is translated.
  const Function *function = nullptr;
  llvm::Function *made = nullptr;
  llvm::DISubprogram *subprogram = nullptr;
  std::map<int, llvm::DIScope *> scopesOfFiles;
  std::vector<std::map<std::string, Known>> scopes;
  std::map<std::string, llvm::BasicBlock *> blocks;
  std::vector<std::string> defined;
  std::map<std::string, int> mentions; ///< of registers, in all operands and guards
  llvm::AllocaInst *carry = nullptr;
  const Statement *current = nullptr;
};

/// Added to host addresses of shared and local memory where an instruction names the space.
constexpr uint64_t sharedTag = uint64_t(1) << 62, localTag = uint64_t(1) << 61;

} // namespace descent::ptx
