/// Loops over threads whose results do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <exception>
#include <vector>

#include <omp.h>

#include "kith/core/types.hpp"

namespace kith {

/// How many threads parallel_for uses (OMP_NUM_THREADS or set_num_threads).
[[nodiscard]] inline int num_threads() {
  return omp_get_max_threads();
}
inline void set_num_threads(int threads) {
  omp_set_num_threads(threads);
}
/// The calling thread's number inside parallel_for, 0..num_threads()-1: for scratch memory.
[[nodiscard]] inline int thread_index() {
  return omp_get_thread_num();
}

/// Runs work(begin, end) over [0, total) in chunks of `grain`, dealt to threads as they get free.
/// Chunks must not depend on each other. The exception of the first failing chunk is rethrown.
template <class Work>
void parallel_for(Count total, Count grain, Work&& work) {
  const Count step = std::max<Count>(grain, 1);
  const Count num_chunks = (total + step - 1) / step;
  std::exception_ptr error;
  Count error_chunk = num_chunks;
#pragma omp parallel for schedule(dynamic, 1)
  for (Count chunk = 0; chunk < num_chunks; ++chunk) {
    try {
      work(chunk * step, std::min(total, (chunk + 1) * step));
    } catch (...) {
#pragma omp critical(kith_parallel_for)
      if (chunk < error_chunk) {
        error_chunk = chunk;
        error = std::current_exception();
      }
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace kith
