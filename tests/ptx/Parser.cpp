#include "Syntax.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace descent::ptx {

namespace {

std::string trimmed(std::string_view text) {
  auto isSpace = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && isSpace(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back()))
    text.remove_suffix(1);
  return std::string(text);
}

bool isOfWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' ||
         c == '.';
}

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  Code parse() {
    for (std::string word = next(); !word.empty(); word = next()) {
      if (word == ".version") {
        code.version = std::atof(restOfLine().c_str());
      } else if (word == ".target") {
        std::string target = restOfLine();
        if (!target.starts_with("sm_"))
          fail("the target " + target + " is not known");
        code.capability = std::atoi(target.c_str() + 3);
      } else if (word == ".address_size") {
        if (restOfLine() != "64")
          fail("addresses have 64 bits here");
      } else if (word == ".file") {
        file();
      } else if (word == ".section") {
        take(upTo("{"));
        skipBraces();
      } else if (word == ".visible" || word == ".weak" || word == ".common") {
      } else if (word == ".extern") {
        isExternal = true;
        continue;
      } else if (word == ".entry" || word == ".func") {
        function(word == ".entry");
      } else if (word == ".global" || word == ".const" || word == ".shared") {
        for (Variable &made : variables(word, upTo(";")))
          code.variables.push_back(std::move(made));
        take(1);
      } else {
        fail("`" + word + "` is not known here");
      }
      isExternal = false;
    }
    if (code.capability == 0)
      fail("there is no .target");
    return std::move(code);
  }

private:
  [[noreturn]] void fail(const std::string &what) const { throw Problem(line, what); }

  void take(size_t count) {
    line += static_cast<int>(std::count(text.begin() + at, text.begin() + at + count, '\n'));
    at += count;
  }

  void skip() {
    while (at < text.size()) {
      if (std::isspace(static_cast<unsigned char>(text[at])))
        take(1);
      else if (text.substr(at, 2) == "//")
        take(std::min(text.find('\n', at), text.size()) - at);
      else
        return;
    }
  }

  /// How far it is to one of these characters.
  size_t upTo(const char *characters) const {
    size_t found = text.find_first_of(characters, at);
    if (found == std::string_view::npos)
      fail(std::string("`") + characters + "` is missing");
    return found - at;
  }

  /// Without comments.
  std::string taken(size_t count) {
    std::string result;
    for (size_t end = at + count; at < end;) {
      if (text.substr(at, 2) == "//")
        take(std::min(text.find('\n', at), end) - at);
      else
        result += text[at], take(1);
    }
    return trimmed(result);
  }

  std::string restOfLine() { return taken(std::min(text.find('\n', at), text.size()) - at); }

  /// The word that is next; empty: the end.
  std::string next() {
    skip();
    size_t end = at;
    while (end < text.size() && isOfWord(text[end]))
      ++end;
    if (end == at && at < text.size())
      fail(std::string("`") + text[at] + "` is not expected");
    std::string word(text.substr(at, end - at));
    take(end - at);
    return word;
  }

  bool isNext(char c) {
    skip();
    return at < text.size() && text[at] == c;
  }

  void expect(char c) {
    if (!isNext(c))
      fail(std::string("`") + c + "` is expected");
    take(1);
  }

  void skipBraces() {
    expect('{');
    for (int depth = 1; depth > 0; take(1)) {
      if (at >= text.size())
        fail("`}` is missing");
      depth += (text[at] == '{') - (text[at] == '}');
    }
  }

  void file() {
    std::string rest = restOfLine();
    size_t open = rest.find('"'), close = rest.rfind('"');
    if (open == std::string::npos || close <= open)
      fail("a file has a name");
    code.files[std::atoi(rest.c_str())] = rest.substr(open + 1, close - open - 1);
  }

  /// `count` characters of a declaration behind its first word, which may have several names.
  std::vector<Variable> variables(const std::string &space, size_t count) {
    int begin = line;
    std::string all = taken(count);
    if (all.find('=') != std::string::npos)
      return {variable(space, all, begin)};
    std::vector<std::string> names = parts(all);
    if (names.empty())
      fail("a declaration of nothing");
    std::vector<Variable> result = {variable(space, names[0], begin)};
    std::string type = names[0].substr(0, names[0].find_last_of(" \t\n") + 1);
    for (size_t i = 1; i < names.size(); ++i)
      result.push_back(variable(space, type + names[i], begin));
    return result;
  }

  Variable variable(const std::string &space, std::string all, int begin) {
    Variable made;
    made.line = begin;
    made.space = space == ".shared"                        ? Space::Shared
                 : space == ".local"                       ? Space::Local
                 : space == ".param"                       ? Space::Param
                 : space == ".global" || space == ".const" ? Space::Global
                                                           : Space::Generic;
    if (size_t equals = all.find('='); equals != std::string::npos) {
      std::string values = trimmed(std::string_view(all).substr(equals + 1));
      if (values.starts_with('{') && values.ends_with('}'))
        values = values.substr(1, values.size() - 2);
      made.initial = parts(values);
      all = trimmed(std::string_view(all).substr(0, equals));
    }
    unsigned elements = 1;
    std::string word;
    size_t position = 0;
    auto following = [&] {
      while (position < all.size() && std::isspace(static_cast<unsigned char>(all[position])))
        ++position;
      size_t begin = position;
      while (position < all.size() && !std::isspace(static_cast<unsigned char>(all[position])))
        ++position;
      return all.substr(begin, position - begin);
    };
    for (word = following(); word.starts_with('.'); word = following()) {
      if (word == ".align")
        made.alignment = static_cast<unsigned>(std::atoi(following().c_str()));
      else if (word == ".ptr" || word == ".global" || word == ".shared")
        continue;
      else
        made.bits = bitsOf(word);
    }
    if (made.bits == 0)
      fail("a declaration without a type");
    if (size_t open = word.find_first_of("<["); open != std::string::npos) {
      made.isDynamic = word[open] == '[' && word[open + 1] == ']';
      elements = static_cast<unsigned>(std::atoi(word.c_str() + open + 1));
      if (word[open] == '<')
        made.count = elements;
      word.resize(open);
    }
    made.name = word;
    if (made.name.empty() || !following().empty())
      fail("a declaration without a name");
    if (made.isDynamic != (isExternal && made.space == Space::Shared))
      fail("only external shared memory has no size");
    made.bytes = (made.bits + 7) / 8 * elements;
    made.alignment = std::max(made.alignment, (made.bits + 7) / 8);
    return made;
  }

  unsigned bitsOf(const std::string &type) const {
    if (type == ".pred")
      return 1;
    int bits = type.size() > 2 ? std::atoi(type.c_str() + 2) : 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
      fail("the type " + type + " is not known here");
    return static_cast<unsigned>(bits);
  }

  std::vector<Variable> parameters() {
    std::vector<Variable> result;
    if (!isNext('('))
      return result;
    take(1);
    while (!isNext(')')) {
      if (isNext(','))
        take(1);
      if (std::string word = next(); word != ".param")
        fail("`.param` is expected, not `" + word + "`");
      int begin = line;
      result.push_back(variable(".param", taken(upTo(",)")), begin));
    }
    take(1);
    return result;
  }

  void function(bool isKernel) {
    Function made;
    made.isKernel = isKernel;
    made.isExternal = isExternal;
    made.results = parameters();
    made.name = next();
    made.line = line;
    made.parameters = parameters();
    while (!isNext('{') && !isNext(';')) {
      std::string word = next();
      if (word == ".maxntid")
        made.mostThreads = std::atoi(restOfLine().c_str());
      else if (word == ".minnctapersm" || word == ".reqntid" || word == ".maxnreg")
        restOfLine();
      else if (word != ".noreturn")
        fail("`" + word + "` is not known here");
    }
    if (isNext('{')) {
      made.hasBody = true;
      body(made);
    } else {
      take(1);
    }
    code.functions.push_back(std::move(made));
  }

  void body(Function &function) {
    place = {};
    int depth = 0;
    do {
      skip();
      Statement made;
      made.line = line;
      made.place = place;
      if (isNext('{')) {
        take(1);
        made.kind = Statement::Kind::Begin;
        ++depth;
      } else if (isNext('}')) {
        take(1);
        made.kind = Statement::Kind::End;
        --depth;
      } else {
        statement(made, function.body);
        continue;
      }
      function.body.push_back(std::move(made));
    } while (depth > 0);
  }

  void statement(Statement &made, std::vector<Statement> &body) {
    if (isNext('@')) {
      take(1);
      if (isNext('!')) {
        take(1);
        made.isNegated = true;
      }
      made.guard = next();
    }
    std::string word = next();
    if (word == ".loc") {
      std::string rest = restOfLine();
      char *end = rest.data();
      for (int *field : {&place.file, &place.line, &place.column})
        *field = static_cast<int>(std::strtol(end, &end, 10));
      return;
    }
    if (word == ".pragma") {
      take(upTo(";") + 1);
      return;
    }
    if (word == ".branchtargets") {
      // The label before is their name.
      if (body.empty() || body.back().kind != Statement::Kind::Label)
        fail("`.branchtargets` without a name");
      body.back().kind = Statement::Kind::Targets;
      body.back().operands = parts(taken(upTo(";")));
      take(1);
      return;
    }
    if (word == ".reg" || word == ".local" || word == ".shared" || word == ".param") {
      made.kind = Statement::Kind::Declaration;
      for (Variable &variable : variables(word, upTo(";"))) {
        made.variable = std::move(variable);
        body.push_back(made);
      }
      take(1);
      return;
    }
    if (word.empty() || word.starts_with('.'))
      fail("`" + word + "` is not known here");
    if (isNext(':')) {
      take(1);
      made.kind = Statement::Kind::Label;
      made.words = {word};
      body.push_back(std::move(made));
      return;
    }
    for (size_t begin = 0; begin <= word.size();) {
      size_t end = std::min(word.find('.', begin), word.size());
      made.words.push_back(word.substr(begin, end - begin));
      begin = end + 1;
    }
    made.operands = parts(taken(upTo(";")));
    take(1);
    body.push_back(std::move(made));
  }

  std::string_view text;
  size_t at = 0;
  int line = 1;
  Place place;
  bool isExternal = false;
  Code code;
};

} // namespace

std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> result;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      result.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    } else {
      depth += text[i] == '{' || text[i] == '[' || text[i] == '(';
      depth -= text[i] == '}' || text[i] == ']' || text[i] == ')';
    }
  }
  if (result.size() == 1 && result[0].empty())
    result.clear();
  return result;
}

Code parse(std::string_view text) {
  return Parser(text).parse();
}

} // namespace descent::ptx
