#include <algorithm>
#include <cmath>

#include "kith/core/parallel.hpp"

#include "label_model/agreement.hpp"
#include "label_model/methods/parameters.hpp"
#include "label_model/methods/registry.hpp"

namespace kith::label_model {
namespace {

constexpr std::size_t kMostPartners = 64;  // of a voter, those with the most common items
constexpr double kStandardErrors = 3;      // from 0, or an agreement is not used
constexpr Count kVotersAtOnce = 4;

/// t = (K A - 1) / (K - 1), which is s_i s_j for two independent voters that agree on a share A.
struct Excess {
  std::int32_t other = 0;
  Count both = 0;
  double t = 0;
};

/// Of each voter, all whose agreement is surely not chance; by number.
std::vector<std::vector<Excess>> sure_excesses(const PairCounts& pairs, int num_classes) {
  std::vector<std::vector<Excess>> sure(pairs.size());
  const double scale = num_classes / (num_classes - 1.0);
  for (std::size_t m = 0; m < pairs.size(); ++m) {
    for (const PairCount& pair : pairs[m]) {
      const auto both = static_cast<double>(pair.both);
      const double agreement = (static_cast<double>(pair.agree) + 1) / (both + 2);  // for its error
      const double error = scale * std::sqrt(agreement * (1 - agreement) / both);
      const double t =
          (num_classes * static_cast<double>(pair.agree) / both - 1) / (num_classes - 1.0);
      if (std::abs(t) > kStandardErrors * error) {
        sure[m].push_back({pair.other, pair.both, t});
        sure[to_size(pair.other)].push_back({static_cast<std::int32_t>(m), pair.both, t});
      }
    }
  }
  for (auto& own : sure) {
    std::sort(own.begin(), own.end(),
              [](const Excess& a, const Excess& b) { return a.other < b.other; });
  }
  return sure;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + count_of(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) {
    return *middle;
  }
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// s_m = median over pairs (i, j) of sqrt(t_mi t_mj / t_ij), negative where m disagrees with both;
/// NaN without a pair.
double skill(const std::vector<std::vector<Excess>>& sure, std::size_t voter) {
  std::vector<Excess> partners = sure[voter];
  std::sort(partners.begin(), partners.end(), [](const Excess& a, const Excess& b) {
    return a.both != b.both ? a.both > b.both : a.other < b.other;
  });
  partners.resize(std::min(partners.size(), kMostPartners));
  std::vector<double> skills;
  for (std::size_t i = 0; i < partners.size(); ++i) {
    const auto& others = sure[to_size(partners[i].other)];
    for (std::size_t j = 0; j < i; ++j) {
      const auto at = std::lower_bound(
          others.begin(), others.end(), partners[j].other,
          [](const Excess& excess, std::int32_t other) { return excess.other < other; });
      if (at != others.end() && at->other == partners[j].other) {
        const double square = partners[i].t * partners[j].t / at->t;
        if (square > 0 && at->t > 0) {
          skills.push_back(std::copysign(std::min(1.0, std::sqrt(square)), partners[i].t));
        }
      }
    }
  }
  return skills.empty() ? std::nan("") : median(std::move(skills));
}

/// Fu et al. have binary votes; of K classes, with errors spread evenly, the same holds of
/// s = (K p - 1) / (K - 1).
class Triplet : public Method {
 public:
  Triplet()
      : Method{{.name = "triplet",
                .citation =
                    "D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian, C. Re, ICML (2020): "
                    "accuracies from the agreement of three, in closed form",
                .parameters = {kPriorVotes}}} {}

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    FittedModel model;
    model.reason = task.missing_voters("triplet");
    if (!model.reason.empty()) {
      return model;
    }
    if (!task.index.tells_shares()) {
      model.reason =
          "most votes come from voters that vote few of the classes: that two of them agree does "
          "not say how accurate they are";
      return model;
    }
    const auto pairs = count_pairs(task.table, task.index);
    if (!pairs) {
      model.reason = fmt::format("more than {} pairs of votes in the rows", kMaxPairIncidences);
      return model;
    }
    const auto sure = sure_excesses(*pairs, task.table.num_classes);
    std::vector<double> skills(sure.size());
    parallel_for(count_of(skills), kVotersAtOnce, [&](Count begin, Count end) {
      for (Count m = begin; m < end; ++m) {
        skills[to_size(m)] = skill(sure, to_size(m));
      }
    });
    return model_of(task, skills);
  }

  /// A voter without a pair has what accuracy its agreement with the others shows.
  static FittedModel model_of(const Task& task, std::span<const double> skills) {
    FittedModel model;
    model.prior = usual_prior(task);
    model.learns_prior = task.learns_prior();
    const std::vector<double> even(skills.size(), 1.0);
    const std::vector<Accuracy> by_others = accuracies_by_others(task, even);
    const CoinRule rule{task};
    const CoinPrior prior = coin_prior(task);
    bool is_found = false;
    for (std::size_t m = 0; m < skills.size(); ++m) {
      const int voter = static_cast<int>(m);
      const double guess = 1.0 / task.table.num_classes;
      double accuracy = (by_others[m].right + rule.prior_right(voter, prior, model.prior)) /
                        (by_others[m].votes + rule.prior_votes(voter, prior));
      if (!std::isnan(skills[m])) {
        constexpr double kSurest = 0.999;
        accuracy = std::clamp(guess + skills[m] * (1 - guess), (1 - kSurest) * guess, kSurest);
        is_found = true;
      }
      model.voters.push_back(rule.model(voter, accuracy, model.prior));
    }
    if (!is_found) {
      model.reason = "no three voters agree surely more often than by chance";
    }
    return model;
  }
};

}  // namespace

const Method& triplet() {
  static const Triplet kMethod;
  return kMethod;
}

}  // namespace kith::label_model
