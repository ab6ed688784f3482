// Nearest seeds of many classes: their state never has more labels than seeds that are heard.
#include "propagate/nearest_seeds.hpp"
#include "propagate/sparse_state.hpp"

namespace kith::propagate {
namespace {

class SparsePaths : public SparseState {
 public:
  SparsePaths(const graph::Graph& graph, const Task* task, int num_classes)
      : seeds_{graph, std::span{&task, 1}, num_classes} {}

  void step() override { seeds_.step(true); }

  [[nodiscard]] Extremes extremes(Count /*begin*/, Count /*end*/) const override {
    return {seeds_.has_changed(0) ? 1.0F : 0.0F, 1.0F};
  }

  [[nodiscard]] std::int32_t best(Count row) const override {
    std::vector<LabelValue> entries;
    (void)read(row, entries);
    return put_largest_first(entries, 1) > 0 ? entries.front().label : -1;
  }

  [[nodiscard]] float read(Count row, std::vector<LabelValue>& entries) const override {
    entries.clear();
    seeds_.hear(0, LocalId{static_cast<std::int32_t>(row)}, [&](Label label, float share) {
      const auto same = std::find_if(entries.begin(), entries.end(), [&](const LabelValue& entry) {
        return entry.label == label.value();
      });
      if (same != entries.end()) {
        same->value += share;
      } else {
        entries.push_back({label.value(), share});
      }
    });
    return 0;
  }

  [[nodiscard]] Count row_bytes() const override { return seeds_.saved_row_bytes(0); }
  void save(std::span<std::byte> rows) const override { seeds_.save_rows(0, rows); }
  void load(std::span<const std::byte> rows) override {
    seeds_.load_rows(0, rows);
    seeds_.go_on(0);
  }

 private:
  NearestSeeds seeds_;
};

}  // namespace

std::unique_ptr<SparseState> make_sparse_paths(const graph::Graph& graph, const Task& task,
                                               const SparseConfig& config) {
  return std::make_unique<SparsePaths>(graph, &task, config.num_classes);
}

}  // namespace kith::propagate
