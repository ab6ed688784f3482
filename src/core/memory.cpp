#include "kith/core/memory.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

namespace kith {

Count resident_bytes() {
  Count all_pages = 0;
  Count pages = 0;
  std::ifstream{"/proc/self/statm"} >> all_pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

Count peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  // The kernel keeps both counters per thread and adds them up now and then.
  return std::max(Count{usage.ru_maxrss} * 1024, resident_bytes());
}

Count memory_limit() {
  Count limit = Count{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    limit = std::min(limit, static_cast<Count>(std::min<rlim_t>(
                                space.rlim_cur, std::numeric_limits<Count>::max())));
  }
  Count of_group = 0;  // "max" leaves it 0
  if (std::ifstream{"/sys/fs/cgroup/memory.max"} >> of_group && of_group > 0) {
    limit = std::min(limit, of_group);
  }
  return limit;
}

bool begin_peak() {
  std::ofstream file{"/proc/self/clear_refs"};
  file << 5 << std::flush;  // proc(5): the peak becomes what is resident now
  return file.good();
}

void return_freed_arrays() {
  constexpr int kArrayBytes = 4 << 20;
  constexpr int kKeptBytes = 4 * kArrayBytes;  // at the heap's end
  mallopt(M_MMAP_THRESHOLD, kArrayBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

void release_free_memory() {
  malloc_trim(0);
}

Count memory_left(Count limit_bytes) {
  if (limit_bytes <= 0) {
    return 0;
  }
  release_free_memory();
  return std::max({limit_bytes - resident_bytes(), limit_bytes / 16, Count{1}});
}

}  // namespace kith
