// The messages about what happens while a program runs: each is provoked by its example of the
// table.
#include "descent/Script.h"
#include "frontend/diagnostics/Messages.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace descent {
namespace {

class RunMessage : public testing::TestWithParam<MessageInfo> {};

std::string exampleOf(std::string_view text) {
  return std::string(text.starts_with('\n') ? text.substr(1) : text);
}

/// Little memory for tapes, so that an example need not fill the machine's.
const RunOptions kOptions{.tapeMemory = 1 << 23};

/// A GPU has less memory than its example takes, and so has the emulator of one.
Script scriptOf(std::string_view text) {
  ScriptOptions options;
  if (RunMessage::GetParam().id == "out-of-device-memory")
    options.device = DeviceKind::Emulator;
  return Script::fromText("example.gd", exampleOf(text), options);
}

TEST_P(RunMessage, IsProvokedByItsExample) {
  setenv("DESCENT_CACHE_DIR", "", 1); // no compiled code is kept
  RunResult result = scriptOf(GetParam().bad).run(kOptions);
  EXPECT_EQ(result.status, RunStatus::Failed);
  EXPECT_NE(result.message.find("[" + std::string(GetParam().id) + "]"), std::string::npos)
      << result.message;
  EXPECT_EQ(result.message.find("example.gd:"), 0u) << result.message;
}

TEST_P(RunMessage, IsGoneFromTheMendedExample) {
  setenv("DESCENT_CACHE_DIR", "", 1); // no compiled code is kept
  RunResult result = scriptOf(GetParam().mended).run(kOptions);
  EXPECT_EQ(result.status, RunStatus::Done) << result.message;
  std::filesystem::remove("x.npy"); // what one of them saves
}

std::vector<MessageInfo> runMessages() {
  std::vector<MessageInfo> result;
  for (const MessageInfo &message : allMessages())
    for (std::string_view id :
         {"assert-failed", "index-out-of-range", "not-finite", "effect-failed", "out-of-memory",
          "not-enough-memory", "out-of-device-memory"})
      if (message.id == id)
        result.push_back(message);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Table, RunMessage, testing::ValuesIn(runMessages()));

} // namespace
} // namespace descent
