#include "frontend/diagnostics/Messages.h"

namespace descent {

static constexpr MessageInfo kMessages[] = {
#define DESCENT_MESSAGE(SEVERITY, NAME, ID, TEXT, WHY, BAD, MENDED)                                \
  {Severity::SEVERITY, ID, TEXT, WHY, BAD, MENDED},
#include "frontend/diagnostics/Messages.def"
};

const MessageInfo &messageInfo(Msg message) {
  return kMessages[static_cast<size_t>(message)];
}

std::span<const MessageInfo> allMessages() {
  return kMessages;
}

/// Writes a program as a fenced block. Programs are raw strings that begin with a newline.
static void writeProgram(std::ostream &out, std::string_view caption, std::string_view program) {
  while (!program.empty() && program.front() == '\n')
    program.remove_prefix(1);
  while (!program.empty() && program.back() == '\n')
    program.remove_suffix(1);
  if (!program.empty())
    out << "\n" << caption << ":\n```gd\n" << program << "\n```\n";
}

void writeMessageReference(std::ostream &out) {
  out << "# Error messages\n\n"
         "<!-- Made from frontend/diagnostics/Messages.def; change that, then build the target "
         "errors-page. -->\n\n"
         "Each message ends with an id in brackets. Here is each id, what it means, a program that "
         "has the error, and the same program mended.\n";
  for (const MessageInfo &info : kMessages) {
    out << "\n## " << info.id << "\n\n"
        << (info.severity == Severity::Error ? "Error" : "Warning") << ": `` " << info.text
        << " ``\n\n"
        << info.why << "\n";
    writeProgram(out, "Wrong", info.bad);
    writeProgram(out, "Mended", info.mended);
  }
}

} // namespace descent
