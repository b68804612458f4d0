#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>

namespace descent {

enum class Severity : uint8_t { Error, Warning, Note };

/// Every message that the frontend can give, one enumerator per entry of Messages.def.
enum class Msg : uint16_t {
#define DESCENT_MESSAGE(SEVERITY, NAME, ID, TEXT, WHY, BAD, MENDED) NAME,
#include "frontend/diagnostics/Messages.def"
};

/// What the table says of one message.
struct MessageInfo {
  Severity severity;
  /// What is shown in brackets and looked up in docs/errors.md, e.g. "shape-mismatch".
  std::string_view id;
  /// The text with its arguments as `{0}`, `{1}` …
  std::string_view text;
  /// A paragraph for docs/errors.md: why this is an error, and what to do.
  std::string_view why;
  /// A program that has the error, and the program mended. Both may be empty where no program of
  /// a few lines has it.
  std::string_view bad;
  std::string_view mended;
};

const MessageInfo &messageInfo(Msg message);
/// The whole table, in its order.
std::span<const MessageInfo> allMessages();

/// Writes the page docs/errors.md.
void writeMessageReference(std::ostream &out);

} // namespace descent
