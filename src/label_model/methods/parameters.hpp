// Parameters that several methods take.
#pragma once

#include "kith/core/parameter.hpp"

#include "label_model/coin.hpp"
#include "label_model/em.hpp"

namespace kith::label_model {

inline const Parameter kPriorVotes{
    .name = "prior_votes",
    .help = "votes that each voter is credited with beforehand, of one above chance",
    .fallback = CoinPrior{}.votes,
    .range = {1e-3, 1e6}};
inline const Parameter kMaxIterations{.name = "max_iterations",
                                      .help = "iterations of a label model",
                                      .fallback = 200,
                                      .range = {1, 1e6},
                                      .is_whole = true};
inline const Parameter kTolerance{.name = "tolerance",
                                  .help = "gain, in nats an item, below which a label model stops",
                                  .fallback = 1e-7,
                                  .range = {1e-16, 1}};

[[nodiscard]] inline EmOptions em_options(const Task& task) {
  EmOptions options;
  options.max_iterations = static_cast<int>(task.parameter(kMaxIterations));
  options.tolerance = task.parameter(kTolerance);
  return options;
}
[[nodiscard]] inline CoinPrior coin_prior(const Task& task) {
  CoinPrior prior;
  prior.votes = task.parameter(kPriorVotes);
  return prior;
}

}  // namespace kith::label_model
