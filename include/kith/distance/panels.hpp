/// Vectors packed for the scan: one SIMD lane holds one item.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::distance {

/// Items in one panel.
inline constexpr Count kPanelWidth = 16;

/// What "near" means: a small squared Euclidean distance, or a large inner product.
enum class Nearness { l2, inner_product };

/// Memory that starts at a cache line and is not cleared first.
template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  CacheLineAllocator() = default;
  template <class U>
  explicit CacheLineAllocator(const CacheLineAllocator<U>& /*other*/) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), kAlignment));
  }
  void deallocate(T* memory, std::size_t /*count*/) { ::operator delete(memory, kAlignment); }
  template <class U>
  void construct(U* memory) {
    ::new (static_cast<void*>(memory)) U;
  }
  template <class U, class... Args>
  void construct(U* memory, Args&&... args) {
    ::new (static_cast<void*>(memory)) U(static_cast<Args&&>(args)...);
  }
  bool operator==(const CacheLineAllocator&) const = default;
};

/// Rows packed as [panel][dim][16 items]; the last panel is padded with items that are never near.
///
/// Under l2 items are stored less an origin, the mean of some of them, so that the dot form keeps
/// its precision however far from zero the items are. The score of item y for query x is then
/// |y-o|^2 / 2 - (x-o).(y-o) + |x-o|^2 / 2, half the squared distance; under inner_product it is
/// -x.y. The smaller, the nearer. It depends on the rows that are packed together, by rounding.
/// Memory: about the same as the rows.
class Panels {
 public:
  Panels() = default;

  /// rows: num_items x dim, row-major; replaces what was packed before. Single-threaded.
  void pack(std::span<const float> rows, Count dim, Nearness nearness = Nearness::l2);

  [[nodiscard]] Count num_items() const { return num_items_; }
  [[nodiscard]] Count dim() const { return dim_; }
  [[nodiscard]] Count num_panels() const { return (num_items_ + kPanelWidth - 1) / kPanelWidth; }
  [[nodiscard]] Nearness nearness() const { return nearness_; }
  /// dim floats; zeros under inner_product.
  [[nodiscard]] std::span<const float> origin() const { return origin_; }
  /// dim x 16 floats, less the origin.
  [[nodiscard]] const float* panel(Count index) const {
    return values_.data() + index * dim_ * kPanelWidth;
  }
  /// One value an item: |y-o|^2 / 2, or 0 under inner_product; infinity for padding.
  [[nodiscard]] const float* half_norms(Count panel_index) const {
    return half_norms_.data() + panel_index * kPanelWidth;
  }
  /// The largest half norm of an item.
  [[nodiscard]] float most_half_norm() const { return most_half_norm_; }

 private:
  Count num_items_ = 0;
  Count dim_ = 0;
  Nearness nearness_ = Nearness::l2;
  float most_half_norm_ = 0;
  std::vector<float> origin_;
  std::vector<float, CacheLineAllocator<float>> values_;
  std::vector<float, CacheLineAllocator<float>> half_norms_;
};

}  // namespace kith::distance
