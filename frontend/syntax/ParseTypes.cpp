// Types and patterns.

#include "frontend/syntax/Literals.h"
#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

// ---- Types -------------------------------------------------------------------------------------

const Type *Parser::parseAnnotation() {
  return accept(TokenKind::Colon) ? parseType() : nullptr;
}

const Type *Parser::parseType() {
  Nesting level(*this);
  if (!failed) {
    switch (token().kind) {
    case TokenKind::Word:
      return parseNamedType();
    case TokenKind::LeftParen:
      return parseTupleType();
    case TokenKind::LeftBrace:
      return parseRecordType();
    default:
      failExpected(Msg::ExpectedType, "");
    }
  }
  return ast->make<ErrorType>(foundRange());
}

const Type *Parser::parseNamedType() {
  const Token &word = advance();
  Name name = nameOf(word);
  std::vector<Dim> dims;
  bool hasDims = at(TokenKind::LeftBracket) && !token().startsLine;
  if (hasDims)
    parseList([&] {
      const Token &t = token();
      Dim dim{rangeOf(t), {}, 0};
      std::optional<uint64_t> size;
      if (t.kind == TokenKind::Integer)
        size = parseInteger(textOf(t));
      if (t.kind == TokenKind::Word)
        dim.name = textOf(t);
      else if (t.kind != TokenKind::Integer)
        return failExpected(Msg::ExpectedDim, "");
      else if (size)
        dim.size = *size;
      else
        complain(rangeOf(t), Msg::LiteralRange, textOf(t), "any integer type");
      advance();
      dims.push_back(dim);
    });
  NamedType *type = ast->make<NamedType>(rangeFrom(word.begin));
  type->name = name;
  type->hasDims = hasDims;
  type->dims = ast->list(dims);
  return type;
}

/// `(a, b)`; parentheses around one type are only grouping.
const Type *Parser::parseTupleType() {
  uint32_t begin = token().begin;
  std::vector<const Type *> elements;
  bool hasComma = parseList([&] { elements.push_back(parseType()); });
  if (elements.size() == 1 && !hasComma)
    return elements[0];
  TupleType *type = ast->make<TupleType>(rangeFrom(begin));
  type->elements = ast->list(elements);
  return finish(type, elements);
}

const Type *Parser::parseRecordType() {
  uint32_t begin = token().begin;
  std::vector<FieldType> fields;
  std::vector<const Type *> types;
  parseList([&] {
    if (!isAnyWord(token().kind))
      return failExpected(Msg::ExpectedName, "the name of a field");
    Name name = nameOf(advance());
    if (!expect(TokenKind::Colon, "`:` and a type"))
      return;
    const Type *type = parseType();
    fields.push_back({name, type});
    types.push_back(type);
  });
  RecordType *type = ast->make<RecordType>(rangeFrom(begin));
  type->fields = ast->list(fields);
  return finish(type, types);
}

// ---- Patterns ----------------------------------------------------------------------------------

const Pattern *Parser::parsePattern(bool allowBare) {
  uint32_t begin = token().begin;
  const Pattern *first = parseSinglePattern();
  if (!allowBare || failed || !at(TokenKind::Comma))
    return first;
  std::vector<const Pattern *> elements = {first};
  while (accept(TokenKind::Comma))
    elements.push_back(parseSinglePattern());
  TuplePattern *pattern = ast->make<TuplePattern>(rangeFrom(begin));
  pattern->elements = ast->list(elements);
  return finish(pattern, elements);
}

const Pattern *Parser::parseSinglePattern() {
  Nesting level(*this);
  if (!failed && at(TokenKind::LeftBrace))
    return parseRecordPattern();
  if (!failed && at(TokenKind::LeftParen)) {
    uint32_t begin = token().begin;
    std::vector<const Pattern *> elements;
    bool hasComma = parseList([&] { elements.push_back(parsePattern(/*allowBare=*/false)); });
    if (elements.size() == 1 && !hasComma)
      return elements[0];
    TuplePattern *pattern = ast->make<TuplePattern>(rangeFrom(begin));
    pattern->elements = ast->list(elements);
    return finish(pattern, elements);
  }
  Name name = expectName("a name");
  if (failed)
    return ast->make<ErrorPattern>(foundRange());
  NamePattern *pattern = ast->make<NamePattern>(name.range);
  pattern->name = name.text;
  return pattern;
}

const Pattern *Parser::parseRecordPattern() {
  uint32_t begin = token().begin;
  std::vector<FieldPattern> fields;
  std::vector<const Pattern *> patterns;
  parseList([&] {
    bool hasPattern = isAnyWord(token().kind) && token(1).kind == TokenKind::Colon;
    Name name = hasPattern ? nameOf(advance()) : expectName("the name of a field");
    const Pattern *pattern = nullptr;
    if (accept(TokenKind::Colon)) {
      pattern = parsePattern(/*allowBare=*/false);
    } else if (!failed) {
      NamePattern *same = ast->make<NamePattern>(name.range);
      same->name = name.text;
      pattern = same;
    }
    if (failed)
      return;
    fields.push_back({name, pattern});
    patterns.push_back(pattern);
  });
  RecordPattern *pattern = ast->make<RecordPattern>(rangeFrom(begin));
  pattern->fields = ast->list(fields);
  return finish(pattern, patterns);
}

} // namespace descent
