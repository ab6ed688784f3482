/// Jacobi-preconditioned conjugate gradient on the columns of some tasks at once.
#pragma once

#include <span>
#include <vector>

#include "kith/core/aligned.hpp"
#include "kith/graph/components.hpp"
#include "kith/propagate/memory.hpp"

#include "propagate/gradient_kernel.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// A fixed point of a plan's sweep, x_i = a f_i / d_i sum_j w_ij x_j + s_i, is the solution of
///
///     (G - a W) x = G s,    G = D / f
///
/// a symmetric positive system on the rows that are not clamped; those move to the right side.
/// M. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", 1952, with
/// preconditioner G; every column has its own step lengths. In double precision; inner products are
/// sums in fixed point, so that all steps are the same bits at any number of ranks and threads.
/// Cost a step: edges x columns in double, three passes over the rows, four small reductions.
///
/// Poisson's Laplacian is singular: in each component with a seed the right side is made to sum to
/// 0, and what it summed to, times max_sweeps over the component's volume, is where the constant
/// part of x begins and stays: the same as after max_sweeps sweeps.
class BlockConjugateGradient {
 public:
  /// x, r, q and p, of which p has ghosts.
  static constexpr ColumnBytes kColumnBytes{4 * sizeof(double), sizeof(double), sizeof(double)};

  /// Collective. plans: one a task, kept alive by the caller.
  BlockConjugateGradient(const graph::Graph& graph, const graph::Components& components,
                         std::span<const Plan* const> plans);

  /// Collective. One iteration of all columns; nothing once all tasks have ended.
  void step();
  void retire(std::size_t task);

  /// The first values.size() columns of the task in an owned row.
  void read_row(std::size_t task, LocalId row, std::span<float> values) const;
  /// Largest norm of a column's residual over that of its first.
  [[nodiscard]] double residual_norm(std::size_t task) const;

  /// What a task needs to go on elsewhere: x, residual and direction of an owned row, as bytes, and
  /// numbers of its columns.
  [[nodiscard]] Count state_bytes(std::size_t task) const;
  void save_state(std::size_t task, Count row, std::byte* to) const;
  void load_state(std::size_t task, Count row, const std::byte* from);
  [[nodiscard]] std::vector<double> save_numbers(std::size_t task) const;
  void load_numbers(std::size_t task, std::span<const double> numbers);

 private:
  struct Slot {
    const Plan* plan;
    Count first_column = 0;
    std::vector<double> diagonal;  // G of each owned row; 0 where x is known from the start
    bool running = true;
  };

  void set_up_task(Slot& slot);
  void center(const Slot& slot, const graph::Components& components);
  void move_known_to_right_side();
  void start();
  /// Collective, as the next ones. q = W p.
  void multiply();
  /// q = G p - a W p; returns (p, q).
  std::vector<double> form_q(std::vector<double>& largest_q);
  [[nodiscard]] std::vector<double> step_lengths(std::span<const double> p_dot_q) const;
  /// x += alpha p, r -= alpha q; returns (r, G^-1 r).
  std::vector<double> update_x_r(std::span<const double> alpha, std::span<const double> largest_q);
  /// p = G^-1 r + beta p.
  void update_p(std::span<const double> beta);
  void find_bounds();
  void find_common_diagonals();
  /// G of all columns of a row, or 1 / G; 0 where x is known.
  void fill_diagonal(Count row, bool inverted, std::span<double> values) const;
  [[nodiscard]] GradientRow row_at(Count row, const double* diagonal);

  /// Collective. Calls work(row, sums, largest) for each owned row. Sums of terms below the bounds
  /// are returned; largest: of what the work says, over all ranks.
  template <class Work>
  std::vector<double> reduce_rows(std::span<const double> bounds, bool inverted,
                                  std::vector<double>& largest, Work&& work);
  [[nodiscard]] std::size_t at(Count row, Count column) const {
    return to_size(row * stride_ + column);
  }

  const graph::Graph* graph_;
  Count stride_ = 0;
  std::vector<Slot> slots_;
  AlignedVector<double> x_;           // owned x stride
  AlignedVector<double> r_;           // owned x stride
  AlignedVector<double> p_;           // (owned + ghost) x stride
  AlignedVector<double> q_;           // owned x stride
  std::vector<double> common_;        // G of an owned row if all tasks have the same, else below 0
  std::vector<double> decay_;         // one a column, as all that follow
  std::vector<double> most_q_;        // bound of |q| / |p|
  std::vector<double> most_inverse_;  // largest 1 / G
  std::vector<double> largest_p_;
  std::vector<double> largest_r_;
  std::vector<double> rho_;  // (r, G^-1 r)
  std::vector<double> first_rho_;
};

}  // namespace kith::propagate
