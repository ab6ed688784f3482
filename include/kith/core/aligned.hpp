/// Vectors whose first entry begins a cache line, on huge pages where they are large.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace kith {

/// Rows of 64 bytes then never straddle two cache lines, and rows read in any order of a large
/// array do not miss the TLB.
template <class T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  explicit AlignedAllocator(const AlignedAllocator<U>& /*other*/) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    void* memory = ::operator new(bytes, alignment(bytes));
    if (bytes >= kHuge) {
      (void)madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: without it all is right, but slower
    }
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    ::operator delete(memory, alignment(count * sizeof(T)));
  }

  template <class U>
  bool operator==(const AlignedAllocator<U>& /*other*/) const {
    return true;
  }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static constexpr std::size_t kHuge = 4 * kHugePage;
  static std::align_val_t alignment(std::size_t bytes) {
    return std::align_val_t{bytes >= kHuge ? kHugePage : 64};
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace kith
