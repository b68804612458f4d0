#include "frontend/sema/Notes.h"

#include "frontend/sema/Specializer.h"

#include <algorithm>

namespace descent::sema {
namespace {

bool startsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }

} // namespace

std::vector<NameInText> namesIn(const SourceManager &sources, SourceRange range) {
  std::vector<NameInText> names;
  if (!range.isValid())
    return names;
  std::string_view text = sources.text(range);
  char before = 0;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (c == '#') { // a comment
      while (i < text.size() && text[i] != '\n')
        ++i;
      continue;
    }
    if (c == '"') { // a string; what is interpolated in it counts for nothing here
      ++i;
      while (i < text.size() && text[i] != '"')
        i += text[i] == '\\' ? 2 : 1;
      ++i;
      before = '"';
      continue;
    }
    if (!startsName(c)) {
      bool isNumber = isDigit(c);
      do
        ++i;
      while (isNumber && i < text.size() && (isDigit(text[i]) || startsName(text[i])));
      if (c != ' ')
        before = c;
      continue;
    }
    size_t begin = i;
    while (i < text.size() && (startsName(text[i]) || isDigit(text[i])))
      ++i;
    std::string_view name = text.substr(begin, i - begin);
    size_t next = i;
    while (next < text.size() && text[next] == ' ')
      ++next;
    bool isCalled = next < text.size() && text[next] == '(';
    bool isArgumentName = next < text.size() && text[next] == '=' &&
                          (next + 1 == text.size() || text[next + 1] != '=');
    bool isField = before == '.';
    before = 'a';
    if (isCalled || isArgumentName || isField ||
        std::ranges::any_of(names, [&](const NameInText &n) { return n.name == name; }))
      continue;
    names.push_back({name,
                     {range.file, range.begin + static_cast<uint32_t>(begin),
                      range.begin + static_cast<uint32_t>(i)}});
  }
  return names;
}

// ---- Notes of calls ----------------------------------------------------------------------------

/// Adds to the diagnostics made inside of a call where their arguments came from: "in this call, x is
/// points.x: f32[100], a column of points.csv". Three calls at most, the innermost first.
void Specializer::noteCall(size_t firstDiagnostic, const Frame &callee, SourceRange callRange) {
  constexpr unsigned kMostCalls = 3;
  noteStates.resize(diagnostics.all().size());
  for (size_t i = firstDiagnostic; i < diagnostics.all().size(); ++i) {
    NoteState &state = noteStates[i];
    const Diagnostic &diagnostic = diagnostics.all()[i];
    if (state.frames >= kMostCalls)
      continue;
    std::vector<SourceRange> ranges{state.lastCall};
    if (state.frames == 0) {
      ranges = diagnostic.marks;
      if (ranges.empty())
        ranges = {diagnostic.range};
    }
    std::vector<std::pair<SourceRange, std::string>> notes;
    for (SourceRange range : ranges)
      for (const NameInText &mentioned : namesIn(sources, range))
        for (const PassedArgument &argument : callee.arguments) {
          if (argument.name != mentioned.name || !argument.range.isValid())
            continue;
          std::string text = notes.empty() ? "in this call, " : "";
          text += std::string(argument.name) + " is ";
          std::string_view written = sources.text(argument.range);
          bool isName = !written.empty() && startsName(written.front()) && written.size() <= 30 &&
                        written.find_first_of("([{\n") == std::string_view::npos;
          if (isName && written != argument.name)
            text += std::string(written) + ": ";
          text += argument.type;
          if (argument.origin && !argument.origin->description.empty())
            text += ", " + argument.origin->description;
          if (std::ranges::none_of(notes, [&](auto &note) { return note.first == argument.range; }))
            notes.emplace_back(argument.range, text);
        }
    bool isInCall = callRange.contains(diagnostic.range) && callRange.file == diagnostic.range.file;
    if (notes.empty() && callRange.isValid() && !isInCall)
      notes.emplace_back(callRange, "in this call of " + callee.function->describe());
    for (auto &[range, text] : notes) {
      // Recursion comes by the same place again and again.
      bool isNew = std::ranges::none_of(diagnostic.notes, [&](const DiagnosticNote &note) {
        return note.range == range && note.text == text;
      });
      if (isNew)
        diagnostics.amend(i).note(range, text);
    }
    state.lastCall = callRange;
    ++state.frames;
  }
}

/// What went wrong inside of the library is the caller's to mend: reports it at the call.
void Specializer::blameCaller(size_t firstDiagnostic, const Frame &callee, SourceRange callRange) {
  noteStates.resize(diagnostics.all().size());
  for (size_t i = firstDiagnostic; i < diagnostics.all().size();) {
    SourceRange inside = diagnostics.all()[i].range;
    bool isInLibrary = inside.isValid() && std::ranges::any_of(modules, [&](const auto &module) {
                         return module->isLibrary && module->tree->file == inside.file;
                       });
    if (!isInLibrary) {
      ++i;
      continue;
    }
    if (!diagnostics.relocate(i, callRange)) {
      noteStates.erase(noteStates.begin() + static_cast<ptrdiff_t>(i));
      continue;
    }
    diagnostics.amend(i).note("found in " + callee.function->describe() + " at " +
                              sources.describe(inside));
    noteStates[i] = {};
    ++i;
  }
}

/// Adds where the names that operands mention were bound, with their types.
void Specializer::noteOperands(DiagnosticBuilder &report, std::span<const SourceRange> ranges) {
  if (!frame || frame->function)
    return;
  std::vector<std::string_view> noted;
  for (SourceRange range : ranges)
    for (const NameInText &mentioned : namesIn(sources, range)) {
      Variable *variable = lookup(mentioned.name);
      if (!variable || !variable->range.isValid() ||
          std::ranges::find(noted, mentioned.name) != noted.end())
        continue;
      const Value *value = &variable->value;
      std::string name(mentioned.name);
      // `points.x`: the column, not the table.
      const Value *field = nullptr;
      if (auto record = value->as<RecordValue>()) {
        std::string_view text = sources.text(range);
        for (const auto &[fieldName, item] : record->fields)
          if (text == name + "." + fieldName) {
            field = &item;
            name += "." + fieldName;
            break;
          }
        if (!field)
          continue;
        value = field;
      }
      if (!value->array())
        continue;
      noted.push_back(mentioned.name);
      std::string text = "`" + name + "` is " + describeType(*value);
      if (value->origin && !value->origin->description.empty())
        text += ", " + value->origin->description;
      report.note(variable->range, text);
    }
}

} // namespace descent::sema
