#include <numeric>

#include "kith/core/numbers.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

constexpr NumberRange<double> kShareRange{1e-9, 1e9, true};

bool is_word(const std::string& prior) {
  return prior == "seeds" || prior == "uniform" || prior == "estimated";
}

/// "0.2, 0.8" -> numbers.
std::vector<double> parse_shares(const std::string& text) {
  const auto shares = parse_numbers(text, kShareRange);
  if (!shares) {
    fail("ensemble.prior = {}, must be {}", text, prior_range());
  }
  if (!(std::accumulate(shares->begin(), shares->end(), 0.0) > 0)) {
    fail("ensemble.prior = {}: no class has a share", text);
  }
  return *shares;
}

}  // namespace

std::string prior_range() {
  return fmt::format(
      "seeds | uniform | estimated | a share for each class, {}, separated by commas",
      kShareRange.text());
}

void validate_prior(const EnsembleConfig& config, int num_classes) {
  if (is_word(config.prior)) {
    return;
  }
  const std::vector<double> shares = parse_shares(config.prior);
  if (num_classes > 0 && count_of(shares) != num_classes) {
    fail("ensemble.prior has {} shares, but there are {} classes", shares.size(), num_classes);
  }
}

std::vector<double> class_prior(std::span<const FoldedSeed> seeds, const EnsembleConfig& config,
                                int num_classes) {
  std::vector<double> prior(to_size(num_classes), 0.0);
  if (is_word(config.prior)) {
    for (const FoldedSeed& entry : seeds) {
      prior[to_size(entry.seed.label)] +=
          config.prior == "uniform" ? 1.0 : double{entry.seed.weight};
    }
  } else {
    prior = parse_shares(config.prior);
  }
  if (seeds.empty() && is_word(config.prior)) {
    prior.assign(prior.size(), 1.0);  // nothing is known
  }
  double total = 0;
  for (double& share : prior) {
    share = config.prior == "uniform" && share > 0 ? 1.0 : share;
    total += share;
  }
  for (double& share : prior) {
    share /= total;
  }
  return prior;
}

}  // namespace kith::ensemble
