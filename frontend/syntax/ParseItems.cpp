// Items of a file. Apart from `fn`, they begin with words that are not keywords and may be names:
// `data d = …` is an item, `data + 1` an expression. What follows the word decides.

#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

/// Whether the token after this one is, on the same line, a name or what was meant as one.
bool Parser::followsName() const {
  const Token &next = token(1);
  if (next.isFirstOnLine)
    return false;
  switch (next.kind) {
  case TokenKind::And:
  case TokenKind::Or:
  case TokenKind::Not:
  case TokenKind::In:
  case TokenKind::Else:
    return false;
  default:
    return isAnyWord(next.kind);
  }
}

const Stmt *Parser::parseWordItem() {
  std::string_view word = textOf(token());
  bool followsString = !token(1).isFirstOnLine && token(1).kind == TokenKind::StringBegin;
  const Stmt *(Parser::*parseItem)() = nullptr;
  if (word == "precision" && followsName())
    parseItem = &Parser::parsePrecision;
  else if (word == "use" && followsName())
    parseItem = &Parser::parseUse;
  else if (word == "import" && followsString)
    parseItem = &Parser::parseImport;
  else if (word == "data" && followsName())
    parseItem = &Parser::parseData;
  else if (word == "param" && followsName())
    parseItem = &Parser::parseParam;
  else if (word == "test" && followsString)
    parseItem = &Parser::parseTest;
  bool isExport = word == "export" && followsName();
  if (!parseItem && !isExport)
    return nullptr;
  if (blocks > 0)
    complain(rangeOf(token()), Msg::TopLevelOnly, word);
  if (!isExport)
    return (this->*parseItem)();
  uint32_t begin = advance().begin;
  if (at(TokenKind::Fn))
    return parseFunction(/*isExported=*/true);
  failExpected(Msg::ExpectedToken, "`fn`");
  return errorStmt(begin);
}

const Stmt *Parser::parsePrecision() {
  uint32_t begin = advance().begin;
  Name type = expectName("a type");
  PrecisionStmt *stmt = ast->make<PrecisionStmt>(rangeFrom(begin));
  stmt->type = type;
  return failed ? static_cast<Stmt *>(errorStmt(begin)) : stmt;
}

const Stmt *Parser::parseUse() {
  uint32_t begin = advance().begin;
  std::vector<UsedModule> modules;
  do {
    UsedModule used;
    used.module = expectName("the name of a module");
    if (!failed && atWord("as") && !token().startsLine) {
      advance();
      used.alias = expectName("a name");
    }
    if (!failed)
      modules.push_back(used);
  } while (accept(TokenKind::Comma));
  UseStmt *stmt = ast->make<UseStmt>(rangeFrom(begin));
  stmt->modules = ast->list(modules);
  return stmt;
}

const Stmt *Parser::parseImport() {
  uint32_t begin = advance().begin;
  const StringExpr *path = parsePlainString("a path in quotes");
  Name alias;
  if (!failed && !atWord("as"))
    failExpected(Msg::ExpectedToken, "`as` and a name");
  if (!failed) {
    advance();
    alias = expectName("a name");
  }
  if (failed)
    return errorStmt(begin);
  ImportStmt *stmt = ast->make<ImportStmt>(rangeFrom(begin));
  stmt->path = path;
  stmt->alias = alias;
  return finish(stmt, path);
}

const Stmt *Parser::parseData() {
  uint32_t begin = advance().begin;
  Name name = expectName("a name");
  expect(TokenKind::Assign, "`=`");
  if (!failed && !at(TokenKind::StringBegin))
    failExpected(Msg::ExpectedToken, "the path of a file in quotes");
  if (failed)
    return errorStmt(begin, name);
  StringExpr *path = parseString();
  DataStmt *stmt = ast->make<DataStmt>(rangeFrom(begin));
  stmt->name = name;
  stmt->path = path;
  return finish(stmt, path);
}

const Stmt *Parser::parseParam() {
  uint32_t begin = advance().begin;
  Name name = expectName("a name");
  const Type *type = parseAnnotation();
  if (!expect(TokenKind::Assign, "`=`"))
    return errorStmt(begin, name);
  Expr *value = parseExpression();
  ParamStmt *stmt = ast->make<ParamStmt>(rangeFrom(begin));
  stmt->name = name;
  stmt->type = type;
  stmt->value = value;
  return finish(stmt, type, value);
}

const Stmt *Parser::parseTest() {
  uint32_t begin = advance().begin;
  const StringExpr *name = parsePlainString("a name in quotes");
  BlockExpr *body = parseBlock();
  TestStmt *stmt = ast->make<TestStmt>(rangeFrom(begin));
  stmt->name = name;
  stmt->body = body;
  return finish(stmt, name, body);
}

// ---- Functions ---------------------------------------------------------------------------------

void Parser::raise(unsigned &height, const std::vector<Param> &params) {
  for (const Param &param : params) {
    raise(height, param.type);
    raise(height, param.defaultValue);
  }
}

const Stmt *Parser::parseFunction(bool isExported) {
  // `export` was consumed: the item begins there.
  uint32_t begin = isExported ? tokens[position - 1].begin : token().begin;
  advance();
  Name name = expectName("the name of the function");
  if (!failed && !at(TokenKind::LeftParen))
    failExpected(Msg::ExpectedToken, "`(` and the parameters");
  if (failed)
    return errorStmt(begin, name);
  bool isClosed = !tokens[token().partner].isMade;
  size_t errorsBefore = diagnostics.errorCount();
  std::vector<Param> params = parseParams();
  bool paramsAreSound = isClosed && diagnostics.errorCount() == errorsBefore;
  for (const Param &param : params)
    if (isExported && !param.type && paramsAreSound)
      complain(param.name.range, Msg::ExportAnnotation, param.name.text);

  const Type *resultType = accept(TokenKind::Arrow) ? parseType() : nullptr;
  bool hasEquals = accept(TokenKind::Assign);
  if (!failed && !hasEquals && !at(TokenKind::LeftBrace))
    failExpected(Msg::ExpectedToken, "`=` or `{`");
  if (failed)
    return errorStmt(begin, name);
  Expr *body = hasEquals ? parseExpression() : parseBlock();
  // A call of a function with unreadable parameters cannot be judged.
  if (!paramsAreSound)
    return errorStmt(begin, name);
  FunctionStmt *stmt = ast->make<FunctionStmt>(rangeFrom(begin));
  stmt->isExported = isExported;
  stmt->hasEquals = hasEquals;
  stmt->name = name;
  stmt->params = ast->list(params);
  stmt->resultType = resultType;
  stmt->body = body;
  return finish(stmt, params, resultType, body);
}

/// `(a, b: T, c = 1.0)`, also of a lambda.
std::vector<Param> Parser::parseParams() {
  std::vector<Param> params;
  bool hasDefault = false;
  parseList([&] {
    Param param;
    uint32_t begin = token().begin;
    param.name = expectName("the name of a parameter");
    param.type = parseAnnotation();
    if (accept(TokenKind::Assign))
      param.defaultValue = parseExpression();
    if (failed)
      return;
    param.range = rangeFrom(begin);
    if (hasDefault && !param.defaultValue)
      complain(param.name.range, Msg::DefaultOrder, param.name.text);
    hasDefault |= param.defaultValue != nullptr;
    params.push_back(param);
  });
  return params;
}

} // namespace descent
