/// Jacobi-preconditioned conjugate gradient on all columns of all tasks at once.
#pragma once

#include <span>
#include <vector>

#include "kith/graph/components.hpp"

#include "propagate/engine.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// A fixed point of a plan's sweep, x_i = a f_i / d_i sum_j w_ij x_j + s_i, is the solution of
///
///     (G - a W) x = G s,    G = D / f
///
/// a symmetric positive system on the rows that are not clamped; those move to the right side.
/// M. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", 1952, with
/// preconditioner G; every column has its own step lengths. In double precision; inner products are
/// exact sums of terms scaled by a power of two, so that all steps are the same bits at any number
/// of ranks and threads. Cost a step: edges x columns in double, three small reductions.
///
/// Poisson's Laplacian is singular: in each component with a seed the right side is made to sum to
/// 0, and what it summed to, times max_sweeps over the component's volume, is where the constant
/// part of x begins and stays: the same as after max_sweeps sweeps.
class ConjugateGradient : public Engine {
 public:
  /// Collective. plans: one a task, kept alive by the caller.
  ConjugateGradient(const graph::Graph& graph, const graph::Components& components,
                    std::span<const Plan> plans, int num_classes);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  /// The residual of a system says less about its solution than a sweep's change does.
  [[nodiscard]] double tolerance_factor() const override { return 1e-6; }

 protected:
  void measure(std::size_t task, Measure& measure) override;

 private:
  struct Slot {
    const Plan* plan;
    Count first_column = 0;
    std::vector<double> diagonal;  // G of each owned row; 0 where x is known from the start
  };

  void set_up_task(Slot& slot);
  void center(const Slot& slot, const graph::Components& components);
  void multiply();
  /// Collective. Sum over rows of the terms of each column. term(row, column) -> double; largest:
  /// of |term| on this rank, one a column.
  template <class Term>
  std::vector<double> sum_columns(std::vector<double> largest, Term&& term) const;
  template <class Term>
  std::vector<double> dot(Term&& term) const;
  [[nodiscard]] std::size_t at(Count row, Count column) const {
    return to_size(row * stride_ + column);
  }
  [[nodiscard]] double inverse_diagonal(Count row, Count column) const {
    const double value = slots_[slot_of_column_[to_size(column)]].diagonal[to_size(row)];
    return value > 0 ? 1 / value : 0.0;
  }

  Count stride_ = 0;
  Count num_columns_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::size_t> slot_of_column_;
  std::vector<double> x_;          // owned x stride
  std::vector<double> residual_;   // owned x stride
  std::vector<double> direction_;  // (owned + ghost) x stride
  std::vector<double> product_;    // owned x stride
  std::vector<double> rz_;         // one a column: residual . preconditioned residual
  std::vector<double> first_rz_;
};

}  // namespace kith::propagate
