/// Labels and values that a truncated row is made of.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::propagate {

/// A value and its label as one number: larger is a larger value, or the same of a smaller label.
using Key = std::uint64_t;

inline Key make_key(std::int32_t label,
                    float value) {  // value: not negative, so that its bits ascend
  return (Key{std::bit_cast<std::uint32_t>(value)} << 32) | ~static_cast<std::uint32_t>(label);
}
inline float value_of(Key key) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32));
}
inline std::int32_t label_of(Key key) {
  return static_cast<std::int32_t>(~static_cast<std::uint32_t>(key));
}

/// A dense row that knows which of its labels are in use.
class LabelScratch {
 public:
  explicit LabelScratch(int num_classes) : values_(to_size(num_classes), 0.0F) {}

  /// Makes room for so many calls of add() until take().
  void expect(std::size_t adds) {
    if (used_.size() < adds) {
      used_.resize(adds);
    }
  }
  void add(std::int32_t label, float value) {
    // Without a branch: whether a label is new cannot be foretold.
    used_[num_used_] = label;
    num_used_ += values_[to_size(label)] == 0.0F ? 1U : 0U;
    values_[to_size(label)] += value;
  }
  /// The labels in use with `each` more. Leaves the row empty.
  std::span<Key> take(float each) {
    keys_.clear();
    for (std::size_t i = 0; i < num_used_; ++i) {
      float& value = values_[to_size(used_[i])];
      if (value != 0.0F) {  // a label that came to 0 may be listed twice
        keys_.push_back(make_key(used_[i], std::max(value + each, 0.0F)));
        value = 0.0F;
      }
    }
    num_used_ = 0;
    return keys_;
  }

 private:
  std::vector<float> values_;
  std::vector<std::int32_t> used_;
  std::size_t num_used_ = 0;
  std::vector<Key> keys_;
};

}  // namespace kith::propagate
