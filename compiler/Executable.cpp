#include "compiler/Executable.h"

#include "compiler/cpu/CodeGen.h"

#include "descent/Error.h"

#include <chrono>
#include <cstring>

namespace descent::compiler {

// ---- As bytes: the arena's size, the number of functions, their names, the object
// ----------------

namespace {

void writeNumber(std::string &to, uint64_t number) {
  to.append(reinterpret_cast<const char *>(&number), sizeof(number));
}

bool readNumber(std::string_view &from, uint64_t &number) {
  if (from.size() < sizeof(number))
    return false;
  std::memcpy(&number, from.data(), sizeof(number));
  from.remove_prefix(sizeof(number));
  return true;
}

} // namespace

std::string CodeImage::write() const {
  std::string bytes;
  writeNumber(bytes, arenaBytes);
  writeNumber(bytes, functions.size());
  for (const std::string &name : functions) {
    writeNumber(bytes, name.size());
    bytes += name;
  }
  bytes.append(object.data(), object.size());
  return bytes;
}

std::optional<CodeImage> CodeImage::read(std::string_view bytes) {
  CodeImage image;
  uint64_t count;
  if (!readNumber(bytes, image.arenaBytes) || !readNumber(bytes, count))
    return std::nullopt;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size;
    if (!readNumber(bytes, size) || size > bytes.size())
      return std::nullopt;
    image.functions.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  image.object.assign(bytes.begin(), bytes.end());
  return image;
}

// ---- In this process ----------------------------------------------------------------------------

Executable::State::State(CodeImage image)
    : arenaBytes(size_t(image.arenaBytes)), code(std::move(image.object)) {
  for (const std::string &name : image.functions) {
    void *address = code.find(cpu::symbolOf(name));
    if (name == "main")
      program = reinterpret_cast<Program>(address);
    else
      exported[name] = reinterpret_cast<Function>(address);
  }
}

Executable::Executable(std::unique_ptr<State> state) : inside(std::move(state)) {}
Executable::Executable(Executable &&) noexcept = default;
Executable &Executable::operator=(Executable &&) noexcept = default;
Executable::~Executable() = default;

size_t Executable::arenaBytes() const {
  return inside->arenaBytes;
}

int Executable::run(void *context, const void *const *inputs, void *arena) const {
  if (!inside->program)
    throw Error("this module has no program to run, only functions to call");
  return inside->program(context, inputs, arena);
}

Executable::Function Executable::function(std::string_view name) const {
  auto found = inside->exported.find(llvm::StringRef(name.data(), name.size()));
  if (found == inside->exported.end())
    throw Error("no exported function is called '" + std::string(name) + "'");
  return found->second;
}

int Executable::call(std::string_view name, void *context, const void *const *arguments,
                     void *const *results, void *arena) const {
  return function(name)(context, arguments, results, arena);
}

const CompileTimes &Executable::times() const {
  return inside->times;
}

const std::vector<SourcePlace> &Executable::tracedPlaces() const {
  return inside->tracedPlaces;
}

const std::vector<SourcePlace> &Executable::tapePlaces() const {
  return inside->tapePlaces;
}

std::optional<Executable> load(std::string_view image) {
  auto begin = std::chrono::steady_clock::now();
  std::optional<CodeImage> code = CodeImage::read(image);
  if (!code)
    return std::nullopt;
  try {
    auto state = std::make_unique<Executable::State>(std::move(*code));
    state->times.link =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return Executable(std::move(state));
  } catch (const Error &) {
    return std::nullopt;
  }
}

} // namespace descent::compiler
