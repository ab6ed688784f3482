/// Counts and real numbers of a state, one after another.
#pragma once

#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kith/comm/checkpoint.hpp"

namespace kith::propagate {

/// Values are taken back in the order in which they were put. Whole numbers stay whole.
class StateNumbers {
 public:
  StateNumbers() = default;
  /// Collective.
  StateNumbers(const comm::StateReader& reader, const std::string& name)
      : counts_{reader.read_counts(name + "/counts")},
        reals_{reader.read_numbers(name + "/numbers")} {}

  /// Collective. The same values on every rank.
  void save(comm::StateWriter& writer, const std::string& name) const {
    writer.write_counts(name + "/counts", counts_);
    writer.write_numbers(name + "/numbers", reals_);
  }

  template <class T>
  void put(T value) {
    if constexpr (std::is_floating_point_v<T>) {
      reals_.push_back(double{value});
    } else {
      counts_.push_back(static_cast<Count>(value));
    }
  }
  template <class T>
  void put_all(std::span<const T> values) {
    put(values.size());
    for (const T value : values) {
      put(value);
    }
  }
  template <class T>
  T take() {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(reals_.at(next_real_++));
    } else {
      return static_cast<T>(counts_.at(next_count_++));
    }
  }
  template <class T>
  std::vector<T> take_all() {
    std::vector<T> values(take<std::size_t>());
    for (T& value : values) {
      value = take<T>();
    }
    return values;
  }

 private:
  std::vector<Count> counts_;
  std::vector<double> reals_;
  std::size_t next_count_ = 0;
  std::size_t next_real_ = 0;
};

}  // namespace kith::propagate
