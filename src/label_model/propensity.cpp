#include "label_model/propensity.hpp"

#include "kith/core/parallel.hpp"

#include "label_model/row_sums.hpp"

namespace kith::label_model {
namespace {

constexpr Count kVotersAtOnce = 16;

}  // namespace

void learn_propensities(const Task& task, FittedModel& model) {
  const VoteTable& table = task.table;
  const std::size_t num_classes = to_size(table.num_classes);
  const Count numbers = (count_of(table.counts) + table.num_voters) * table.num_classes;
  if (numbers > task.options.max_numbers) {
    model.reason = "propensities by voter and class need more memory than is allowed";
    return;
  }
  std::vector<double> posteriors(table.size() * num_classes);
  const std::vector<double> items = sum_rows(table, num_classes, [&](std::size_t u, double* sums) {
    const std::span<double> q = std::span{posteriors}.subspan(u * num_classes, num_classes);
    model.posterior(table.row(u), q);
    clamp_known(table, u, q);
    for (std::size_t k = 0; k < num_classes; ++k) {
      sums[k] += static_cast<double>(table.counts[u]) * q[k];
    }
  });
  const auto all = static_cast<double>(table.num_items());
  model.propensities.assign(to_size(table.num_voters) * num_classes, 0.0);
  parallel_for(table.num_voters, kVotersAtOnce, [&](Count begin, Count end) {
    for (Count m = begin; m < end; ++m) {
      const int voter = static_cast<int>(m);
      double* own = model.propensities.data() + to_size(m) * num_classes;
      for (const CastVote& vote : task.index.votes_of(voter)) {
        for (std::size_t k = 0; k < num_classes; ++k) {
          own[k] +=
              static_cast<double>(table.counts[vote.row]) * posteriors[vote.row * num_classes + k];
        }
      }
      // Half a vote and half an abstention more: neither is impossible.
      const double overall =
          (static_cast<double>(task.index.breadth(voter).votes) + 0.5) / (all + 1);
      for (std::size_t k = 0; k < num_classes; ++k) {
        own[k] = (own[k] + kPseudoItems * overall) / (items[k] + kPseudoItems);
      }
      model.voters[to_size(m)].classes = task.index.breadth(voter).classes;
    }
  });
  model.abstentions_count = true;
}

}  // namespace kith::label_model
