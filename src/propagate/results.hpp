/// From engines' rows to results.
#pragma once

#include <span>
#include <vector>

#include "propagate/engine.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// Scales a row of state to a distribution, if the plan's rows are that: what is below 0 there (a
/// rounding error, or a correction that went too far) counts as 0.
void to_scores(const Plan& plan, std::span<float> row);

/// Collective if there are validation nodes. Scores of all owned nodes, or those of the validation
/// nodes, which every rank gets.
[[nodiscard]] std::vector<float> collect_scores(const graph::Graph& graph, const Engine& engine,
                                                std::size_t index, const Task& task,
                                                const Plan& plan, int num_classes);

/// Collective. Column sums over the nodes without a seed, exact and hence the same at any rank
/// count.
[[nodiscard]] std::vector<double> sum_class_mass(const graph::Graph& graph, const Engine& engine,
                                                 std::size_t index, const Plan& plan,
                                                 int num_classes);

/// Adds this rank's scores, of distributions, column by column; those of the seeds' rows if asked.
void add_scores(const graph::Graph& graph, const Engine& engine, std::size_t index,
                const Plan& plan, bool with_seeds, std::span<ExactSum> sums);

/// What a phase leaves to the next: owned nodes x K as the engine has them.
[[nodiscard]] std::vector<float> read_state(const graph::Graph& graph, const Engine& engine,
                                            std::size_t index, int num_classes);

}  // namespace kith::propagate
