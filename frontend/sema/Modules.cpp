// Files: the script's own, those it imports, the library's; their items.
#include "frontend/library/Library.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"
#include "frontend/syntax/Parser.h"

#include <algorithm>
#include <charconv>

namespace descent::sema {

using namespace ast;
using Kind = Variable::Kind;

namespace {

constexpr std::string_view kLibraryPrefix = "library/";

/// What `precision` sets.
struct Precision {
  DType floats = DType::F32;
  ProductPrecision products = ProductPrecision::Full;
};

std::optional<Precision> precisionFromName(std::string_view name) {
  if (name == "tf32")
    return Precision{DType::F32, ProductPrecision::Tf32};
  if (name == "bf16")
    return Precision{DType::F32, ProductPrecision::Bf16};
  if (auto dtype = dtypeFromName(name); dtype && isFloat(*dtype))
    return Precision{*dtype, ProductPrecision::Full};
  return std::nullopt;
}

/// The precision that a file asks for; none where it asks for none, or for what there is not.
std::optional<Precision> precisionOf(const Ast &tree) {
  if (!tree.items.empty())
    if (auto statement = dyn<PrecisionStmt>(tree.items.front()))
      return precisionFromName(statement->type.text);
  return std::nullopt;
}

/// The names that a file's items bind.
void collectNames(const Pattern *pattern, Kind kind, Module &module);

void addGlobal(Module &module, std::string_view name, Kind kind, SourceRange range) {
  if (name.empty() || name == "_" || module.byName.contains(name))
    return;
  Variable variable;
  variable.name = name;
  variable.kind = kind;
  variable.range = range;
  variable.isBound = false;
  module.globals.push_back(std::move(variable));
  module.byName.emplace(name, &module.globals.back());
}

void collectNames(const Pattern *pattern, Kind kind, Module &module) {
  if (auto name = dyn<NamePattern>(pattern))
    addGlobal(module, name->name, kind, name->range);
  else if (auto tuple = dyn<TuplePattern>(pattern))
    for (const Pattern *element : tuple->elements)
      collectNames(element, kind, module);
  else if (auto record = dyn<RecordPattern>(pattern))
    for (const FieldPattern &field : record->fields)
      collectNames(field.pattern, kind, module);
}

void hoist(Module &module) {
  for (const Stmt *item : module.tree->items) {
    if (auto function = dyn<FunctionStmt>(item))
      addGlobal(module, function->name.text, Kind::Function, function->name.range);
    else if (auto param = dyn<ParamStmt>(item))
      addGlobal(module, param->name.text, Kind::Parameter, param->name.range);
    else if (auto data = dyn<DataStmt>(item))
      addGlobal(module, data->name.text, Kind::Data, data->name.range);
    else if (auto binding = dyn<BindingStmt>(item))
      collectNames(binding->pattern, binding->isVar ? Kind::Var : Kind::Let, module);
    else if (auto import = dyn<ImportStmt>(item))
      addGlobal(module, import->alias.text, Kind::Module, import->alias.range);
    else if (auto error = dyn<ErrorStmt>(item))
      addGlobal(module, error->name.text, Kind::Error, error->name.range);
    else if (auto uses = dyn<UseStmt>(item))
      for (const UsedModule &used : uses->modules)
        addGlobal(module, used.boundName().text, Kind::Module, used.boundName().range);
  }
}

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

} // namespace

std::optional<Value> Specializer::builtinConstant(std::string_view name) const {
  if (name == "none")
    return AbsentValue{};
  if (name == "key")
    return std::nullopt; // the function that makes one
  if (auto dtype = namedType(name))
    return DTypeValue{*dtype};
  return std::nullopt;
}

// ---- Files -------------------------------------------------------------------------------------

Module &Specializer::addModule(const Ast &tree, std::string name, bool isLibrary) {
  modules.push_back(std::make_unique<Module>());
  Module &module = *modules.back();
  module.name = std::move(name);
  module.tree = &tree;
  module.isLibrary = isLibrary;
  module.defaultFloat = isLibrary ? mainModule->defaultFloat : DType::F32;
  if (auto precision = precisionOf(tree))
    module.defaultFloat = precision->floats;
  else if (!tree.items.empty())
    if (auto statement = dyn<PrecisionStmt>(tree.items.front()))
      diagnostics.error(statement->type.range,
                        statement->type.text == "f16" ? Msg::NotSupportedYet : Msg::PrecisionType,
                        statement->type.text);
  if (options.gradientCheck)
    module.defaultFloat = DType::F64;
  hoist(module);

  bool isPrelude = &module == preludeModule || (isLibrary && module.name == "prelude");
  OuterNames outer;
  outer.isKnown = [this, isPrelude](std::string_view wanted) {
    return findBuiltin(wanted) || builtinConstant(wanted) ||
           (!isPrelude && prelude() && prelude()->find(wanted));
  };
  outer.all = [this, isPrelude] {
    std::vector<std::string_view> names = builtinNames();
    if (Module *library = isPrelude ? nullptr : prelude())
      for (const Variable &variable : library->globals)
        names.push_back(variable.name);
    return names;
  };
  resolve(tree, outer, diagnostics, resolution);

  // Functions are there from the start, also for those above them.
  Frame top;
  top.module = &module;
  Frame *around = std::exchange(frame, &top);
  for (const Stmt *item : tree.items)
    if (auto function = dyn<FunctionStmt>(item))
      declare(function->name.text, Kind::Function, function->name.range,
              makeFunction(function->name.text, function->name.range, function->params,
                           function->resultType, function->body, nullptr));
  frame = around;
  return module;
}

void Specializer::start(const Ast &script) {
  // The prelude takes its precision from the script, which is there before its names are looked up.
  Module placeholder;
  Precision precision = precisionOf(script).value_or(Precision());
  placeholder.defaultFloat = precision.floats;
  builder.program().products = precision.products;
  mainModule = &placeholder;
  Module &module = addModule(script, sources.file(script.file).path(), false);
  mainModule = &module;
  modulesByPath[module.name] = &module;
  checkSettings();
  runModule(module);
}

void Specializer::runModule(Module &module) {
  Frame top;
  top.module = &module;
  Frame *around = std::exchange(frame, &top);
  DType floatAround = std::exchange(defaultFloat, module.defaultFloat);
  module.isOpen = true;
  for (const Stmt *item : module.tree->items) {
    if (exhausted)
      break;
    run(item);
  }
  module.isOpen = false;
  // What follows belongs to the script: its test blocks, the values that are kept.
  if (&module == mainModule && !exhausted)
    finishMain();
  defaultFloat = floatAround;
  frame = around;
}

void Specializer::finishMain() {
  if (options.tests)
    for (const Stmt *item : mainModule->tree->items)
      if (auto test = dyn<TestStmt>(item)) {
        std::string name(test->name->text());
        if (!options.onlyTest.empty() && name != options.onlyTest)
          continue;
        builder.range = test->range;
        emitEffect(abi::TestEffect{name, true}, {}, test->name->range);
        std::vector<std::pair<Variable *, Value>> before;
        for (Variable &variable : mainModule->globals)
          before.emplace_back(&variable, variable.value);
        evaluateBlock(test->body, false);
        for (auto &[variable, value] : before)
          variable->value = value;
        builder.range = test->range;
        emitEffect(abi::TestEffect{name, false}, {}, test->name->range);
      }
  if (options.gradientCheck)
    return;
  for (const Variable &variable : mainModule->globals) {
    bool isKept = variable.kind == Kind::Let || variable.kind == Kind::Var ||
                  variable.kind == Kind::Parameter;
    if (isKept && variable.isBound)
      keep(std::string(variable.name), variable.value, variable.range);
  }
}

Module *Specializer::libraryModule(std::string_view name) {
  std::string path = std::string(kLibraryPrefix) + std::string(name) + ".gd";
  auto known = modulesByPath.find(path);
  if (known != modulesByPath.end())
    return known->second;
  auto text = library::moduleText(name);
  if (!text)
    return nullptr;
  const SourceFile &file = sources.add(path, std::string(*text));
  std::unique_ptr<Ast> tree = parse(file, diagnostics);
  const Ast &parsed = *tree;
  Module &module = addModule(parsed, std::string(name), true);
  module.owned = std::move(tree);
  modulesByPath[path] = &module;
  if (name == "prelude")
    preludeModule = &module;
  runModule(module);
  return &module;
}

Module *Specializer::prelude() {
  if (!preludeLoaded) {
    preludeLoaded = true;
    libraryModule("prelude");
  }
  return preludeModule;
}

void Specializer::runUse(const UseStmt *stmt) {
  for (const UsedModule &used : stmt->modules) {
    Module *module = used.module.text == "prelude" ? nullptr : libraryModule(used.module.text);
    if (!module) {
      diagnostics.error(used.module.range, Msg::UnknownModule, used.module.text)
          .suggest(used.module.range, closestName(used.module.text, library::moduleNames()));
      declare(used.boundName().text, Kind::Module, used.boundName().range, ErrorValue{});
      continue;
    }
    declare(used.boundName().text, Kind::Module, used.boundName().range,
            std::make_shared<ModuleValue>(ModuleValue{module}));
  }
}

void Specializer::runImport(const ImportStmt *stmt) {
  std::string path(stmt->path->text());
  if (!path.starts_with('/'))
    path = folderOf(sources.file(stmt->range.file).path()) + path;
  auto bindTo = [&](Value value) {
    declare(stmt->alias.text, Kind::Module, stmt->alias.range, std::move(value));
  };
  auto known = modulesByPath.find(path);
  if (known != modulesByPath.end()) {
    if (known->second->isOpen) {
      diagnostics.error(stmt->path->range, Msg::ImportCycle, path);
      return bindTo(ErrorValue{});
    }
    return bindTo(std::make_shared<ModuleValue>(ModuleValue{known->second}));
  }
  std::string reason;
  const SourceFile *file = sources.load(path, reason);
  if (!file) {
    diagnostics.error(stmt->path->range, Msg::FileUnreadable, path, reason);
    return bindTo(ErrorValue{});
  }
  std::unique_ptr<Ast> tree = parse(*file, diagnostics);
  const Ast &parsed = *tree;
  Module &module = addModule(parsed, path, false);
  module.owned = std::move(tree);
  modulesByPath[path] = &module;
  runModule(module);
  bindTo(std::make_shared<ModuleValue>(ModuleValue{&module}));
}

// ---- Data and params ---------------------------------------------------------------------------

Value Specializer::dataColumn(const std::string &name, const Array &given, SourceRange range,
                              const std::string &what) {
  bool widens = options.gradientCheck && isFloat(given.dtype());
  Array array = widens ? given.converted(DType::F64) : given;
  Value value = appendInput(name, std::move(array));
  value.origin = std::make_shared<Origin>(Origin{range, what});
  return value;
}

/// Columns of the same name got a number after it.
void Specializer::warnOfRepeated(const std::vector<DataColumn> &columns, const std::string &path,
                                 SourceRange range) {
  std::vector<std::string_view> seen;
  for (const DataColumn &column : columns) {
    if (column.label.empty() || std::ranges::find(seen, column.label) != seen.end())
      continue;
    seen.push_back(column.label);
    std::string names;
    size_t count = 0;
    for (const DataColumn &other : columns)
      if (other.label == column.label) {
        names += (count++ ? ", `" : "`") + other.name + "`";
      }
    if (count > 1)
      diagnostics.warning(range, Msg::RepeatedColumn, path, count, column.label, names);
  }
}

void Specializer::runData(const DataStmt *stmt) {
  std::string name(stmt->name.text);
  auto bindTo = [&](Value value) {
    declare(stmt->name.text, Kind::Data, stmt->name.range, std::move(value));
  };
  Value text = evaluateString(stmt->path);
  Argument argument{"", {}, std::move(text), stmt->path->range};
  auto path = expectKnownText(argument);
  if (!path)
    return bindTo(ErrorValue{});
  std::string replaced; // what a file that stands in for the script's own is said to be
  if (frame->module == mainModule)
    for (const auto &[item, other] : options.data)
      if (item == name) {
        replaced = "`--data " + name + "=" + other + "` takes the place of \"" + *path + "\"";
        path = other;
      }
  auto refuse = [&](const std::string &why) {
    auto report = diagnostics.error(stmt->path->range, Msg::DataUnreadable, why);
    if (!replaced.empty())
      report.note(replaced);
    bindTo(ErrorValue{});
  };
  std::string_view extension =
      std::string_view(*path).substr(std::min(path->rfind('.'), path->size()));
  for (std::string_view planned : {".idx", ".h5", ".safetensors"})
    if (extension == planned) {
      diagnostics.error(stmt->path->range, Msg::NotSupportedYet,
                        "reading " + std::string(planned) + " files (use csv, npy or npz)");
      return bindTo(ErrorValue{});
    }
  if (!options.dataSource)
    return refuse("no data can be read here");
  DataResult result = options.dataSource->load(*path, defaultFloat);
  if (!result.error.empty())
    return refuse(result.error);
  warnOfRepeated(result.columns, *path, stmt->path->range);
  std::string origin = *path + (replaced.empty() ? "" : " (given by --data)");
  if (result.isSingleArray && !result.columns.empty())
    return bindTo(
        dataColumn(name, result.columns.front().array, stmt->name.range, "the array of " + origin));
  RecordValue table;
  for (const DataColumn &column : result.columns) {
    if (!column.refused.empty())
      table.fields.emplace_back(column.name, RefusedValue{column.refused});
    else
      table.fields.emplace_back(column.name, dataColumn(name + "." + column.name, column.array,
                                                        stmt->name.range, "a column of " + origin));
  }
  bindTo(std::move(table));
}

void Specializer::runParam(const ParamStmt *stmt) {
  Value value = evaluateValue(stmt->value);
  SourceRange range = stmt->value->extent;
  if (stmt->type)
    value = checkAnnotation(stmt->type, value, range);
  value = settled(value, range);
  if (!hasError(value)) {
    std::vector<ArrayValue> leaves = leavesOf(value);
    bool areFloats = isData(value) && std::ranges::all_of(leaves, [](const ArrayValue &leaf) {
                       return isFloat(leaf.type.dtype);
                     });
    if (!areFloats) {
      auto report = diagnostics.error(range, Msg::ParamType, describeType(value));
      if (value.knownInteger())
        report.note("write " + std::string(sources.text(range)) + ".0");
      value = ErrorValue{};
    } else {
      // Training changes it, so its initial value counts for nothing that is compiled.
      for (ArrayValue &leaf : leaves) {
        leaf.id = builder.materialize(leaf);
        leaf.known.reset();
        leaf.literals.reset();
      }
      value = rebuilt(value, leaves);
    }
  }
  declare(stmt->name.text, Kind::Parameter, stmt->name.range, std::move(value));
}

Variable *Specializer::findParam(std::string_view name) {
  Variable *variable = lookup(name);
  return variable && variable->kind == Kind::Parameter && variable->isBound ? variable : nullptr;
}

// ---- Settings ----------------------------------------------------------------------------------

namespace {

bool isLiteral(const Expr *expr) {
  if (auto unary = dyn<UnaryExpr>(expr); unary && unary->op == UnaryOp::Negate)
    expr = unary->operand;
  if (auto string = dyn<StringExpr>(expr))
    return string->isPlain();
  return is<IntegerExpr>(expr) || is<FloatExpr>(expr) || is<BoolExpr>(expr);
}

template <typename T> std::optional<T> parseWhole(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

/// A number without the `_` between its digits, as the script's own may have them.
std::string withoutSeparators(std::string_view text) {
  std::string digits;
  auto isDigit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '_' || i == 0 || !isDigit(i - 1) || !isDigit(i + 1))
      digits += text[i];
  return digits;
}

} // namespace

void Specializer::applySetting(const BindingStmt *stmt, std::string_view name, Value &value) {
  const std::string *text = nullptr;
  for (const auto &[setting, given] : options.settings)
    if (setting == name)
      text = &given;
  if (!text)
    return;
  if (!isLiteral(stmt->value)) {
    diagnostics.error(stmt->value->extent, Msg::BadSetting,
                      "`--set` replaces literals, but `" + std::string(name) +
                          "` is computed from other values");
    return;
  }
  if (value.as<TextValue>()) {
    TextValue replaced;
    replaced.pieces.push_back({*text, nullptr, "", {}});
    value = replaced;
    return;
  }
  auto array = value.array();
  if (!array)
    return;
  if (array->type.dtype == DType::Bool) {
    if (*text == "true" || *text == "false")
      value = builder.known(*text == "true", DType::Bool);
    else
      diagnostics.error(stmt->value->extent, Msg::BadSetting,
                        "`" + *text + "` is neither true nor false");
    return;
  }
  std::string digits = withoutSeparators(*text);
  if (auto integer = parseWhole<int64_t>(digits))
    value = isFloat(array->type.dtype)
                ? builder.known(static_cast<double>(*integer), defaultFloat, true)
                : builder.known(*integer, DType::I32, true);
  else if (auto number = parseWhole<double>(digits))
    value = builder.known(*number, defaultFloat, true);
  else
    diagnostics.error(stmt->value->extent, Msg::BadSetting, "`" + *text + "` is not a number");
}

/// Settings that name nothing of the script.
void Specializer::checkSettings() {
  auto check = [&](const std::string &name, Kind kind, std::string_view what) {
    Variable *variable = mainModule->find(name);
    if (variable && variable->kind == kind)
      return;
    std::vector<std::string_view> names;
    for (const Variable &candidate : mainModule->globals)
      if (candidate.kind == kind)
        names.push_back(candidate.name);
    diagnostics
        .error({}, Msg::BadSetting,
               "the script has no top-level `" + std::string(what) + "` called `" + name + "`")
        .suggest({}, closestName(name, names));
  };
  for (const auto &[name, value] : options.settings)
    check(name, Kind::Let, "let");
  for (const auto &[name, path] : options.data)
    check(name, Kind::Data, "data");
}

// ---- Exported functions ------------------------------------------------------------------------

namespace {

/// A value of a type: its arrays become arguments of a region. Reports sizes that have only a name.
std::optional<Value> argumentOf(Specializer &sema, const ast::Type *type, Region &region) {
  if (auto tuple = dyn<TupleType>(type)) {
    TupleValue value;
    for (const ast::Type *element : tuple->elements) {
      auto item = argumentOf(sema, element, region);
      if (!item)
        return std::nullopt;
      value.items.push_back(std::move(*item));
    }
    return value;
  }
  if (auto record = dyn<RecordType>(type)) {
    RecordValue value;
    for (const FieldType &field : record->fields) {
      auto item = argumentOf(sema, field.type, region);
      if (!item)
        return std::nullopt;
      value.fields.emplace_back(std::string(field.name.text), std::move(*item));
    }
    return value;
  }
  auto named = dyn<NamedType>(type);
  auto dtype = named ? sema.namedType(named->name.text) : std::nullopt;
  if (!dtype)
    return std::nullopt;
  TensorType tensor{*dtype, {}};
  for (const Dim &dim : named->dims) {
    if (!dim.name.empty()) {
      sema.diagnostics.error(dim.range, Msg::NotSupportedYet,
                             "named sizes in an exported function (write the number)");
      return std::nullopt;
    }
    tensor.dims.push_back(static_cast<int64_t>(dim.size));
  }
  return sema.builder.argument(region, tensor);
}

/// The first operation that uses a value from outside of the function.
const Op *findOutsideUse(const Region &region, std::unordered_set<ValueId> &inside) {
  inside.insert(region.args.begin(), region.args.end());
  for (const Op &op : region.ops) {
    for (ValueId operand : op.operands)
      if (!inside.contains(operand))
        return &op;
    for (const Region &inner : op.regions)
      if (const Op *found = findOutsideUse(inner, inside))
        return found;
    inside.insert(op.results.begin(), op.results.end());
  }
  return nullptr;
}

} // namespace

void Specializer::runExport(const FunctionStmt *stmt) {
  if (options.gradientCheck)
    return;
  Function exported;
  exported.name = std::string(stmt->name.text);
  std::vector<Argument> arguments;
  for (const Param &param : stmt->params) {
    if (!param.type)
      return; // reported by the parser
    auto value = argumentOf(*this, param.type, exported.body);
    if (!value)
      return;
    exported.parameterNames.emplace_back(param.name.text);
    arguments.push_back({"", {}, std::move(*value), param.range});
  }
  Variable *function = lookup(stmt->name.text);
  if (!function)
    return;
  {
    Builder::RegionScope scope(builder, exported.body);
    PausedEffects paused(*this);
    Value result = settled(call(function->value, arguments, stmt->name.range), stmt->name.range);
    if (hasError(result))
      return;
    if (!isData(result)) {
      diagnostics.error(resultRange(stmt->body), Msg::TypeMismatch, describeType(result),
                        "an array, or a record or tuple of them");
      return;
    }
    for (const ArrayValue &leaf : leavesOf(result))
      exported.body.yields.push_back(builder.materialize(leaf));
    exported.resultPaths = leafPaths(result);
  }
  std::unordered_set<ValueId> inside;
  const Op *outside = findOutsideUse(exported.body, inside);
  bool yieldsOutside =
      std::ranges::any_of(exported.body.yields, [&](ValueId id) { return !inside.contains(id); });
  if (outside || yieldsOutside) {
    diagnostics.error(outside && outside->range.isValid() ? outside->range : stmt->name.range,
                      Msg::NotSupportedYet,
                      "an exported function that uses values computed by the script");
    return;
  }
  builder.program().exports.push_back(std::move(exported));
}

} // namespace descent::sema
