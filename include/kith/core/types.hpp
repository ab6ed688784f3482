/// Ids, counts and spans that cannot be mistaken for one another.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace kith {

/// How many; never an index. Products of counts are computed in Count before memory is asked for.
using Count = std::int64_t;

/// An integer that names one thing and refuses to be mistaken for another. Default: none (-1).
template <class Tag, std::signed_integral Rep>
class StrongId {
 public:
  using rep = Rep;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_{value} {}

  [[nodiscard]] constexpr Rep value() const { return value_; }
  [[nodiscard]] constexpr bool is_none() const { return value_ < 0; }
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr StrongId& operator++() {
    ++value_;
    return *this;
  }

 private:
  Rep value_{-1};
};

/// An item's row in the whole corpus: all rows of all files, one file after another.
using GlobalId = StrongId<struct GlobalIdTag, std::int64_t>;
/// A node's place in cell order; does not depend on ranks. Identical vectors share one node.
using Position = StrongId<struct PositionTag, std::int64_t>;
/// A node held by this rank: owned ones first, then ghosts.
using LocalId = StrongId<struct LocalIdTag, std::int32_t>;
/// A second-level k-means region. Numbered group by group: near in number, near in space.
using CellId = StrongId<struct CellIdTag, std::int32_t>;
/// A class, 0..K-1; none = no label.
using Label = StrongId<struct LabelTag, std::int32_t>;
/// What MPI calls a rank.
using Rank = StrongId<struct RankTag, int>;

/// The one place where a signed index meets the standard containers.
template <std::signed_integral Int>
[[nodiscard]] constexpr std::size_t to_size(Int value) {
  return static_cast<std::size_t>(value);
}
template <class Tag, class Rep>
[[nodiscard]] constexpr std::size_t to_size(StrongId<Tag, Rep> id) {
  return static_cast<std::size_t>(id.value());
}

/// How many elements a container holds, signed.
template <class Container>
[[nodiscard]] constexpr Count count_of(const Container& container) {
  return static_cast<Count>(container.size());
}

/// A span indexed only by its own id type, so that algorithms carry no casts.
template <class Id, class T>
class IdSpan {
 public:
  constexpr IdSpan() = default;
  constexpr explicit IdSpan(std::span<T> items) : items_{items} {}

  [[nodiscard]] constexpr T& operator[](Id id) const { return items_[to_size(id)]; }
  [[nodiscard]] constexpr Count size() const { return count_of(items_); }
  [[nodiscard]] constexpr std::span<T> raw() const { return items_; }

 private:
  std::span<T> items_;
};

/// Half-open range of positions, rows or whatever Id names.
template <class Id>
struct IdRange {
  Id begin{0};
  Id end{0};

  [[nodiscard]] constexpr Count size() const { return Count{end.value()} - Count{begin.value()}; }
  [[nodiscard]] constexpr bool contains(Id id) const { return begin <= id && id < end; }
  constexpr bool operator==(const IdRange&) const = default;
};

}  // namespace kith
