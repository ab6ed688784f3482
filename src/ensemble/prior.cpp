#include <charconv>
#include <numeric>

#include "kith/core/error.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

bool is_word(const std::string& prior) {
  return prior == "seeds" || prior == "uniform" || prior == "estimated";
}

/// "0.2, 0.8" -> numbers.
std::vector<double> parse_shares(const std::string& text) {
  std::vector<double> shares;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    double share = 0;
    const auto [rest, status] = std::from_chars(at, end, share);
    if (status != std::errc{} || !(share >= 0)) {
      fail("ensemble.prior = {}, must be seeds, uniform, estimated or a share for each class",
           text);
    }
    shares.push_back(share);
    at = rest;
  }
  if (!(std::accumulate(shares.begin(), shares.end(), 0.0) > 0)) {
    fail("ensemble.prior = {}: no class has a share", text);
  }
  return shares;
}

}  // namespace

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
