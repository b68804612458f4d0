#include "compiler/emulator/Machine.h"

namespace descent::emulator {

namespace {

constexpr size_t mostReports = 10;

} // namespace

std::string touching(uint64_t bytes, const Access &access) {
  const char *verb = access.reads && access.writes ? "changes "
                     : access.writes               ? "writes "
                                                   : "reads ";
  return verb + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

std::string Machine::nameOf(uint32_t number) const {
  return "thread " + std::to_string(number % perBlock) + " of block " +
         std::to_string(number / perBlock);
}

void Machine::reportFor(const Thread &thread, const Access &access, const std::string &what) {
  if (reports.size() == mostReports || !reported.insert(access.id).second)
    return;
  reports.push_back("the kernel '" + work->kernel->name + "', " + nameOf(thread.number) + ", " +
                    access.place + ": " + what);
  if (reports.size() == mostReports)
    aborting = true;
}

void Machine::report(const Access &access, const std::string &what) {
  reportFor(*current, access, what);
}

/// Ends the thread, and with it the launch. No frame of the fiber is unwound: nothing on it may own
/// anything.
void Machine::abandon() {
  aborting = true;
  current->abandoned = true;
  current->fiber->end();
}

void Machine::fault(const Access &access) {
  report(access, access.what);
  abandon();
}

} // namespace descent::emulator
