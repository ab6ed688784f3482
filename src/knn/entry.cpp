#include "entry.hpp"

#include "kith/core/error.hpp"
#include "kith/distance/direct.hpp"

namespace kith::knn {

void Candidates::rate(distance::Nearness nearness, distance::RowType type,
                      std::span<const float> query) {
  distances_.resize(rows_.size());
  distance::squared_distances(query, type, rows_, distances_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].distance = distances_[i];
    entries_[i].key = distances_[i];
  }
  if (nearness == distance::Nearness::l2) {
    return;
  }
  keys_.resize(rows_.size());
  distance::inner_products(query, type, rows_, keys_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].key = -keys_[i];
  }
}

void Candidates::keep_nearest(std::span<Entry> list) {
  const auto kept = static_cast<std::ptrdiff_t>(std::min(list.size(), entries_.size()));
  std::partial_sort(entries_.begin(), entries_.begin() + kept, entries_.end(), is_nearer);
  std::copy_n(entries_.begin(), kept, list.begin());
  std::fill(list.begin() + kept, list.end(), Entry{});
}

void Candidates::merge_nearest(std::span<const Entry> others, std::span<Entry> list) {
  for (const Entry& other : others) {
    if (!other.position.is_none()) {
      entries_.push_back(other);
    }
  }
  keep_nearest(list);
}

void merge_lists(const comm::Received<Entry>& found, int num_ranks, int k, std::span<Entry> out) {
  const std::size_t width = to_size(k);
  std::vector<Entry> all;
  for (std::size_t query = 0; query < out.size() / width; ++query) {
    all.clear();
    for (int source = 0; source < num_ranks; ++source) {
      const auto part = found.from(Rank{source}).subspan(query * width, width);
      std::copy_if(part.begin(), part.end(), std::back_inserter(all),
                   [](const Entry& entry) { return !entry.position.is_none(); });
    }
    std::sort(all.begin(), all.end(), is_nearer);
    all.resize(width);
    std::copy(all.begin(), all.end(), out.begin() + static_cast<std::ptrdiff_t>(query * width));
  }
}

void require_k(const cells::Shard& shard, int k) {
  if (k >= shard.layout.num_nodes()) {
    fail("knn.k = {}, must be below the number of distinct vectors, {}", k,
         shard.layout.num_nodes());
  }
}

}  // namespace kith::knn
