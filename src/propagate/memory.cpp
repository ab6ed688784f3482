#include "kith/propagate/memory.hpp"

#include "kith/propagate/method.hpp"

#include "propagate/block_conjugate_gradient.hpp"
#include "propagate/nearest_seeds.hpp"
#include "propagate/panel.hpp"

namespace kith::propagate {
namespace {

bool follows_paths(const SolverConfig& solver) {
  return solver.method->facts().walk == Walk::shortest_paths;
}

}  // namespace

ColumnBytes column_bytes(const SolverConfig& solver) {
  return follows_paths(solver)                         ? NearestSeeds::kColumnBytes
         : solver.solver == Solver::conjugate_gradient ? BlockConjugateGradient::kColumnBytes
                                                       : Panel::kColumnBytes;
}

Count truncated_row_bytes(const SolverConfig& solver, int top) {
  constexpr Count kValue = sizeof(float);
  return follows_paths(solver)
             ? solver.method->num_columns(solver, top) * static_cast<Count>(sizeof(Count))
             : (2 * Count{top} + 2) * kValue;  // labels, values, rest, walk
}

Count truncated_state_bytes(Count local_nodes, const Task& task, int top) {
  return 2 * local_nodes * truncated_row_bytes(task.solver, top);
}

}  // namespace kith::propagate
