// What a program does to the outside: prints, saved files, values kept for the embedding application.
#include "descent/Format.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <array>

namespace descent::sema {

using namespace ast;

void Specializer::emitEffect(decltype(abi::Effect::what) what,
                             std::span<const ArrayValue> operands, SourceRange range) {
  abi::Effect effect;
  effect.what = std::move(what);
  effect.span = {range.file, range.begin, range.end};
  std::vector<ValueId> ids;
  for (const ArrayValue &operand : operands) {
    effect.operands.push_back({operand.type.dtype, operand.type.dims});
    ids.push_back(builder.materialize(operand));
  }
  Program &program = builder.program();
  Op &op = builder.append("effect", std::move(ids), {});
  op.attributes.emplace_back("index", static_cast<int64_t>(program.effects.size()));
  program.effects.push_back(std::move(effect));
}

std::optional<abi::Text> Specializer::effectText(const TextValue &text,
                                                 std::vector<ArrayValue> &operands) {
  abi::Text result;
  for (const TextValue::Piece &piece : text.pieces) {
    abi::TextPiece out;
    if (!piece.value) {
      out.literal = piece.literal;
      result.push_back(std::move(out));
      continue;
    }
    SourceRange range = piece.range.isValid() ? piece.range : builder.range;
    Value value = *piece.value;
    if (auto type = value.as<DTypeValue>()) {
      out.literal = std::string(nameOf(type->dtype));
      result.push_back(std::move(out));
      continue;
    }
    value = settled(asArray(value, range), range);
    if (hasError(value))
      return std::nullopt;
    if (!isData(value)) {
      auto &&report = diagnostics.error(range, Msg::TypeMismatch, describeType(*piece.value),
                                        "a number, an array, or a record or tuple of them");
      if (auto tuple = piece.value->as<TupleValue>();
          tuple && std::ranges::any_of(tuple->items, [](const Value &item) {
            return item.as<TextValue>() != nullptr;
          }))
        report.note("several things are printed without parentheses: `print \"x\", x`");
      return std::nullopt;
    }
    std::vector<ArrayValue> leaves = leavesOf(value);
    if (!piece.format.empty())
      for (const ArrayValue &leaf : leaves)
        if (auto problem = checkFormat(piece.format, leaf.type.dtype)) {
          diagnostics.error(range, Msg::FormatMismatch, *problem);
          return std::nullopt;
        }
    int first = static_cast<int>(operands.size());
    out.value = layoutOf(value, first);
    out.format = piece.format;
    operands.insert(operands.end(), leaves.begin(), leaves.end());
    result.push_back(std::move(out));
  }
  return result;
}

void Specializer::runPrint(const PrintStmt *stmt) {
  TextValue line;
  bool isRight = true;
  for (const Expr *arg : stmt->args) {
    if (!line.pieces.empty())
      line.pieces.push_back({"  ", nullptr, "", {}});
    Value value = evaluateValue(arg);
    if (value.isError()) {
      isRight = false;
    } else if (auto text = value.as<TextValue>()) {
      line.pieces.insert(line.pieces.end(), text->pieces.begin(), text->pieces.end());
      if (text->pieces.empty())
        line.pieces.push_back({"", nullptr, "", {}});
    } else {
      line.pieces.push_back({"", std::make_shared<Value>(std::move(value)), "", arg->extent});
    }
  }
  if (!isRight)
    return;
  std::vector<ArrayValue> operands;
  if (auto text = effectText(line, operands))
    emitEffect(abi::PrintEffect{std::move(*text)}, operands, stmt->range);
}

Value Specializer::save(const Value &given, const Value &path, SourceRange valueRange,
                        SourceRange pathRange, SourceRange range) {
  auto text = path.as<TextValue>();
  if (!text) {
    if (!path.isError())
      diagnostics.error(pathRange, Msg::TypeMismatch, describeType(path), "a path in quotes");
    return NothingValue{};
  }
  std::string end = text->pieces.empty() || text->pieces.back().value ? ""
                                                                      : text->pieces.back().literal;
  size_t dot = end.rfind('.');
  std::string extension = dot == std::string::npos ? "" : end.substr(dot + 1);
  constexpr std::array supported{"npz", "npy", "csv", "tsv"};
  if (std::ranges::find(supported, extension) == supported.end()) {
    diagnostics.error(pathRange, Msg::NotSupportedYet,
                      extension.empty() ? "saving to a file without an extension (use npz, npy or csv)"
                                        : "saving to ." + extension + " (use npz, npy or csv)");
    return NothingValue{};
  }
  Value value = settled(asArray(given, valueRange), valueRange);
  if (hasError(value))
    return NothingValue{};
  if (!isData(value)) {
    diagnostics.error(valueRange, Msg::TypeMismatch, describeType(given),
                      "an array, or a record or tuple of them");
    return NothingValue{};
  }
  std::vector<ArrayValue> operands;
  auto where = effectText(*text, operands);
  if (!where)
    return NothingValue{};
  abi::SaveEffect effect;
  effect.path = std::move(*where);
  int first = static_cast<int>(operands.size());
  effect.value = layoutOf(value, first);
  flatten(value, operands);
  emitEffect(std::move(effect), operands, range);
  return NothingValue{};
}

void Specializer::keep(const std::string &name, const Value &given, SourceRange range) {
  if (!isData(given))
    return;
  Value value = settled(given, range);
  if (!isData(value))
    return;
  abi::KeepEffect effect;
  effect.name = name;
  int first = 0;
  effect.value = layoutOf(value, first);
  builder.range = range;
  emitEffect(std::move(effect), leavesOf(value), range);
}

} // namespace descent::sema
