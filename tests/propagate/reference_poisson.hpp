/// Poisson learning and PoissonMBO as the paper has them, and products that all references need.
#pragma once

#include <vector>

#include "propagate/made_graph.hpp"

namespace kith::propagate::test {

[[nodiscard]] std::vector<double> degrees(const Matrix& w);
[[nodiscard]] Matrix product(const Matrix& w, const Matrix& f);
/// The weights of a task's seeds: n x classes.
[[nodiscard]] Matrix one_hot(const Task& task, std::size_t n);
/// Rows to a sum of 1.
void normalize(Matrix& f);

[[nodiscard]] Matrix reference_poisson(const Matrix& w, const Task& task, int sweeps);
[[nodiscard]] Matrix reference_volume(const Matrix& w, const Task& task, int first_sweeps);

}  // namespace kith::propagate::test
