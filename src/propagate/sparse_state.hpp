/// The state of one task whose rows name few labels of many.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/sparse.hpp"

namespace kith::propagate {

struct LabelValue {
  std::int32_t label;
  float value;
};

/// Puts the `most` largest first, in order, ties to the smaller label; returns how many there are.
inline std::size_t put_largest_first(std::span<LabelValue> entries, int most) {
  const auto is_larger = [](const LabelValue& a, const LabelValue& b) {
    return a.value != b.value ? a.value > b.value : a.label < b.label;
  };
  const auto kept = entries.begin() + static_cast<Count>(std::min(entries.size(), to_size(most)));
  if (kept != entries.end()) {
    std::nth_element(entries.begin(), kept, entries.end(), is_larger);
  }
  std::sort(entries.begin(), kept, is_larger);
  return to_size(kept - entries.begin());
}

class SparseState {
 public:
  struct Extremes {
    float change = 0;  // of the last step
    float size = 0;    // largest value
    // Of poisson: how far the seeds' walk is from where it ends; other methods have none.
    float unmixed = std::numeric_limits<float>::infinity();
  };

  virtual ~SparseState() = default;

  /// Collective.
  virtual void step() = 0;
  /// Of owned rows [begin, end).
  [[nodiscard]] virtual Extremes extremes(Count begin, Count end) const = 0;
  /// The label of the largest value of an owned row, ties to the smaller; -1 if none has come.
  [[nodiscard]] virtual std::int32_t best(Count row) const = 0;
  /// Fills the labels of an owned row, none twice; returns what all others have together.
  [[nodiscard]] virtual float read(Count row, std::vector<LabelValue>& entries) const = 0;

  /// What going on takes, of each owned row, the same number of bytes on every rank.
  [[nodiscard]] virtual Count row_bytes() const = 0;
  /// rows: owned rows x row_bytes().
  virtual void save(std::span<std::byte> rows) const = 0;
  /// Collective.
  virtual void load(std::span<const std::byte> rows) = 0;
};

/// Collective. By truncated sweeps: harmonic, spreading, walk, poisson.
[[nodiscard]] std::unique_ptr<SparseState> make_sparse_sweeps(const graph::Graph& graph,
                                                              const graph::Components& components,
                                                              const Task& task,
                                                              const SparseConfig& config);
/// Collective. nearest_seed. task: kept alive by the caller.
[[nodiscard]] std::unique_ptr<SparseState> make_sparse_paths(const graph::Graph& graph,
                                                             const Task& task,
                                                             const SparseConfig& config);

}  // namespace kith::propagate
