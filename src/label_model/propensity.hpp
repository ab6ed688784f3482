// How likely a voter votes at all, by class.
#pragma once

#include "kith/label_model/method.hpp"

#include "label_model/task.hpp"

namespace kith::label_model {

/// Gives a fitted model P(votes | k) of each voter, from the posteriors that it has without them:
/// the expected votes on items of the class and kPseudoItems at the voter's overall propensity.
/// Chances are then of the classes that a voter ever votes, or a rule for one class would count
/// twice what its votes say. One pass over the table. A reason where it takes too much memory.
void learn_propensities(const Task& task, FittedModel& model);

inline constexpr double kPseudoItems = 50;

}  // namespace kith::label_model
