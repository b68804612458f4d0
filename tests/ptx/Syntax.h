// PTX as it is written: functions, variables and statements, their operands as text.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace descent::ptx {

/// The text is no PTX, or PTX that is not known here.
class Problem : public std::runtime_error {
public:
  Problem(int line, const std::string &what) : std::runtime_error(what), line(line) {}
  const int line;
};

/// A line of a source that the code was made of.
struct Place {
  int file = 0, line = 0, column = 0;
};

enum class Space { Generic, Global, Shared, Local, Param };

/// A variable, a parameter, or a register (in no space): `bytes` is its size in all.
struct Variable {
  std::string name;
  Space space = Space::Generic;
  unsigned bytes = 0;
  unsigned alignment = 1;
  /// Bits of a register, or of an element; a predicate has one.
  unsigned bits = 0;
  /// Of registers `%r<7>`: %r0 to %r6; 0: there is one, of just that name.
  unsigned count = 0;
  /// Of external size.
  bool isDynamic = false;
  std::vector<std::string> initial;
  int line = 0;
};

struct Statement {
  enum class Kind { Instruction, Label, Targets, Declaration, Begin, End };
  Kind kind = Kind::Instruction;
  int line = 0;
  Place place;
  /// The predicate that it depends on; empty: none.
  std::string guard;
  bool isNegated = false;
  /// "ld.volatile.global.v2.b64" at its points; a label's name, or that of
  /// targets, which are the operands.
  std::vector<std::string> words;
  std::vector<std::string> operands;
  Variable variable;
};

struct Function {
  std::string name;
  bool isKernel = false, isExternal = false, hasBody = false;
  std::vector<Variable> results, parameters;
  int mostThreads = 0; ///< of a block; 0: not said
  std::vector<Statement> body;
  int line = 0;
};

struct Code {
  double version = 0;
  int capability = 0;
  std::map<int, std::string> files;
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// Throws Problem.
Code parse(std::string_view text);

/// The parts of `text` between commas that are in no brackets, without space around them.
std::vector<std::string> parts(std::string_view text);

} // namespace descent::ptx
