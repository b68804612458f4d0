// Turns a parsed script into a typed program by running it abstractly.
//
// This header is what the files of sema share; frontend/sema/Sema.h is the door. The class is one, its
// parts are files: Expressions, Calls, Operators, Indexing, Statements, Loops, Train and so on.
#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/sema/Builder.h"
#include "frontend/sema/Builtins.h"
#include "frontend/sema/Frame.h"
#include "frontend/sema/Index.h"
#include "frontend/sema/Program.h"
#include "frontend/sema/Resolver.h"
#include "frontend/sema/Sema.h"
#include "frontend/sema/Value.h"

#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace descent::sema {

/// Services that built-in functions and the visitors of syntax have in common, and the visitors.
class Specializer {
public:
  Specializer(Program &program, SourceManager &sources, Diagnostics &diagnostics,
              const AnalyzeOptions &options);
  ~Specializer();
  Specializer(const Specializer &) = delete;
  Specializer &operator=(const Specializer &) = delete;

  Diagnostics &diagnostics;
  Builder builder;
  /// The file's default float type (`precision`).
  DType defaultFloat = DType::F32;

  /// Calls a function value with arguments: specialises its body for them, here and now.
  Value call(const Value &function, std::span<const Argument> arguments, SourceRange range);

  // Operators, with NumPy's broadcasting and the language's promotion; they report what does not fit
  // and then give an error value. Records and tuples of equal structure go item by item.
  Value binaryOperator(std::string_view op, const Value &lhs, const Value &rhs, SourceRange lhsRange,
                       SourceRange rhsRange, SourceRange opRange);
  Value unaryOperator(std::string_view op, const Value &operand, SourceRange range);

  // What built-in functions want of their arguments. Each reports and gives nothing where it does not fit.
  std::optional<ArrayValue> expectArray(const Argument &argument);
  /// An array of floats: integers are converted to the default float type.
  std::optional<ArrayValue> expectFloat(const Argument &argument);
  std::optional<int64_t> expectKnownInteger(const Argument &argument);
  std::optional<bool> expectKnownBool(const Argument &argument);
  std::optional<std::string> expectKnownText(const Argument &argument);
  /// A shape: a known integer, or a list or tuple of them.
  std::optional<std::vector<int64_t>> expectShape(const Argument &argument);
  /// An axis in −rank … rank−1, made non-negative.
  std::optional<int64_t> expectAxis(const Argument &argument, int64_t rank);
  std::optional<DType> expectDType(const Argument &argument);
  /// Integers known at compile time, of either sign: one, or a list or tuple of them.
  std::optional<std::vector<int64_t>> expectShapeLike(const Argument &argument);
  /// A function, to be called with `call`.
  std::optional<FunctionPointer> expectFunction(const Argument &argument);

  /// Brings arrays to one dtype (promotion, weak literals) and one shape (broadcasting). Reports a
  /// shape-mismatch or dtype-mismatch with both types and where each came from.
  bool unify(std::span<ArrayValue> arrays, std::span<const SourceRange> ranges, SourceRange pointRange);
  /// The dtype that operands of these dtypes are computed in; nothing where they do not mix (key, bool).
  std::optional<DType> promote(const ArrayValue &a, const ArrayValue &b) const;

  /// The array with the dtype that it has on its own: no longer weak. Reports a literal that does
  /// not fit in it, and then gives nothing.
  std::optional<ArrayValue> settled(const ArrayValue &array, SourceRange range);
  /// The same for all arrays of a value.
  Value settled(const Value &value, SourceRange range);
  /// The array in a dtype; a weak one is checked to fit.
  std::optional<ArrayValue> converted(const ArrayValue &array, DType dtype, SourceRange range);
  Value arithmetic(std::string_view op, ArrayValue lhs, ArrayValue rhs, SourceRange lhsRange,
                   SourceRange rhsRange, SourceRange opRange);
  Value power(ArrayValue base, ArrayValue exponent, SourceRange lhsRange, SourceRange rhsRange,
              SourceRange opRange);

  // ---- Control flow as operations (Loops.cpp) ---------------------------------------------------

  /// Names the arrays of carried values in messages: "`x`", "the state's `.w`".
  using DescribeCarried = std::function<std::pair<std::string, SourceRange>(size_t item)>;

  /// A `for` operation. `carried` is a tuple; the body takes the counter and the tuple as it is at
  /// that step, and gives the next one. The body is specialised anew until the types of what is
  /// carried no longer change (a weak 0 that becomes f32).
  Value forLoop(const ArrayValue &lower, const ArrayValue &upper, const Value &carried,
                const std::function<Value(const ArrayValue &counter, const Value &carried)> &body,
                const DescribeCarried &describe);
  /// A `while` operation, likewise. The condition gives a bool scalar, or nothing after an error.
  Value whileLoop(const Value &carried,
                  const std::function<std::optional<ArrayValue>(const Value &carried)> &condition,
                  const std::function<Value(const Value &carried)> &body,
                  const DescribeCarried &describe);
  /// An `if` operation. Both branches give tuples of the same length.
  Value branch(const ArrayValue &condition, const std::function<Value()> &onTrue,
               const std::function<Value()> &onFalse, const DescribeCarried &describe);
  /// Runs a function for each index of a new leading axis, on the elements of `inputs` (data whose
  /// arrays have that axis); stacks what it gives.
  Value vmapped(int64_t size, const Value &inputs, const std::function<Value(const Value &)> &body,
                SourceRange range);

  /// Where an array has this many elements along its first axis; reports a scalar.
  std::optional<int64_t> leadingSize(const Value &value, SourceRange range);
  /// Element `index` of each array of a value, along the first axis.
  Value elementAt(const Value &value, const ArrayValue &index);

  /// Emits a `check`: the program stops with the message where the condition is false.
  void check(abi::Check::Kind kind, const ArrayValue &condition, const TextValue &message,
             SourceRange range);

  // ---- Differentiation (builtins/Transforms.cpp) ------------------------------------------------

  /// What a body, specialised as a function of arrays, gives: arrays, or nothing after an error.
  using Leaves = std::vector<ArrayValue>;
  using LeavesBody = std::function<std::optional<Leaves>(const Leaves &arguments)>;

  /// A `vjp` operation. The body's first results are floats and get the cotangents that `seeds` makes,
  /// from their types alone; gives the body's results, then a cotangent for each primal.
  /// `names` are those of the primals, for a gradient check.
  std::optional<Leaves> vjp(const Leaves &primals, const LeavesBody &body,
                            const std::function<Leaves(const Leaves &results)> &seeds,
                            const std::vector<std::string> &names);
  /// A `jvp` operation: the body's results, then the tangents of those that are floats.
  std::optional<Leaves> jvp(const Leaves &primals, const Leaves &tangents, const LeavesBody &body,
                            const std::vector<std::string> &names);

  /// A `checkpoint` operation around what a body computes.
  Value checkpointed(const std::function<Value()> &body, SourceRange range);

  /// There can be no effects while one lives: in bodies for each row of an array, and in exported
  /// functions.
  class PausedEffects {
  public:
    explicit PausedEffects(Specializer &sema) : sema(sema) { ++sema.effectsPaused; }
    ~PausedEffects() { --sema.effectsPaused; }
    PausedEffects(const PausedEffects &) = delete;
    PausedEffects &operator=(const PausedEffects &) = delete;

  private:
    Specializer &sema;
  };

  // ---- Gradient checks (DerivativeChecks.cpp) ---------------------------------------------------

  /// Whether derivatives taken here are compared with finite differences.
  bool isComparing() const { return options.gradientCheck && comparisonsPaused == 0; }
  /// No derivative is compared while one lives: inside of transforms, and where a function is only
  /// evaluated for a comparison.
  class PausedComparisons {
  public:
    explicit PausedComparisons(Specializer &sema) : sema(sema) { ++sema.comparisonsPaused; }
    ~PausedComparisons() { --sema.comparisonsPaused; }
    PausedComparisons(const PausedComparisons &) = delete;
    PausedComparisons &operator=(const PausedComparisons &) = delete;

  private:
    Specializer &sema;
  };
  void compareVjp(const Leaves &primals, const LeavesBody &body,
                  const std::function<Leaves(const Leaves &results)> &seeds,
                  std::span<const ArrayValue> gradient, const std::vector<std::string> &names);
  void compareJvp(const Leaves &primals, const Leaves &tangents, const LeavesBody &body,
                  std::span<const ArrayValue> derivatives, const std::vector<std::string> &names);
  void compareRows(int64_t size, const Value &inputs,
                   const std::function<Value(const Value &)> &body, SourceRange range);
  void emitComparison(const ArrayValue &error, std::string with, int64_t elements,
                      bool isComparable);

  // ---- Names and files (Modules.cpp, Sema.cpp) --------------------------------------------------

  /// The param of that name in the file being specialised, or null.
  Variable *findParam(std::string_view name);

  /// The place of a variable's value that is read as a param: reads are noted while a ParamReads lives.
  class ParamReads {
  public:
    explicit ParamReads(Specializer &sema) : sema(sema) { sema.paramReads.push_back(this); }
    ~ParamReads() { std::erase(sema.paramReads, this); }
    ParamReads(const ParamReads &) = delete;
    ParamReads &operator=(const ParamReads &) = delete;
    /// In the order of the first reads.
    std::vector<Variable *> variables;

  private:
    Specializer &sema;
  };

  /// How far the program has been written, to take back what was written since.
  struct Attempt {
    size_t values, effects, checks, noteStates;
    Diagnostics::Mark diagnostics;
  };
  Attempt attempt() const;
  void undo(const Attempt &attempt);

  /// Accounts for work, so that no program takes forever; false once too much was done (reported).
  bool charge(size_t work = 1);
  /// Too much was done, or the stack is nearly used up: everything gives an error value.
  bool isExhausted() const { return exhausted; }

  /// An error at a place of the script, unless all hope is lost.
  Value errorAt(SourceRange range, Msg message, std::initializer_list<MessageArgument> args = {});

  // ---- Syntax: each file of sema holds a part ----------------------------------------------------

  // Expressions.cpp
  Value evaluate(const ast::Expr *expr);
  Value evaluateKind(const ast::Expr *expr);
  /// Evaluates to what a caller wants as a value: reports a statement that has none.
  Value evaluateValue(const ast::Expr *expr);
  Value evaluateName(std::string_view name, SourceRange range);
  Value evaluateString(const ast::StringExpr *expr);
  Value evaluateArray(const ast::ArrayExpr *expr);
  Value evaluateRecord(const ast::RecordExpr *expr);
  Value evaluateField(const ast::FieldExpr *expr);
  Value evaluateBinary(const ast::BinaryExpr *expr);
  Value evaluateIf(const ast::IfExpr *expr, bool isWanted);
  Value evaluateBlock(const ast::BlockExpr *block, bool isWanted);
  Value evaluateLambda(const ast::LambdaExpr *expr);
  Value evaluateComprehension(const ast::ComprehensionExpr *expr);
  /// Joins values of equal shape along a new first axis.
  Value stacked(std::span<const Value> items, std::span<const SourceRange> ranges, SourceRange range,
                std::span<const int64_t> outer = {});
  /// A scalar bool, for `if`, `while`, `and`, `assert`; reports anything else.
  std::optional<ArrayValue> asCondition(const Value &value, SourceRange range, std::string_view what);
  /// A range of known bounds as the array of its integers; anything else as it is.
  Value asArray(const Value &value, SourceRange range);
  /// What a loop runs over, as data whose arrays have one leading axis: a zip becomes a tuple.
  Value rowsOf(const Value &iterable, SourceRange range);
  static size_t leafCount(const Value &value);

  // Calls.cpp
  Value evaluateCall(const ast::CallExpr *expr);
  Value callFunction(const FunctionPointer &function, std::span<const Argument> arguments,
                     SourceRange range, SourceRange calleeRange);
  Value callScript(const FunctionPointer &function, std::span<const Argument> arguments,
                   SourceRange range, SourceRange calleeRange);
  Value callBuiltin(const Builtin &builtin, std::span<const Argument> arguments, SourceRange range,
                    SourceRange calleeRange);
  Value convertCall(DType dtype, std::span<const Argument> arguments, SourceRange range);
  Value itemsOf(const ast::Expr *expr);
  Value namesOf(const ast::Expr *expr);
  static SourceRange resultRange(const ast::Expr *body);

  // Notes.cpp
  void noteCall(size_t firstDiagnostic, const Frame &callee, SourceRange callRange);
  void blameCaller(size_t firstDiagnostic, const Frame &callee, SourceRange callRange);
  void noteOperands(DiagnosticBuilder &report, std::span<const SourceRange> ranges);

  // Annotations.cpp
  /// Checks a value against an annotation and gives it the names of its sizes; weak literals take
  /// the annotated type. Reports what does not fit.
  Value checkAnnotation(const ast::Type *type, const Value &value, SourceRange range);
  std::optional<ArrayValue> literalsAs(const ArrayValue &array, DType dtype);
  Value withoutLabels(const Value &value, uint32_t firstLabel);
  std::string describeLabelled(const ArrayValue &array) const;

  // Indexing.cpp
  Value evaluateIndex(const ast::IndexExpr *expr);
  Value indexTuple(const ast::IndexExpr *expr, const TupleValue &tuple);
  std::optional<Selection> selection(const ast::IndexExpr *expr, const ArrayValue &base);
  std::optional<AxisIndex> sliceIndex(const ast::IndexItem &item, int64_t size);
  std::optional<AxisIndex> atIndex(const ast::IndexItem &item, int64_t size);
  // Windows.cpp
  /// The size of a slice whose bounds differ by a known number, whatever they are.
  std::optional<int64_t> windowLength(const ast::IndexItem &item);
  std::optional<ArrayValue> checkedWindow(const ArrayValue &start, int64_t length, int64_t size,
                                          SourceRange range);
  std::optional<int64_t> sliceBound(const ast::Expr *expr, bool &isRight);
  std::optional<ArrayValue> checkedIndex(const ArrayValue &index, int64_t size, SourceRange range);
  std::optional<ArrayValue> select(const ArrayValue &base, const Selection &selection,
                                   SourceRange range);
  std::optional<ArrayValue> gatherAxes(ArrayValue x, const std::vector<int64_t> &axes,
                                       std::vector<ArrayValue> indices, bool isFirst,
                                       SourceRange range);
  Value assignElements(const ast::AssignStmt *stmt, const Value &target, const Value &value);

  // Tables.cpp
  Value indexRecord(const ast::IndexExpr *expr, const Value &base);
  std::optional<Value> dataMatrix(std::span<const Value> columns, std::string name);
  ArrayValue appendInput(std::string name, Array data);
  void dropUnusedInputs();
  /// Data by the value that reads them: the number of the input.
  std::unordered_map<ValueId, size_t> dataInputs;
  /// By their columns.
  std::map<std::vector<ValueId>, ArrayValue> dataMatrices;

  // Statements.cpp
  void run(const ast::Stmt *stmt);
  void runKind(const ast::Stmt *stmt);
  bool literalsFit(const Value &value, SourceRange range);
  void noteParamRead(Variable *variable);
  ArrayValue rowAt(const ArrayValue &array, int64_t index);
  void runBinding(const ast::BindingStmt *stmt);
  void runAssign(const ast::AssignStmt *stmt);
  void runFor(const ast::ForStmt *stmt);
  void runWhile(const ast::WhileStmt *stmt);
  void runAssert(const ast::AssertStmt *stmt);
  void bindPattern(const ast::Pattern *pattern, const Value &value, Variable::Kind kind,
                   SourceRange valueRange);
  Variable *declare(std::string_view name, Variable::Kind kind, SourceRange range, Value value);
  Variable *lookup(std::string_view name);
  FunctionPointer makeFunction(std::string_view name, SourceRange range,
                               ast::List<ast::Param> params, const ast::Type *resultType,
                               const ast::Expr *body, const void *node);
  /// The variables that a construct assigns to, with their values as a tuple.
  std::vector<Variable *> assignedVariables(const void *construct);
  DescribeCarried describeVariables(const std::vector<Variable *> &variables, SourceRange range);

  // Effects.cpp
  void runPrint(const ast::PrintStmt *stmt);
  Value save(const Value &value, const Value &path, SourceRange valueRange, SourceRange pathRange,
             SourceRange range);
  void keep(const std::string &name, const Value &value, SourceRange range);
  void emitEffect(decltype(abi::Effect::what) what, std::span<const ArrayValue> operands,
                  SourceRange range);
  /// Turns text into the runtime's form; its values become operands.
  std::optional<abi::Text> effectText(const TextValue &text, std::vector<ArrayValue> &operands);

  // Train.cpp
  Value evaluateTrain(const ast::TrainExpr *expr);

  // Modules.cpp
  Module &addModule(const ast::Ast &tree, std::string name, bool isLibrary);
  /// Specialises a script: its file, then its tests and the values that are kept.
  void start(const ast::Ast &script);
  void runModule(Module &module);
  void finishMain();
  void checkSettings();
  Value dataColumn(const std::string &name, const Array &array, SourceRange range,
                   const std::string &what);
  Module *libraryModule(std::string_view name);
  Module *prelude();
  void runUse(const ast::UseStmt *stmt);
  void runImport(const ast::ImportStmt *stmt);
  void warnOfRepeated(const std::vector<DataColumn> &columns, const std::string &path,
                      SourceRange range);
  void runData(const ast::DataStmt *stmt);
  void runParam(const ast::ParamStmt *stmt);
  void runExport(const ast::FunctionStmt *stmt);
  void applySetting(const ast::BindingStmt *stmt, std::string_view name, Value &value);
  std::optional<Value> builtinConstant(std::string_view name) const;
  /// The type of that name: in a gradient check every float is f64.
  std::optional<DType> namedType(std::string_view name) const;

  SourceManager &sources;
  const AnalyzeOptions &options;
  Resolution resolution;

  Frame *frame = nullptr;
  unsigned callDepth = 0;
  unsigned regionDepth = 0;
  static constexpr unsigned kMaxRegionDepth = 100;

private:
  struct NoteState {
    SourceRange lastCall;
    unsigned frames = 0;
  };

public:
  std::vector<ParamReads *> paramReads;
  std::vector<std::unique_ptr<Module>> modules;
  std::unordered_map<std::string, Module *> modulesByPath;
  Module *preludeModule = nullptr;
  bool preludeLoaded = false;
  Module *mainModule = nullptr;
  std::vector<std::string> labelNames{""};
  std::unordered_map<const Builtin *, FunctionPointer> builtinFunctions;
  std::vector<NoteState> noteStates;
  size_t work = 0;
  bool exhausted = false;
  const char *stackLimit = nullptr;

  unsigned comparisonsPaused = 0;
  unsigned effectsPaused = 0;
  /// Calls of stop_gradient so far: differences do not see them.
  size_t gradientStops = 0;
  /// The innermost call going on that stands in a file of the user's.
  SourceRange scriptCall;
};

} // namespace descent::sema
