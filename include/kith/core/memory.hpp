/// How much memory this process holds (Linux).
#pragma once

#include "kith/core/types.hpp"

namespace kith {

/// Bytes in memory now, and the most there were since the start or the last begin_peak().
[[nodiscard]] Count resident_bytes();
[[nodiscard]] Count peak_resident_bytes();

/// The most that this process could ever hold: the machine's memory, or less where the system (an
/// address space limit, the control group of a job) says so.
[[nodiscard]] Count memory_limit();

/// From now on peak_resident_bytes() counts anew. Returns false where the kernel does not allow it.
bool begin_peak();

/// From now on an array of 4 MiB or more goes back to the system as soon as it is freed. The C
/// library would learn from the first such array to keep the next ones, up to 32 MiB each: a
/// process then holds a multiple of what is in use, and nobody can plan it.
void return_freed_arrays();

/// Hands memory that was freed back to the system, so that resident_bytes() says what is in use.
void release_free_memory();

/// What is left of a limit for what comes next: at least a sixteenth of it, so that work goes on in
/// small pieces rather than stops. 0 = no limit, and stays 0.
[[nodiscard]] Count memory_left(Count limit_bytes);

}  // namespace kith
