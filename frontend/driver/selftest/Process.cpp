#include "frontend/driver/selftest/Process.h"

#include "descent/Error.h"
#include "runtime/core/Interrupt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace descent::driver {
namespace {

/// A pipe whose ends are closed with it, and which children do not inherit.
class Pipe {
public:
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw Error(fmt::format("there is no pipe left: {}", std::strerror(errno)));
  }
  Pipe(const Pipe &) = delete;
  ~Pipe() {
    closeWriter();
    close(ends[0]);
  }
  int reader() const { return ends[0]; }
  int writer() const { return ends[1]; }
  void closeWriter() {
    if (ends[1] >= 0)
      close(ends[1]);
    ends[1] = -1;
  }

private:
  std::array<int, 2> ends{-1, -1};
};

std::vector<std::string>
environmentWith(const std::vector<std::pair<std::string, std::string>> &variables) {
  std::vector<std::string> result;
  for (const auto &[name, value] : variables)
    result.push_back(name + "=" + value);
  for (char **entry = environ; *entry; ++entry) {
    std::string_view text(*entry);
    if (std::ranges::none_of(variables, [&](const auto &variable) {
          return text.starts_with(variable.first + "=");
        }))
      result.emplace_back(text);
  }
  return result;
}

std::vector<char *> pointersTo(const std::vector<std::string> &texts) {
  std::vector<char *> pointers;
  for (const std::string &text : texts)
    pointers.push_back(const_cast<char *>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start(const std::vector<std::string> &command, const std::string &folder,
            const std::vector<std::string> &environment, const Pipe &out, const Pipe &err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.writer(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.writer(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t child = 0;
  int code = posix_spawn(&child, command.front().c_str(), &actions, nullptr,
                         pointersTo(command).data(), pointersTo(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    throw Error(fmt::format("{} cannot be started: {}", command.front(), std::strerror(code)));
  return child;
}

} // namespace

ProcessResult runProcess(const std::vector<std::string> &command, const std::string &folder,
                         const std::vector<std::pair<std::string, std::string>> &variables,
                         std::chrono::seconds limit, bool endsOnInterrupt) {
  using Clock = std::chrono::steady_clock;
  Pipe out, err;
  pid_t child = start(command, folder, environmentWith(variables), out, err);
  out.closeWriter();
  err.closeWriter();

  ProcessResult result;
  Clock::time_point deadline = Clock::now() + limit;
  std::array<pollfd, 2> sources{pollfd{out.reader(), POLLIN, 0}, pollfd{err.reader(), POLLIN, 0}};
  bool late = false;
  while (sources[0].fd >= 0 || sources[1].fd >= 0) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if ((left <= 0 || (endsOnInterrupt && interruptRequested())) && !late) {
      late = true;
      kill(child, SIGKILL); // its pipes end with it
    }
    // Another thread may have got the signal.
    if (poll(sources.data(), sources.size(), late ? -1 : std::min(static_cast<int>(left), 200)) <
            0 &&
        errno != EINTR)
      break;
    for (pollfd &source : sources) {
      if (source.fd < 0 || source.revents == 0)
        continue;
      std::array<char, 4096> buffer;
      ssize_t bytes = read(source.fd, buffer.data(), buffer.size());
      if (bytes > 0)
        (source.fd == out.reader() ? result.out : result.err)
            .append(buffer.data(), static_cast<size_t>(bytes));
      else if (bytes == 0 || errno != EINTR)
        source.fd = -1;
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (late)
    result.ending = fmt::format("killed, as it ran for more than {} s", limit.count());
  else if (WIFSIGNALED(status))
    result.ending = fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  else
    result.exitCode = WEXITSTATUS(status);
  return result;
}

} // namespace descent::driver
