#include "entry.hpp"

#include "kith/distance/direct.hpp"

namespace kith::knn {

void Candidates::rate(distance::Nearness nearness, std::span<const float> query) {
  distances_.resize(vectors_.size());
  distance::squared_distances(query, vectors_, distances_);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].distance = distances_[i];
    entries_[i].key = distances_[i];
  }
  if (nearness == distance::Nearness::l2) {
    return;
  }
  keys_.resize(vectors_.size());
  distance::inner_products(query, vectors_, keys_);
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

}  // namespace kith::knn
