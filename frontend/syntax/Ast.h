#pragma once

#include "frontend/diagnostics/Source.h"

#include <cassert>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// The syntax tree of a `.gd` file: what the text says, before any name is looked up.
///
/// Nodes are plain structs in an arena (`Ast`), constant once parsed, each with the range of text
/// that it was read from. Texts of names are views of the source. Every node has a `kind`; `as<T>`
/// and `dyn<T>` go from a base to its kind. No node is null unless its comment says so: what could
/// not be parsed is an Error node, and whoever meets one says nothing (the parser has).
///
/// A tree is at most `kMaxHeight` nodes high (one with errors somewhat more), so that walking it by
/// recursion is safe.
namespace descent::ast {

/// Least height at which the parser refuses: `nesting-too-deep`.
inline constexpr unsigned kMaxHeight = 1000;

template <typename T> using List = std::span<const T>;

/// A word in the source, where it stands. Absent optional names have an empty text.
struct Name {
  std::string_view text;
  SourceRange range;

  explicit operator bool() const { return !text.empty(); }
};

template <typename T, typename Base> bool is(const Base *node) {
  return node->kind == T::Kind;
}
/// The node as the kind that the caller knows it to be.
template <typename T, typename Base> const T *as(const Base *node) {
  assert(is<T>(node));
  return static_cast<const T *>(node);
}
/// The node as T, or null where it is (null or) of another kind.
template <typename T, typename Base> const T *dyn(const Base *node) {
  return node && is<T>(node) ? static_cast<const T *>(node) : nullptr;
}

// ---- Types -------------------------------------------------------------------------------------

enum class TypeKind : uint8_t { Error, Named, Tuple, Record };

struct Type {
  TypeKind kind;
  uint16_t height = 1;
  SourceRange range;
};

template <TypeKind K> struct TypeNode : Type {
  static constexpr TypeKind Kind = K;
  explicit TypeNode(SourceRange range) : Type{K, 1, range} {}
};

struct ErrorType : TypeNode<TypeKind::Error> {
  using TypeNode::TypeNode;
};

/// One size in `f32[n, 3]`: a name, or (with an empty name) a number.
struct Dim {
  SourceRange range;
  std::string_view name;
  uint64_t size = 0;
};

/// `f32`, `key`, `f32[n, 3]`. The parser takes any name.
struct NamedType : TypeNode<TypeKind::Named> {
  using TypeNode::TypeNode;
  Name name;
  /// True for `f32[]` too.
  bool hasDims = false;
  List<Dim> dims;
};

/// `(a, b)`; `(a,)` and `()` too.
struct TupleType : TypeNode<TypeKind::Tuple> {
  using TypeNode::TypeNode;
  List<const Type *> elements;
};

struct FieldType {
  Name name;
  const Type *type;
};

/// `{w: f32[d], b: f32}`
struct RecordType : TypeNode<TypeKind::Record> {
  using TypeNode::TypeNode;
  List<FieldType> fields;
};

// ---- Patterns ----------------------------------------------------------------------------------

enum class PatternKind : uint8_t { Error, Name, Tuple, Record };

struct Pattern {
  PatternKind kind;
  uint16_t height = 1;
  SourceRange range;
};

template <PatternKind K> struct PatternNode : Pattern {
  static constexpr PatternKind Kind = K;
  explicit PatternNode(SourceRange range) : Pattern{K, 1, range} {}
};

struct ErrorPattern : PatternNode<PatternKind::Error> {
  using PatternNode::PatternNode;
};

/// A name to bind; `_` binds nothing.
struct NamePattern : PatternNode<PatternKind::Name> {
  using PatternNode::PatternNode;
  std::string_view name;

  bool isWildcard() const { return name == "_"; }
};

/// `(a, b)`, or `a, b` without the parentheses after `let`, `var` and `for`.
struct TuplePattern : PatternNode<PatternKind::Tuple> {
  using PatternNode::PatternNode;
  List<const Pattern *> elements;
};

/// `w` or `w: p` in a record pattern; `pattern` is a NamePattern of the same range for `w` alone.
struct FieldPattern {
  Name name;
  const Pattern *pattern;
};

/// `{w, b: bias}`
struct RecordPattern : PatternNode<PatternKind::Record> {
  using PatternNode::PatternNode;
  List<FieldPattern> fields;
};

// ---- Expressions -------------------------------------------------------------------------------

enum class ExprKind : uint8_t {
  Error,
  Integer,
  Float,
  Bool,
  String,
  Name,
  Unary,
  Binary,
  Range,
  Lambda,
  If,
  Block,
  Tuple,
  Array,
  Comprehension,
  Record,
  Call,
  Index,
  Field,
  Train
};

struct Expr {
  ExprKind kind;
  /// Written in (redundant or needed) parentheses. Not for tuples, whose parentheses are their own.
  bool parenthesized = false;
  uint16_t height = 1;
  /// The expression itself, without parentheses around it.
  SourceRange range;
  /// The same with the parentheses around it.
  SourceRange extent;
};

template <ExprKind K> struct ExprNode : Expr {
  static constexpr ExprKind Kind = K;
  explicit ExprNode(SourceRange range) : Expr{K, false, 1, range, range} {}
};

struct Stmt;
struct BlockExpr;

/// Something that could not be parsed. The error has been reported.
struct ErrorExpr : ExprNode<ExprKind::Error> {
  using ExprNode::ExprNode;
};

/// `12`, `1_000`. Signs are unary operators; every value up to 2^64 - 1 is let through.
struct IntegerExpr : ExprNode<ExprKind::Integer> {
  using ExprNode::ExprNode;
  uint64_t value = 0;
};

/// `1.5`, `1e-3`: rounded to f64. Never infinite.
struct FloatExpr : ExprNode<ExprKind::Float> {
  using ExprNode::ExprNode;
  double value = 0;
};

struct BoolExpr : ExprNode<ExprKind::Bool> {
  using ExprNode::ExprNode;
  bool value = false;
};

/// A run of text, or `{value:format}`.
struct StringPart {
  SourceRange range;
  /// With the escapes replaced; empty where `value` is set.
  std::string_view text;
  /// Null for a run of text.
  const Expr *value = nullptr;
  /// What follows the colon; empty without one. Checked to be a format (see FormatSpec.h).
  Name format;
};

struct StringExpr : ExprNode<ExprKind::String> {
  using ExprNode::ExprNode;
  List<StringPart> parts;

  /// Whether there is nothing to interpolate; then `text()` is its value.
  bool isPlain() const { return parts.empty() || (parts.size() == 1 && !parts[0].value); }
  std::string_view text() const { return parts.empty() ? std::string_view() : parts[0].text; }
};

struct NameExpr : ExprNode<ExprKind::Name> {
  using ExprNode::ExprNode;
  std::string_view name;
};

enum class UnaryOp : uint8_t { Negate, Not };

struct UnaryExpr : ExprNode<ExprKind::Unary> {
  using ExprNode::ExprNode;
  UnaryOp op = UnaryOp::Negate;
  SourceRange opRange;
  const Expr *operand = nullptr;
};

enum class BinaryOp : uint8_t {
  Or,
  And,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Add,
  Subtract,
  Multiply,
  Divide,
  FloorDivide,
  Modulo,
  MatMul,
  Power
};

/// As it is written: "+", "//", "and".
std::string_view spelling(BinaryOp op);

struct BinaryExpr : ExprNode<ExprKind::Binary> {
  using ExprNode::ExprNode;
  BinaryOp op = BinaryOp::Add;
  SourceRange opRange;
  const Expr *left = nullptr;
  const Expr *right = nullptr;
};

/// `first..last`, without the last.
struct RangeExpr : ExprNode<ExprKind::Range> {
  using ExprNode::ExprNode;
  SourceRange opRange;
  const Expr *first = nullptr;
  const Expr *last = nullptr;
};

struct Param {
  SourceRange range;
  Name name;
  /// Null without an annotation.
  const Type *type = nullptr;
  /// Null without a default.
  const Expr *defaultValue = nullptr;
};

/// `x -> e`, `(x, y) -> e`. In parentheses parameters may have types and defaults.
struct LambdaExpr : ExprNode<ExprKind::Lambda> {
  using ExprNode::ExprNode;
  bool hasParentheses = false;
  List<Param> params;
  SourceRange arrowRange;
  const Expr *body = nullptr;
};

/// `if c { a } else { b }`. `otherwise` is null, a BlockExpr or (for `else if`) an IfExpr.
struct IfExpr : ExprNode<ExprKind::If> {
  using ExprNode::ExprNode;
  const Expr *condition = nullptr;
  const BlockExpr *then = nullptr;
  const Expr *otherwise = nullptr;
};

/// `{ … }`: statements, each on a line of its own.
struct BlockExpr : ExprNode<ExprKind::Block> {
  using ExprNode::ExprNode;
  List<const Stmt *> statements;

  /// The expression that is the block's value: that of its last statement, if this is one. Null
  /// otherwise. Where no value is asked for (the body of a loop) it is a statement like any other.
  const Expr *result() const;
};

/// `(a, b)`, `(a,)`, `()`
struct TupleExpr : ExprNode<ExprKind::Tuple> {
  using ExprNode::ExprNode;
  List<const Expr *> elements;
};

/// `[a, b]`
struct ArrayExpr : ExprNode<ExprKind::Array> {
  using ExprNode::ExprNode;
  List<const Expr *> elements;
};

/// `[element for pattern in iterable]`
struct ComprehensionExpr : ExprNode<ExprKind::Comprehension> {
  using ExprNode::ExprNode;
  const Expr *element = nullptr;
  SourceRange forRange;
  const Pattern *pattern = nullptr;
  const Expr *iterable = nullptr;
};

/// `name: value`, `...value` (a spread, whose name is empty), or `name` for `name: name`.
struct RecordEntry {
  SourceRange range;
  Name name;
  const Expr *value;

  bool isSpread() const { return name.text.empty(); }
  /// The value is the NameExpr that the name itself is.
  bool isShort() const { return !isSpread() && value->range == name.range; }
};

/// `{w: 1.0, b: 0.0}`, `{...r, b: 2.0}`, `{w, b}`, `{}`
struct RecordExpr : ExprNode<ExprKind::Record> {
  using ExprNode::ExprNode;
  List<RecordEntry> entries;
};

/// `value` or `name=value`. Names of fields and arguments may be keywords.
struct Argument {
  SourceRange range;
  /// Empty for a positional one.
  Name name;
  const Expr *value;
};

struct CallExpr : ExprNode<ExprKind::Call> {
  using ExprNode::ExprNode;
  const Expr *callee = nullptr;
  /// From `(` to `)`.
  SourceRange argumentsRange;
  /// Positional ones come first.
  List<Argument> args;
};

enum class IndexKind : uint8_t { At, Slice, Ellipsis, NewAxis };

/// One entry between the brackets of `x[1:3, ..., newaxis, i]`.
struct IndexItem {
  IndexKind kind;
  SourceRange range;
  /// At: the index (a number, or an array to gather by).
  const Expr *value = nullptr;
  /// Slice: each may be null.
  const Expr *start = nullptr;
  const Expr *stop = nullptr;
  const Expr *step = nullptr;
};

struct IndexExpr : ExprNode<ExprKind::Index> {
  using ExprNode::ExprNode;
  const Expr *base = nullptr;
  /// From `[` to `]`.
  SourceRange bracketsRange;
  List<IndexItem> items;
};

/// `r.w`, `x.T`, `x.shape`, `stats.r2_score`
struct FieldExpr : ExprNode<ExprKind::Field> {
  using ExprNode::ExprNode;
  const Expr *base = nullptr;
  Name field;
};

/// `train loss with optimizer, key=value …`. Its options are all named.
struct TrainExpr : ExprNode<ExprKind::Train> {
  using ExprNode::ExprNode;
  SourceRange keywordRange;
  const Expr *loss = nullptr;
  const Expr *optimizer = nullptr;
  List<Argument> options;
};

// ---- Statements and items ----------------------------------------------------------------------

enum class StmtKind : uint8_t {
  Error,
  Precision,
  Use,
  Import,
  Data,
  Param,
  Binding,
  Function,
  For,
  While,
  Expr,
  Print,
  Assert,
  Test,
  Assign
};

struct Stmt {
  StmtKind kind;
  uint16_t height = 1;
  SourceRange range;
};

template <StmtKind K> struct StmtNode : Stmt {
  static constexpr StmtKind Kind = K;
  explicit StmtNode(SourceRange range) : Stmt{K, 1, range} {}
};

/// Something that could not be parsed. The error has been reported.
struct ErrorStmt : StmtNode<StmtKind::Error> {
  using StmtNode::StmtNode;
  /// The name that it would have bound, if that much could be read: uses of it are then no error.
  Name name;
};

/// `precision f64`; only as the first item. The parser takes any name.
struct PrecisionStmt : StmtNode<StmtKind::Precision> {
  using StmtNode::StmtNode;
  Name type;
};

struct UsedModule {
  Name module;
  /// Empty without `as`.
  Name alias;

  const Name &boundName() const { return alias ? alias : module; }
};

/// `use stats, nn as n`
struct UseStmt : StmtNode<StmtKind::Use> {
  using StmtNode::StmtNode;
  List<UsedModule> modules;
};

/// `import "util.gd" as u`. The path is plain.
struct ImportStmt : StmtNode<StmtKind::Import> {
  using StmtNode::StmtNode;
  const StringExpr *path = nullptr;
  Name alias;
};

/// `data d = "file"`
struct DataStmt : StmtNode<StmtKind::Data> {
  using StmtNode::StmtNode;
  Name name;
  const StringExpr *path = nullptr;
};

/// `param w: T = value`
struct ParamStmt : StmtNode<StmtKind::Param> {
  using StmtNode::StmtNode;
  Name name;
  /// Null without an annotation.
  const Type *type = nullptr;
  const Expr *value = nullptr;
};

/// `let pattern: T = value`, `var pattern: T = value`
struct BindingStmt : StmtNode<StmtKind::Binding> {
  using StmtNode::StmtNode;
  bool isVar = false;
  const Pattern *pattern = nullptr;
  /// Null without an annotation.
  const Type *type = nullptr;
  const Expr *value = nullptr;
};

/// `fn name(params) -> T = body`. A body without `=` is a block.
struct FunctionStmt : StmtNode<StmtKind::Function> {
  using StmtNode::StmtNode;
  bool isExported = false;
  bool hasEquals = false;
  Name name;
  List<Param> params;
  /// Null without an annotation.
  const Type *resultType = nullptr;
  const Expr *body = nullptr;
};

struct ForStmt : StmtNode<StmtKind::For> {
  using StmtNode::StmtNode;
  const Pattern *pattern = nullptr;
  const Expr *iterable = nullptr;
  const BlockExpr *body = nullptr;
};

struct WhileStmt : StmtNode<StmtKind::While> {
  using StmtNode::StmtNode;
  const Expr *condition = nullptr;
  const BlockExpr *body = nullptr;
};

/// An expression on a line of its own; `if` and `train` as statements too.
struct ExprStmt : StmtNode<StmtKind::Expr> {
  using StmtNode::StmtNode;
  const Expr *expr = nullptr;
};

/// `print a, b`; without arguments an empty line.
struct PrintStmt : StmtNode<StmtKind::Print> {
  using StmtNode::StmtNode;
  SourceRange keywordRange;
  List<const Expr *> args;
};

/// `assert condition, message`
struct AssertStmt : StmtNode<StmtKind::Assert> {
  using StmtNode::StmtNode;
  SourceRange keywordRange;
  const Expr *condition = nullptr;
  /// Null without one.
  const StringExpr *message = nullptr;
};

/// `test "name" { … }`. The name is plain.
struct TestStmt : StmtNode<StmtKind::Test> {
  using StmtNode::StmtNode;
  const StringExpr *name = nullptr;
  const BlockExpr *body = nullptr;
};

/// `x = e`, `x += e`, `y[i] = v`. The target is a NameExpr, or an IndexExpr whose base is one.
struct AssignStmt : StmtNode<StmtKind::Assign> {
  using StmtNode::StmtNode;
  const Expr *target = nullptr;
  /// Absent for a plain `=`.
  std::optional<BinaryOp> op;
  SourceRange opRange;
  const Expr *value = nullptr;

  /// The NameExpr that is assigned to, or indexed.
  const NameExpr *variable() const;
};

// ---- The tree ----------------------------------------------------------------------------------

/// A comment, from its `#` to the end of its line.
struct Comment {
  SourceRange range;
  /// Nothing but blanks stands before it on its line.
  bool ownLine = false;
};

/// A parsed file and the memory of its nodes. The source file must live as long.
class Ast {
public:
  explicit Ast(FileId file) : file(file) {}
  Ast(const Ast &) = delete;
  Ast &operator=(const Ast &) = delete;

  FileId file;
  List<const Stmt *> items;
  List<Comment> comments;
  /// The text ends where more was needed (an open bracket, a missing operand): an interactive
  /// session asks for another line. An error was reported in any case.
  bool isIncomplete = false;

  /// Makes a node. Memory is given back all at once, so nodes have nothing to destroy.
  template <typename T> T *make(SourceRange range) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (arena.allocate(sizeof(T), alignof(T))) T(range);
  }
  template <typename T> List<T> list(const std::vector<T> &elements) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (elements.empty())
      return {};
    T *memory = static_cast<T *>(arena.allocate(elements.size() * sizeof(T), alignof(T)));
    std::uninitialized_copy(elements.begin(), elements.end(), memory);
    return {memory, elements.size()};
  }
  /// Keeps a text that is not one of the source.
  std::string_view text(std::string_view text);

private:
  std::pmr::monotonic_buffer_resource arena;
};

} // namespace descent::ast
