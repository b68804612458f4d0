#include "frontend/sema/Sema.h"

#include "frontend/sema/Specializer.h"

#include <functional>
#include <pthread.h>

namespace descent::sema {
namespace {

/// Specialisation walks calls within expressions within calls by recursion. On a stack of its own it
/// knows how much there is, whatever the process was started with.
constexpr size_t kOwnStack = size_t{256} << 20;
/// What is used of the caller's stack, where there is no other.
constexpr size_t kCallersStack = size_t{4} << 20;

thread_local size_t usableStack = kCallersStack;

void runOnOwnStack(const std::function<void()> &work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kOwnStack);
  pthread_t thread;
  auto enter = [](void *argument) -> void * {
    usableStack = kOwnStack / 8 * 7; // the rest is for what does not look how much is left
    (*static_cast<const std::function<void()> *>(argument))();
    return nullptr;
  };
  int failure = pthread_create(&thread, &attributes, enter, const_cast<std::function<void()> *>(&work));
  pthread_attr_destroy(&attributes);
  if (failure)
    work();
  else
    pthread_join(thread, nullptr);
}

} // namespace

std::optional<Program> analyze(const ast::Ast &script, SourceManager &sources,
                               Diagnostics &diagnostics, const AnalyzeOptions &options) {
  Program program;
  std::exception_ptr problem;
  runOnOwnStack([&] {
    try {
      Specializer sema(program, sources, diagnostics, options);
      const char *here = static_cast<const char *>(__builtin_frame_address(0));
      sema.stackLimit = here - usableStack;
      Builder::RegionScope scope(sema.builder, program.main);
      sema.start(script);
      sema.dropUnusedInputs();
    } catch (...) {
      problem = std::current_exception();
    }
  });
  if (problem)
    std::rethrow_exception(problem);
  if (diagnostics.hasErrors())
    return std::nullopt;
  return program;
}

} // namespace descent::sema
