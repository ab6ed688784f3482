/// Which items to buy a true label for, so that the corpus' error can be computed from few.
/// Source: W. Cochran, "Sampling techniques", 3rd ed., Wiley 1977, chapters 5 and 5A.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::qa {

struct StrataConfig {
  std::vector<double> band_edges{0.5, 0.7, 0.8, 0.9, 0.95, 0.99};  // of the confidence, ascending
  int num_slices = 1;
  Count min_items = 30;  // smaller strata are joined
};

/// This rank's items. A predicted label of none leaves an item out. slices: empty = all in slice 0.
struct PredictedLabels {
  std::span<const Label> predicted;
  std::span<const float> confidences;  // of the predicted label, 0..1
  std::span<const std::int32_t> slices;
};

/// Items of one predicted class, a range of confidence bands, and one slice.
struct Stratum {
  Label predicted;
  int first_band = 0;  // band b holds confidences in [edge[b-1], edge[b])
  int last_band = 0;
  int slice = 0;  // -1 = the slices of this class that are too small for a stratum of their own
  Count items = 0;
  double mean_confidence = 0;
};

struct Stratification {
  StrataConfig config;
  std::vector<Stratum> strata;
  std::vector<std::int32_t> stratum_of_cell;  // [class][slice][band]

  /// -1 for a label of none.
  [[nodiscard]] std::int32_t stratum_of(Label predicted, double confidence, int slice) const;
};

/// Collective. Cuts the corpus by predicted class x slice x confidence band. Bands are joined from
/// the lowest up until min_items are together; slices too small for that are joined within their
/// class. Classes are never joined. Every stratum has an item.
[[nodiscard]] Stratification stratify(const comm::Communicator& comm, const PredictedLabels& items,
                                      int num_classes, const StrataConfig& config);

/// Share of the budget that each stratum would get, in fractions of items: budget W_h s_h / sum
/// (J. Neyman, J. Royal Stat. Soc. 97, 1934). weights: W_h; deviations: s_h, equal ones =
/// proportional allocation.
[[nodiscard]] std::vector<double> neyman_allocation(std::span<const double> weights,
                                                    std::span<const double> deviations,
                                                    double budget);

/// Standard deviation sqrt(p (1 - p)) of being wrong, p = 1 - mean confidence, at least 0.01.
[[nodiscard]] double expected_deviation(const Stratum& stratum);

enum class Allocation {
  proportional,
  neyman,     // the least variance of the overall error
  per_class,  // the same number for every predicted class, Neyman within it
};

/// Whole numbers that sum to the budget (or to all items): at least 2 in a stratum if the budget
/// allows, at most its items; what is cut goes to the others; largest remainders are rounded up.
[[nodiscard]] std::vector<Count> allocate(std::span<const Stratum> strata, Count budget,
                                          Allocation allocation);

/// Collective. Draws wanted[h] items of each stratum without replacement, by the smallest hashes of
/// (seed, id): more wanted items keep the earlier ones. strata: of this rank's items, -1 = never
/// drawn. One flag an item. The inclusion probability is wanted[h] / items of h.
[[nodiscard]] std::vector<std::uint8_t> draw_audit(const comm::Communicator& comm,
                                                   std::span<const GlobalId> ids,
                                                   std::span<const std::int32_t> strata,
                                                   std::span<const Count> wanted,
                                                   std::uint64_t seed);

}  // namespace kith::qa
