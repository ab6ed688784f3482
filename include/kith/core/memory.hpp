/// How much memory this process holds (Linux).
#pragma once

#include "kith/core/types.hpp"

namespace kith {

/// Bytes in memory now, and the most there ever were.
[[nodiscard]] Count resident_bytes();
[[nodiscard]] Count peak_resident_bytes();

/// Hands memory that was freed back to the system, so that resident_bytes() says what is in use.
void release_free_memory();

/// What is left of a limit for what comes next: at least a sixteenth of it, so that work goes on in
/// small pieces rather than stops. 0 = no limit, and stays 0.
[[nodiscard]] Count memory_left(Count limit_bytes);

}  // namespace kith
