/// Another program, or this one again, run to its end or to a time limit.
#pragma once

#include <string>
#include <vector>

namespace kith::io {

struct ChildResult {
  std::string output;  // the last 64 KiB that it wrote to stdout and stderr
  int status = 0;      // exit status
  int signal = 0;      // that ended it; 0 = none
  bool timed_out = false;
};

/// Not collective. Runs a program with its arguments and with these NAME=value over the
/// environment, and kills it after `limit_s` seconds. Safe in a process that uses MPI or threads:
/// memory is not copied. Throws Error if the program cannot be started.
[[nodiscard]] ChildResult run_child(const std::string& program,
                                    const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& variables, double limit_s);

}  // namespace kith::io
