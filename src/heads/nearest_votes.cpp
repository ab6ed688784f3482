#include "heads/nearest_votes.hpp"

#include <algorithm>
#include <cmath>

namespace kith::heads {

NearestVotes::NearestVotes(const Model& model)
    : kernel_{model.parameters.at("bandwidth"), model.parameters.at("prior_weight")},
      dim_{model.dim} {
  seeds_.pack(model.seed_vectors, model.dim);
  num_nearest_ = static_cast<int>(
      std::min(seeds_.num_items(), static_cast<Count>(model.parameters.at("neighbors"))));
  for (const SeedLabel& seed : model.seed_labels) {
    classes_.push_back(seed.label);
  }
  std::sort(classes_.begin(), classes_.end());
  classes_.erase(std::unique(classes_.begin(), classes_.end()), classes_.end());
  shares_.assign(classes_.size(), 0.0);
  double total = 0;
  for (const SeedLabel& seed : model.seed_labels) {  // in order of rows
    const auto place = std::lower_bound(classes_.begin(), classes_.end(), seed.label);
    offsets_.resize(to_size(seed.row) + 1, labels_.size());
    labels_.emplace_back(to_size(place - classes_.begin()), double{seed.weight});
    shares_[labels_.back().first] += double{seed.weight};
    total += double{seed.weight};
  }
  offsets_.resize(to_size(seeds_.num_items()) + 1, labels_.size());
  for (double& share : shares_) {
    share /= total;
  }
}

std::vector<distance::Neighbor> NearestVotes::nearest(std::span<const float> rows) const {
  std::vector<distance::Neighbor> found(rows.size() / to_size(dim_) * to_size(num_nearest_));
  distance::nearest(seeds_, rows, num_nearest_, found);
  return found;
}

void NearestVotes::count(std::span<const float> rows, std::span<float> out) const {
  const std::vector<distance::Neighbor> found = nearest(rows);
  const std::size_t k = to_size(num_nearest_);
  for (std::size_t row = 0; row * k < found.size(); ++row) {
    count(std::span{found}.subspan(row * k, k), kernel_,
          out.subspan(row * classes_.size(), classes_.size()));
  }
}

void NearestVotes::count(std::span<const distance::Neighbor> nearest, const Kernel& kernel,
                         std::span<float> out) const {
  std::vector<double> sums(shares_.size());
  std::transform(shares_.begin(), shares_.end(), sums.begin(),
                 [&](double share) { return kernel.prior_weight * share; });
  const double first{nearest.front().distance};
  const double scale = kernel.bandwidth * double{nearest.back().distance};
  for (const distance::Neighbor& neighbor : nearest) {
    const double away = double{neighbor.distance} - first;
    const double near = away > 0 ? std::exp(-away / scale) : 1.0;
    const std::size_t seed = to_size(neighbor.index);
    for (std::size_t at = offsets_[seed]; at < offsets_[seed + 1]; ++at) {
      sums[labels_[at].first] += near * labels_[at].second;
    }
  }
  double total = 0;
  for (const double sum : sums) {
    total += sum;
  }
  std::transform(sums.begin(), sums.end(), out.begin(),
                 [&](double sum) { return static_cast<float>(sum / total); });
}

}  // namespace kith::heads
