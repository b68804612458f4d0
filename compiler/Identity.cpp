// What determines code besides the program itself.
#include "compiler/Compiler.h"

#include "compiler/cpu/matmul/Host.h"

#include <llvm/Config/llvm-config.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Host.h>
#include <mlir/IR/MLIRContext.h>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <cstring>

namespace descent::compiler {

namespace {

/// The linker's fingerprint (NT_GNU_BUILD_ID) of the executable or library that holds an address.
struct BuildId {
  explicit BuildId(const void *address) : address(reinterpret_cast<ElfW(Addr)>(address)) {
    dl_iterate_phdr(&visit, this);
  }

  std::string bytes;

private:
  ElfW(Addr) address;

  static int visit(dl_phdr_info *object, size_t, void *self) {
    return static_cast<BuildId *>(self)->look(*object);
  }

  int look(const dl_phdr_info &object) {
    bool isHere = false;
    for (int i = 0; i < object.dlpi_phnum; ++i) {
      const ElfW(Phdr) &segment = object.dlpi_phdr[i];
      isHere |= segment.p_type == PT_LOAD &&
                address - (object.dlpi_addr + segment.p_vaddr) < segment.p_memsz;
    }
    if (!isHere)
      return 0;
    for (int i = 0; i < object.dlpi_phnum; ++i) {
      const ElfW(Phdr) &segment = object.dlpi_phdr[i];
      if (segment.p_type == PT_NOTE)
        readNotes(reinterpret_cast<const char *>(object.dlpi_addr + segment.p_vaddr),
                  segment.p_memsz);
    }
    return 1;
  }

  void readNotes(const char *next, size_t size) {
    auto padded = [](size_t bytes) { return (bytes + 3) & ~size_t{3}; };
    while (size >= sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      std::memcpy(&note, next, sizeof(note));
      size_t name = padded(note.n_namesz), all = sizeof(note) + name + padded(note.n_descsz);
      if (all > size)
        return;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(next + sizeof(note), "GNU", 4) == 0)
        bytes.assign(next + sizeof(note) + name, note.n_descsz);
      next += all;
      size -= all;
    }
  }
};

/// Identifies the build of the code at an address; empty where that cannot be told.
std::string buildOf(const void *address) {
  if (BuildId id(address); !id.bytes.empty())
    return id.bytes;
  Dl_info info{};
  struct stat status{};
  if (!dladdr(address, &info) || !info.dli_fname || stat(info.dli_fname, &status) != 0)
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << info.dli_fname << ' ' << status.st_size << ' '
                                 << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec;
  return text;
}

} // namespace

std::string codeIdentity(const CompileOptions &options) {
  std::string text;
  llvm::raw_string_ostream out(text);
  // Descent itself, LLVM, MLIR: one executable, or libraries of their own.
  const void *const places[] = {
      reinterpret_cast<const void *>(&codeIdentity),
      reinterpret_cast<const void *>(&llvm::sys::getHostCPUName),
      reinterpret_cast<const void *>(&mlir::registerMLIRContextCLOptions)};
  for (const void *place : places) {
    std::string build = buildOf(place);
    if (build.empty())
      return "";
    out << build.size() << ' ' << build << ' ';
  }
  cpu::Processor processor = cpu::processorNamed(options.processor);
  out << LLVM_VERSION_STRING << ' ' << processor.triple.str() << ' ' << processor.name << ' '
      << processor.features;
  const cpu::Host &host = cpu::thisHost();
  out << " caches=" << host.level1Bytes << ',' << host.level2Bytes << ',' << host.lastLevelBytes
      << " fuse=" << options.fuse << " shareSmall=" << options.shareSmall
      << " streamSmall=" << options.streamSmall
      << " tapeLimit=" << (options.tapeLimit > 0 ? options.tapeLimit : defaultTapeLimit());
  return text;
}

} // namespace descent::compiler
