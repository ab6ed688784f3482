#include "kith/io/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

#include "kith/core/error.hpp"
#include "kith/core/types.hpp"

namespace kith::io {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// This process's environment, with these variables instead of its own of the same names.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all = variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::none_of(variables.begin(), variables.end(),
                     [&](const std::string& given) { return given.starts_with(name); })) {
      all.emplace_back(text);
    }
  }
  return all;
}

/// Starts it with stdout and stderr to `output`. Returns its process id.
pid_t start(const std::string& program, std::vector<std::string> words,
            std::vector<std::string> environment, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t child = 0;
  const int status = posix_spawn(&child, program.c_str(), &actions, nullptr,
                                 pointers_to(words).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (status != 0) {
    fail("{}: cannot be started: {}", program, std::strerror(status));
  }
  return child;
}

/// Reads to the end or the deadline. Returns whether the end came.
bool read_all(int input, Clock::time_point deadline, std::string& output) {
  constexpr std::size_t kMostKept = 65536;
  std::array<char, 4096> part{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return false;
    }
    pollfd readable{input, POLLIN, 0};
    const int ready = poll(&readable, 1, static_cast<int>(std::min<Count>(left.count(), 1000)));
    if (ready <= 0) {
      continue;  // nothing yet, or a signal
    }
    const ssize_t size = read(input, part.data(), part.size());
    if (size == 0 || (size < 0 && errno != EINTR)) {
      return true;
    }
    output.append(part.data(), to_size(std::max<ssize_t>(size, 0)));
    output.erase(0, output.size() - std::min(kMostKept, output.size()));
  }
}

}  // namespace

ChildResult run_child(const std::string& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& variables, double limit_s) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    fail("{}: cannot be started: no pipe to read it by", program);
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(limit_s));
  ChildResult result;
  pid_t child = 0;
  try {
    child = start(program, std::move(words), environment_with(variables), ends[1]);
  } catch (...) {
    close(ends[0]);
    close(ends[1]);
    throw;
  }
  close(ends[1]);
  result.timed_out = !read_all(ends[0], deadline, result.output);
  close(ends[0]);
  if (result.timed_out) {
    kill(child, SIGKILL);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

}  // namespace kith::io
