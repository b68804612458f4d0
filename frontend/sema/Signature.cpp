#include "frontend/sema/Signature.h"

#include "frontend/sema/Specializer.h"

#include <cassert>
#include <cstdlib>
#include <map>
#include <mutex>

namespace descent::sema {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

Signature parse(std::string_view text) {
  Signature signature;
  size_t open = text.find('('), close = text.rfind(')');
  assert(open != std::string_view::npos && close != std::string_view::npos);
  text = text.substr(open + 1, close - open - 1);
  while (!text.empty()) {
    // Commas inside of quotes separate nothing.
    size_t comma = 0;
    for (bool isQuoted = false; comma < text.size() && (isQuoted || text[comma] != ','); ++comma)
      isQuoted ^= text[comma] == '"';
    std::string_view part = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(text.size(), comma + 1));
    if (part == "...") {
      signature.takesMore = true;
      continue;
    }
    SignatureParameter parameter;
    size_t equals = part.find('=');
    parameter.name = std::string(trimmed(part.substr(0, equals)));
    if (equals != std::string_view::npos) {
      parameter.isOptional = true;
      parameter.defaultText = std::string(trimmed(part.substr(equals + 1)));
    }
    if (!parameter.name.empty())
      signature.parameters.push_back(std::move(parameter));
  }
  return signature;
}

} // namespace

Value SignatureParameter::defaultValue(Specializer &sema) const {
  const std::string &text = defaultText;
  if (text.empty() || text == "none")
    return AbsentValue{};
  if (text == "true" || text == "false")
    return sema.builder.known(text == "true", DType::Bool);
  if (text.front() == '"') {
    TextValue value;
    value.pieces.push_back({text.substr(1, text.size() - 2), nullptr, "", {}});
    return value;
  }
  if (auto dtype = dtypeFromName(text))
    return DTypeValue{*dtype};
  if (text.find_first_of(".e") != std::string::npos)
    return sema.builder.known(std::strtod(text.c_str(), nullptr), sema.defaultFloat, true);
  return sema.builder.known(int64_t{std::strtoll(text.c_str(), nullptr, 10)}, DType::I32, true);
}

const Signature &signatureOf(const Builtin &builtin) {
  static std::mutex mutex;
  static std::map<const Builtin *, Signature> signatures;
  std::lock_guard lock(mutex);
  auto found = signatures.find(&builtin);
  if (found == signatures.end())
    found = signatures.emplace(&builtin, parse(builtin.signature)).first;
  return found->second;
}

} // namespace descent::sema
