/// Standard streams that are closed.
#pragma once

namespace kith {

/// Opens /dev/null in the place of a standard stream that is closed: its number would go to the
/// next file that is opened, and what is printed into that file. First thing in main.
void hold_standard_streams();

}  // namespace kith
