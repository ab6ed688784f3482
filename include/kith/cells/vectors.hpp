/// The vectors that a rank owns, readable by the other ranks of its node.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kith/comm/node_memory.hpp"
#include "kith/core/types.hpp"
#include "kith/distance/rows.hpp"

namespace kith::cells {

/// Rows of `dim` elements, float32 or float16, in memory that the ranks of a node share.
class Vectors {
 public:
  Vectors() = default;
  /// Collective. Room for num_rows rows, unset.
  Vectors(const comm::Communicator& comm, distance::RowType type, Count dim, Count num_rows,
          Where where = Where::here())
      : memory_{comm, num_rows * dim * distance::element_bytes(type), where},
        type_{type},
        dim_{dim},
        num_rows_{num_rows} {}

  [[nodiscard]] distance::RowType type() const { return type_; }
  [[nodiscard]] Count dim() const { return dim_; }
  [[nodiscard]] Count size() const { return num_rows_; }
  [[nodiscard]] Count row_bytes() const { return dim_ * distance::element_bytes(type_); }

  [[nodiscard]] std::span<std::byte> bytes() { return memory_.mine(); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return memory_.mine(); }
  [[nodiscard]] const std::byte* row(Count index) const {
    return memory_.mine().data() + index * row_bytes();
  }
  /// Some rows as float32, in place or in `scratch`.
  [[nodiscard]] std::span<const float> floats(Count first, Count count,
                                              std::vector<float>& scratch) const {
    return distance::as_floats(
        type_, bytes().subspan(to_size(first * row_bytes()), to_size(count * row_bytes())),
        scratch);
  }
  /// A copy of all rows as float32.
  [[nodiscard]] std::vector<float> copy() const {
    std::vector<float> values(to_size(num_rows_ * dim_));
    distance::load_rows(type_, memory_.mine().data(), values);
    return values;
  }

  /// Collective. Rows are complete: other ranks may read them from now on.
  void publish(Where where = Where::here()) const { memory_.publish(where); }
  /// Does this rank read that other rank's rows without messages?
  [[nodiscard]] bool sees(Rank owner) const { return memory_.sees(owner); }
  [[nodiscard]] const std::byte* row_of(Rank owner, Count index) const {
    return memory_.of(owner).data() + index * row_bytes();
  }
  void release_others() const { memory_.release_others(); }

 private:
  comm::NodeMemory memory_;
  distance::RowType type_ = distance::RowType::f32;
  Count dim_ = 0;
  Count num_rows_ = 0;
};

}  // namespace kith::cells
