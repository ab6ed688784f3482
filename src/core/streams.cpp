#include "kith/core/streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace kith {

void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) {
      static_cast<void>(open("/dev/null", O_RDWR));  // takes the lowest free number, this one
    }
  }
}

}  // namespace kith
