/// For tests: a process that stands still at a named moment, so that no test has to count on
/// seconds.
#pragma once

#include <string_view>

namespace kith {

/// Stops this process once (SIGSTOP, until SIGCONT) if KITH_PAUSE_AT in the environment is a part
/// of `moment`: a line of the log, or "publish PATH" of a file that is whole but does not yet have
/// its name.
void pause_if_asked(std::string_view moment);

}  // namespace kith
