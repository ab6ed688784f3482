/// The wish of a batch system that this process end soon: SIGTERM or SIGUSR1.
#pragma once

namespace kith {

/// EX_TEMPFAIL of sysexits.h: not done, nothing wrong, start it again.
inline constexpr int kStoppedStatus = 75;

/// From now on SIGTERM and SIGUSR1 set a flag instead of ending the process. SIGUSR1 says the same
/// however often it comes: jobs repeat it until they are heard. SIGTERM more than a second after
/// the first signal (some systems deliver one twice) ends the process at once. A process that is
/// still there 25 s after the first ends with kStoppedStatus: what was saved remains.
void listen_for_stop();

/// Has a signal come to this process? Local; ranks agree with comm::stop_if_asked().
[[nodiscard]] bool stop_was_asked();

/// All ranks are leaving: a further signal, which srun sends when the first of them has left, must
/// not change the status. The 25 s remain.
void ignore_stop();

/// As if a signal had come, and as if none had: for tests.
void ask_to_stop();
void forget_stop();

}  // namespace kith
