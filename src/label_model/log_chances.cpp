#include "label_model/log_chances.hpp"

#include <algorithm>

#include "kith/core/parallel.hpp"
#include "kith/core/softmax.hpp"

namespace kith::label_model {
namespace {

constexpr Count kVotersAtOnce = 16;

}  // namespace

LogChances::LogChances(std::span<const VoterModel> voters, int num_classes)
    : num_classes_{to_size(num_classes)} {
  std::size_t size = 0;
  for (const VoterModel& voter : voters) {
    offsets_.push_back(size);
    is_table_.push_back(voter.table.empty() && voter.classes.empty() ? 0 : 1);
    size += num_classes_ * (is_table_.back() != 0 ? num_classes_ : 2);
  }
  numbers_.assign(size, 0.0);
  parallel_for(count_of(voters), kVotersAtOnce, [&](Count begin, Count end) {
    for (std::size_t m = to_size(begin); m < to_size(end); ++m) {
      const VoterModel& voter = voters[m];
      const auto log_chance = [&](int truth, int vote) {
        return voter.weight * std::log(voter.chance(num_classes, truth, vote));
      };
      double* at = numbers_.data() + offsets_[m];
      for (int l = 0; l < num_classes; ++l) {
        if (is_table_[m] != 0) {
          for (int k = 0; k < num_classes; ++k) {
            *at++ = log_chance(k, l);
          }
        } else {
          const double wrong = log_chance(l == 0 ? 1 : 0, l);
          *at++ = wrong;
          *at++ = log_chance(l, l) - wrong;
        }
      }
    }
  });
}

void LogChances::add(const Vote& vote, std::span<double> sums, double& common) const {
  const std::size_t m = to_size(vote.voter);
  const double* at = numbers_.data() + offsets_[m];
  if (is_table_[m] == 0) {
    common += at[2 * to_size(vote.label)];
    sums[to_size(vote.label)] += at[2 * to_size(vote.label) + 1];
    return;
  }
  at += to_size(vote.label) * num_classes_;
  for (std::size_t k = 0; k < num_classes_; ++k) {
    sums[k] += at[k];
  }
}

double LogChances::posterior(std::span<const Vote> votes, std::int32_t known,
                             std::span<double> sums) const {
  double common = 0;
  for (const Vote& vote : votes) {
    add(vote, sums, common);
  }
  if (known >= 0) {
    const double log_likelihood = common + sums[to_size(known)];
    std::fill(sums.begin(), sums.end(), 0.0);
    sums[to_size(known)] = 1;
    return log_likelihood;
  }
  return common + softmax(sums);
}

}  // namespace kith::label_model
