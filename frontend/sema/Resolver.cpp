#include "frontend/sema/Resolver.h"

#include "descent/DType.h"
#include "frontend/sema/Advice.h"
#include "frontend/sema/Function.h"

#include <algorithm>
#include <array>

namespace descent::sema {

bool takesWrt(std::string_view builtin) {
  constexpr std::array names{"grad", "value_and_grad", "jacfwd", "jacrev", "jacobian", "hessian"};
  return std::ranges::find(names, builtin) != names.end();
}

bool isEffect(std::string_view builtin) {
  constexpr std::array names{"save", "plot", "contour", "surface", "histogram"};
  return std::ranges::find(names, builtin) != names.end();
}

namespace {

using namespace ast;
using Kind = Variable::Kind;

class Resolver {
public:
  Resolver(const Ast &tree, const OuterNames &outer, Diagnostics &diagnostics,
           Resolution &resolution)
      : tree(tree), outer(outer), diagnostics(diagnostics), resolution(resolution) {}

  void run();

private:
  struct Entry {
    std::string_view name;
    Kind kind;
    SourceRange range;
    /// At the file's level: whether the item stands above what is being resolved.
    bool isReached = true;
  };
  struct Scope {
    std::vector<Entry> entries;
  };
  /// Something whose inside may not assign to the outside.
  struct Barrier {
    size_t firstScope;       ///< scopes from here on are inside
    const void *node;        ///< a function whose captures are noted; null for others
    std::string_view what;   ///< "function", "comprehension", "condition"
  };
  /// A `for`, `while` or `if` being visited.
  struct Construct {
    size_t firstScope;
    const void *node;
  };
  struct Found {
    Entry *entry;
    size_t scope;
  };

  // Names.
  std::optional<Found> find(std::string_view name);
  void declare(std::string_view name, Kind kind, SourceRange range);
  void declare(const Pattern *pattern, Kind kind);
  void hoist();
  void use(std::string_view name, SourceRange range);
  void reportUndefined(std::string_view name, SourceRange range);
  bool isBuiltin(std::string_view name);

  // Syntax.
  void visit(const Stmt *stmt);
  void visit(const Expr *expr);
  void visit(const Type *type);
  void visitStatements(List<const Stmt *> statements);
  void visitBlock(const BlockExpr *block);
  void visitFunction(const void *node, List<Param> params, const Type *result, const Expr *body,
                     std::string_view self);
  void visitAssign(const AssignStmt *stmt);
  void visitFor(const ForStmt *stmt);
  void visitWhile(const WhileStmt *stmt);
  void visitIf(const IfExpr *expr);
  void visitComprehension(const ComprehensionExpr *expr);
  void visitCall(const CallExpr *expr);
  void visitIndex(const IndexExpr *expr);
  void visitTrain(const TrainExpr *expr);
  void visitBinding(const BindingStmt *stmt);
  void effect(SourceRange range, std::string_view what);

  bool isTopLevel() const { return scopes.size() == 1; }

  /// Opens a scope for as long as it lives.
  struct Inner {
    explicit Inner(Resolver &resolver) : resolver(resolver) { resolver.scopes.emplace_back(); }
    ~Inner() { resolver.scopes.pop_back(); }
    Resolver &resolver;
  };

  const Ast &tree;
  const OuterNames &outer;
  Diagnostics &diagnostics;
  Resolution &resolution;
  std::vector<Scope> scopes;
  std::vector<Barrier> barriers;
  std::vector<Construct> constructs;
};

void Resolver::run() {
  scopes.emplace_back();
  hoist();
  visitStatements(tree.items);
}

// ---- Names -------------------------------------------------------------------------------------

std::optional<Resolver::Found> Resolver::find(std::string_view name) {
  for (size_t s = scopes.size(); s-- > 0;) {
    std::vector<Entry> &entries = scopes[s].entries;
    for (size_t i = entries.size(); i-- > 0;)
      if (entries[i].name == name)
        return Found{&entries[i], s};
  }
  return std::nullopt;
}

void Resolver::declare(std::string_view name, Kind kind, SourceRange range) {
  if (name.empty() || name == "_")
    return;
  std::vector<Entry> &entries = scopes.back().entries;
  for (Entry &entry : entries) {
    if (entry.name != name)
      continue;
    if (entry.range == range) { // hoisted, and reached now
      entry.isReached = true;
      return;
    }
    if (entry.kind == Kind::Error || kind == Kind::Error)
      return;
    diagnostics.error(range, Msg::DuplicateName, name).note(entry.range, "it was bound here");
    return;
  }
  entries.push_back({name, kind, range, true});
}

void Resolver::declare(const Pattern *pattern, Kind kind) {
  if (auto name = dyn<NamePattern>(pattern))
    declare(name->name, kind, name->range);
  else if (auto tuple = dyn<TuplePattern>(pattern))
    for (const Pattern *element : tuple->elements)
      declare(element, kind);
  else if (auto record = dyn<RecordPattern>(pattern))
    for (const FieldPattern &field : record->fields)
      declare(field.pattern, kind);
}

/// Makes the file's own names known, so that functions can use those that are bound below them.
void Resolver::hoist() {
  for (const Stmt *item : tree.items) {
    if (auto function = dyn<FunctionStmt>(item))
      declare(function->name.text, Kind::Function, function->name.range);
    else if (auto param = dyn<ParamStmt>(item))
      declare(param->name.text, Kind::Parameter, param->name.range);
    else if (auto data = dyn<DataStmt>(item))
      declare(data->name.text, Kind::Data, data->name.range);
    else if (auto binding = dyn<BindingStmt>(item))
      declare(binding->pattern, binding->isVar ? Kind::Var : Kind::Let);
    else if (auto import = dyn<ImportStmt>(item))
      declare(import->alias.text, Kind::Module, import->alias.range);
    else if (auto error = dyn<ErrorStmt>(item))
      declare(error->name.text, Kind::Error, error->name.range);
    else if (auto uses = dyn<UseStmt>(item))
      for (const UsedModule &used : uses->modules)
        declare(used.boundName().text, Kind::Module, used.boundName().range);
  }
  for (Entry &entry : scopes.back().entries)
    entry.isReached = entry.kind == Kind::Function || entry.kind == Kind::Error;
}

bool Resolver::isBuiltin(std::string_view name) { return !find(name) && outer.isKnown(name); }

void Resolver::use(std::string_view name, SourceRange range) {
  std::optional<Found> found = find(name);
  if (!found) {
    if (!outer.isKnown(name))
      reportUndefined(name, range);
    return;
  }
  Entry &entry = *found->entry;
  bool inFunction = std::ranges::any_of(barriers, [](const Barrier &b) { return b.node; });
  if (!entry.isReached && !inFunction) {
    diagnostics.error(range, Msg::UsedBeforeBound, name).note(entry.range, "it is bound here");
    return;
  }
  // Names that the file binds once and for all need no capturing.
  if (found->scope == 0 && entry.kind != Kind::Var)
    return;
  for (const Barrier &barrier : barriers) {
    if (!barrier.node || found->scope >= barrier.firstScope)
      continue;
    std::vector<std::string_view> &names = resolution.captures[barrier.node];
    if (std::ranges::find(names, name) == names.end())
      names.push_back(name);
  }
}

void Resolver::reportUndefined(std::string_view name, SourceRange range) {
  if (std::string advice = adviceForName(name); !advice.empty()) {
    diagnostics.error(range, Msg::UndefinedName, name).note(advice);
    return;
  }
  std::vector<std::string_view> candidates;
  for (size_t s = scopes.size(); s-- > 0;)
    for (const Entry &entry : scopes[s].entries)
      candidates.push_back(entry.name);
  std::vector<std::string_view> outside = outer.all();
  candidates.insert(candidates.end(), outside.begin(), outside.end());
  diagnostics.error(range, Msg::UndefinedName, name).suggest(range, closestName(name, candidates));
}

void Resolver::effect(SourceRange range, std::string_view what) {
  if (!barriers.empty())
    diagnostics.error(range, Msg::EffectInFunction, what);
}

// ---- Statements --------------------------------------------------------------------------------

void Resolver::visitStatements(List<const Stmt *> statements) {
  for (const Stmt *stmt : statements)
    visit(stmt);
}

void Resolver::visitBlock(const BlockExpr *block) {
  Inner scope(*this);
  visitStatements(block->statements);
}

void Resolver::visit(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::Error:
    declare(as<ErrorStmt>(stmt)->name.text, Kind::Error, as<ErrorStmt>(stmt)->name.range);
    return;
  case StmtKind::Precision:
    return;
  case StmtKind::Use:
    for (const UsedModule &used : as<UseStmt>(stmt)->modules)
      declare(used.boundName().text, Kind::Module, used.boundName().range);
    return;
  case StmtKind::Import:
    declare(as<ImportStmt>(stmt)->alias.text, Kind::Module, as<ImportStmt>(stmt)->alias.range);
    return;
  case StmtKind::Data:
    declare(as<DataStmt>(stmt)->name.text, Kind::Data, as<DataStmt>(stmt)->name.range);
    return;
  case StmtKind::Param: {
    auto param = as<ParamStmt>(stmt);
    visit(param->type);
    visit(param->value);
    declare(param->name.text, Kind::Parameter, param->name.range);
    return;
  }
  case StmtKind::Binding:
    return visitBinding(as<BindingStmt>(stmt));
  case StmtKind::Function: {
    auto function = as<FunctionStmt>(stmt);
    visitFunction(function, function->params, function->resultType, function->body,
                  isTopLevel() ? std::string_view() : function->name.text);
    declare(function->name.text, Kind::Function, function->name.range);
    return;
  }
  case StmtKind::For:
    return visitFor(as<ForStmt>(stmt));
  case StmtKind::While:
    return visitWhile(as<WhileStmt>(stmt));
  case StmtKind::Expr:
    return visit(as<ExprStmt>(stmt)->expr);
  case StmtKind::Print:
    effect(as<PrintStmt>(stmt)->keywordRange, "print");
    for (const Expr *arg : as<PrintStmt>(stmt)->args)
      visit(arg);
    return;
  case StmtKind::Assert:
    visit(as<AssertStmt>(stmt)->condition);
    visit(static_cast<const Expr *>(as<AssertStmt>(stmt)->message));
    return;
  case StmtKind::Test:
    return visitBlock(as<TestStmt>(stmt)->body);
  case StmtKind::Assign:
    return visitAssign(as<AssignStmt>(stmt));
  }
}

void Resolver::visitBinding(const BindingStmt *stmt) {
  visit(stmt->type);
  visit(stmt->value);
  declare(stmt->pattern, stmt->isVar ? Kind::Var : Kind::Let);
}

void Resolver::visitAssign(const AssignStmt *stmt) {
  const NameExpr *variable = stmt->variable();
  auto isNew = [&] { return !find(variable->name) && !outer.isKnown(variable->name); };
  if (!stmt->op && is<NameExpr>(stmt->target) && isNew()) {
    visit(stmt->value);
    diagnostics.error(variable->range, Msg::UndefinedName, variable->name)
        .note("`let " + std::string(variable->name) + " = …` binds a new name, `var " +
              std::string(variable->name) + " = …` one that may be bound again");
    if (isNew())
      declare(variable->name, Kind::Error, variable->range);
    return;
  }
  if (auto element = dyn<IndexExpr>(stmt->target))
    visitIndex(element);
  else
    use(variable->name, variable->range);
  visit(stmt->value);

  std::optional<Found> found = find(variable->name);
  if (!found) {
    if (outer.isKnown(variable->name))
      diagnostics.error(variable->range, Msg::NotAssignable, variable->name);
    return;
  }
  if (found->entry->kind == Kind::Error)
    return;
  if (found->entry->kind != Kind::Var) {
    auto report = diagnostics.error(variable->range, Msg::NotAssignable, variable->name);
    switch (found->entry->kind) {
    case Kind::Let:
      report.note(found->entry->range, "it is bound here with `let`");
      break;
    case Kind::Argument:
      report.note(found->entry->range, "it is an argument");
      break;
    default:
      report.note(found->entry->range, "it is bound here");
    }
    return;
  }
  for (const Barrier &barrier : barriers)
    if (found->scope < barrier.firstScope) {
      diagnostics.error(variable->range, Msg::AssignOutside, variable->name, barrier.what)
          .note(found->entry->range, "it is bound here");
      return;
    }
  for (const Construct &construct : constructs) {
    if (found->scope >= construct.firstScope)
      continue;
    std::vector<std::string_view> &names = resolution.effects[construct.node].assigned;
    if (std::ranges::find(names, variable->name) == names.end())
      names.push_back(variable->name);
  }
}

void Resolver::visitFor(const ForStmt *stmt) {
  visit(stmt->iterable);
  constructs.push_back({scopes.size(), stmt});
  {
    Inner scope(*this);
    declare(stmt->pattern, Kind::Loop);
    visitBlock(stmt->body);
  }
  constructs.pop_back();
}

void Resolver::visitWhile(const WhileStmt *stmt) {
  constructs.push_back({scopes.size(), stmt});
  barriers.push_back({scopes.size(), nullptr, "condition"});
  visit(stmt->condition);
  barriers.pop_back();
  visitBlock(stmt->body);
  constructs.pop_back();
}

void Resolver::visitIf(const IfExpr *expr) {
  visit(expr->condition);
  constructs.push_back({scopes.size(), expr});
  visitBlock(expr->then);
  visit(expr->otherwise);
  constructs.pop_back();
}

// ---- Expressions -------------------------------------------------------------------------------

void Resolver::visitFunction(const void *node, List<Param> params, const Type *result,
                             const Expr *body, std::string_view self) {
  // Constructs around the function are not run by its body.
  std::vector<Construct> around;
  std::swap(around, constructs);
  barriers.push_back({scopes.size(), node, "function"});
  resolution.captures[node];
  {
    Inner scope(*this);
    if (!self.empty())
      scopes.back().entries.push_back({self, Kind::Function, {}, true});
    Inner inner(*this);
    for (const Param &param : params) {
      visit(param.type);
      visit(param.defaultValue);
      declare(param.name.text, Kind::Argument, param.name.range);
    }
    visit(result);
    visit(body);
  }
  barriers.pop_back();
  std::swap(around, constructs);
}

void Resolver::visitComprehension(const ComprehensionExpr *expr) {
  visit(expr->iterable);
  barriers.push_back({scopes.size(), nullptr, "comprehension"});
  {
    Inner scope(*this);
    declare(expr->pattern, Kind::Loop);
    visit(expr->element);
  }
  barriers.pop_back();
}

void Resolver::visitCall(const CallExpr *expr) {
  visit(expr->callee);
  std::string_view builtin;
  if (auto name = dyn<NameExpr>(expr->callee); name && isBuiltin(name->name))
    builtin = name->name;
  if (isEffect(builtin))
    effect(expr->callee->range, builtin);
  for (const ast::Argument &argument : expr->args)
    if (!(argument.name.text == "wrt" && takesWrt(builtin)))
      visit(argument.value);
}

void Resolver::visitIndex(const IndexExpr *expr) {
  visit(expr->base);
  for (const IndexItem &item : expr->items) {
    visit(item.value);
    visit(item.start);
    visit(item.stop);
    visit(item.step);
  }
}

void Resolver::visitTrain(const TrainExpr *expr) {
  effect(expr->keywordRange, "train");
  for (const Construct &construct : constructs)
    resolution.effects[construct.node].trains = true;
  // The loss and what is reported beside it are run by the loop over steps, as a function would be.
  barriers.push_back({scopes.size(), nullptr, "loss"});
  visit(expr->loss);
  barriers.pop_back();
  visit(expr->optimizer);
  for (const ast::Argument &option : expr->options) {
    barriers.push_back({scopes.size(), nullptr, "condition"});
    Inner scope(*this);
    if (option.name.text == "stop")
      for (std::string_view name : {"loss", "grad_norm", "step"})
        scopes.back().entries.push_back({name, Kind::Loop, option.range, true});
    visit(option.value);
    barriers.pop_back();
  }
}

void Resolver::visit(const Expr *expr) {
  if (!expr)
    return;
  switch (expr->kind) {
  case ExprKind::Error:
  case ExprKind::Integer:
  case ExprKind::Float:
  case ExprKind::Bool:
    return;
  case ExprKind::String:
    for (const StringPart &part : as<StringExpr>(expr)->parts)
      visit(part.value);
    return;
  case ExprKind::Name:
    return use(as<NameExpr>(expr)->name, expr->range);
  case ExprKind::Unary:
    return visit(as<UnaryExpr>(expr)->operand);
  case ExprKind::Binary:
    visit(as<BinaryExpr>(expr)->left);
    return visit(as<BinaryExpr>(expr)->right);
  case ExprKind::Range:
    visit(as<RangeExpr>(expr)->first);
    return visit(as<RangeExpr>(expr)->last);
  case ExprKind::Lambda:
    return visitFunction(expr, as<LambdaExpr>(expr)->params, nullptr, as<LambdaExpr>(expr)->body,
                         {});
  case ExprKind::If:
    return visitIf(as<IfExpr>(expr));
  case ExprKind::Block:
    return visitBlock(as<BlockExpr>(expr));
  case ExprKind::Tuple:
    for (const Expr *element : as<TupleExpr>(expr)->elements)
      visit(element);
    return;
  case ExprKind::Array:
    for (const Expr *element : as<ArrayExpr>(expr)->elements)
      visit(element);
    return;
  case ExprKind::Comprehension:
    return visitComprehension(as<ComprehensionExpr>(expr));
  case ExprKind::Record:
    for (const RecordEntry &entry : as<RecordExpr>(expr)->entries)
      visit(entry.value);
    return;
  case ExprKind::Call:
    return visitCall(as<CallExpr>(expr));
  case ExprKind::Index:
    return visitIndex(as<IndexExpr>(expr));
  case ExprKind::Field:
    return visit(as<FieldExpr>(expr)->base);
  case ExprKind::Train:
    return visitTrain(as<TrainExpr>(expr));
  }
}

void Resolver::visit(const Type *type) {
  if (!type)
    return;
  if (auto tuple = dyn<TupleType>(type)) {
    for (const Type *element : tuple->elements)
      visit(element);
  } else if (auto record = dyn<RecordType>(type)) {
    for (const FieldType &field : record->fields)
      visit(field.type);
  } else if (auto named = dyn<NamedType>(type)) {
    std::string_view name = named->name.text;
    if (name == "bf16" || name == "f16")
      diagnostics.error(named->name.range, Msg::NotSupportedYet, name);
    else if (!dtypeFromName(name)) {
      constexpr std::array<std::string_view, 7> names{"f64", "f32", "i64", "i32",
                                                      "u32", "bool", "key"};
      diagnostics.error(named->name.range, Msg::TypeExpected, name)
          .suggest(named->name.range, closestName(name, names));
    }
  }
}

} // namespace

void resolve(const Ast &tree, const OuterNames &outer, Diagnostics &diagnostics,
             Resolution &resolution) {
  Resolver(tree, outer, diagnostics, resolution).run();
}

} // namespace descent::sema
