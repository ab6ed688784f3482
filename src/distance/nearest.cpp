#include "kith/distance/nearest.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "kith/distance/direct.hpp"

#include "scan.hpp"

namespace kith::distance {

struct Scanner::State {
  Count dim = 0;
  int k = 0;
  std::span<const float> queries;
  Survivors survivors;
  std::vector<Neighbor> sorted;
};

Scanner::Scanner(Count dim, int k) : state_{std::make_unique<State>()} {
  state_->dim = dim;
  state_->k = k;
}

Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&& other) noexcept = default;
Scanner& Scanner::operator=(Scanner&& other) noexcept = default;

void Scanner::start(std::span<const float> queries, std::span<const float> thresholds) {
  state_->queries = queries;
  state_->survivors.reset(count_of(queries) / state_->dim, state_->dim, state_->k);
  std::copy(thresholds.begin(), thresholds.end(), state_->survivors.thresholds.begin());
}

float Scanner::threshold(Count query) const {
  return state_->survivors.thresholds[to_size(query)];
}

float Scanner::reach(Count query) const {
  return state_->survivors.reaches[to_size(query)];
}

void Scanner::scan(const Panels& items, std::int32_t first_index,
                   std::span<const std::int32_t> query_numbers) {
  assert(items.num_items() == 0 || items.dim() == state_->dim);
  distance::scan({&items, first_index, state_->queries.data(), query_numbers}, state_->survivors);
}

void Scanner::finish(std::span<Neighbor> out) {
  Survivors& survivors = state_->survivors;
  cut(survivors);
  const std::size_t k = to_size(state_->k);
  assert(out.size() == survivors.sizes.size() * k);
  constexpr Neighbor kNone{std::numeric_limits<float>::infinity(), -1};
  for (std::size_t query = 0; query < survivors.sizes.size(); ++query) {
    const std::size_t offset = query * to_size(survivors.capacity);
    auto& sorted = state_->sorted;
    sorted.clear();
    for (std::size_t i = 0; i < to_size(survivors.sizes[query]); ++i) {
      sorted.push_back({survivors.scores[offset + i], survivors.indices[offset + i]});
    }
    std::sort(sorted.begin(), sorted.end());
    sorted.resize(k, kNone);
    std::copy(sorted.begin(), sorted.end(), out.begin() + static_cast<std::ptrdiff_t>(query * k));
  }
}

namespace {

/// Scores below zero became zero: equal distances, so the smaller index first.
void sort_ties(std::span<Neighbor> lists, int k) {
  for (std::size_t first = 0; first < lists.size(); first += to_size(k)) {
    const auto list = lists.subspan(first, to_size(k));
    const auto zeros = std::find_if(list.begin(), list.end(),
                                    [](const Neighbor& one) { return one.distance != 0; });
    std::sort(list.begin(), zeros);
  }
}

}  // namespace

void nearest(const Panels& items, std::span<const float> queries, int k, std::span<Neighbor> out) {
  constexpr Count kBlock = 256;
  const Count dim = items.dim();
  const Count num_queries = count_of(out) / k;
  Scanner scanner{dim, k};
  std::vector<std::int32_t> numbers(to_size(std::min(kBlock, num_queries)));
  std::iota(numbers.begin(), numbers.end(), 0);
  for (Count begin = 0; begin < num_queries; begin += kBlock) {
    const Count size = std::min(kBlock, num_queries - begin);
    const auto block = queries.subspan(to_size(begin * dim), to_size(size * dim));
    const auto result = out.subspan(to_size(begin * k), to_size(size * k));
    scanner.start(block);
    scanner.scan(items, 0, std::span{numbers}.first(to_size(size)));
    scanner.finish(result);
    for (Neighbor& neighbor : result) {
      if (items.nearness() == Nearness::l2 && neighbor.index >= 0) {
        neighbor.distance = std::max(0.0F, 2 * neighbor.distance);
      }
    }
    sort_ties(result, k);
  }
}

}  // namespace kith::distance
