#include "propagate/block_conjugate_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {
namespace {

// A column whose squared residual is below this share of its first is solved to double precision:
// it stops, for further steps would only add up rounding errors where a system is singular.
constexpr double kSolved = 1e-24;

}  // namespace

BlockConjugateGradient::BlockConjugateGradient(const graph::Graph& graph,
                                               const graph::Components& components,
                                               std::span<const Plan* const> plans)
    : graph_{&graph} {
  for (const Plan* plan : plans) {
    slots_.push_back({plan, stride_, {}, true});
    stride_ += plan->num_columns;
    decay_.insert(decay_.end(), to_size(plan->num_columns), double{plan->decay});
  }
  stride_ = padded(stride_);
  decay_.resize(to_size(stride_), 0.0);
  x_.assign(to_size(graph.num_owned() * stride_), 0.0);
  r_ = x_;
  q_ = x_;
  p_.assign(to_size((graph.num_owned() + graph.num_ghosts()) * stride_), 0.0);
  for (Slot& slot : slots_) {
    set_up_task(slot);
  }
  move_known_to_right_side();
  for (const Slot& slot : slots_) {
    if (!slot.plan->normalizes_rows) {
      center(slot, components);
    }
  }
  find_bounds();
  find_common_diagonals();
  start();
}

/// p = G^-1 r,  rho = (r, p)
void BlockConjugateGradient::start() {
  const std::vector<double> zero(to_size(stride_), 0.0);
  std::fill(p_.begin(), p_.end(), 0.0);
  (void)reduce_rows(zero, true, largest_r_,
                    [&](const GradientRow& row, FoldedSums::Chunk& /*sums*/, double* largest) {
                      for (std::size_t i = 0; i < zero.size(); ++i) {
                        largest[i] = std::max(largest[i], std::abs(row.r[i]));
                      }
                    });
  rho_ = update_x_r(zero, zero);
  first_rho_ = rho_;
  update_p(zero);
}

void BlockConjugateGradient::multiply() {
  graph_->halo().push(std::span{p_}, stride_);
  const ProductArguments arguments{graph_->offsets().data(),
                                   graph_->columns().data(),
                                   graph_->weights().data(),
                                   stride_,
                                   p_.data(),
                                   q_.data()};
  parallel_for(graph_->num_owned(), kRowsPerChunk,
               [&](Count begin, Count end) { multiply_rows(arguments, begin, end); });
}

/// Only rows near a seed differ from task to task.
void BlockConjugateGradient::find_common_diagonals() {
  common_ = slots_.front().diagonal;
  for (const Slot& slot : slots_) {
    for (std::size_t row = 0; row < common_.size(); ++row) {
      common_[row] = slot.diagonal[row] == common_[row] ? common_[row] : -1;
    }
  }
}

void BlockConjugateGradient::fill_diagonal(Count row, bool inverted,
                                           std::span<double> values) const {
  const auto wanted = [inverted](double diagonal) {
    return inverted && diagonal > 0 ? 1 / diagonal : diagonal;
  };
  if (common_[to_size(row)] >= 0) {
    std::fill(values.begin(), values.end(), wanted(common_[to_size(row)]));
    return;
  }
  for (const Slot& slot : slots_) {
    std::fill_n(values.begin() + slot.first_column, slot.plan->num_columns,
                wanted(slot.diagonal[to_size(row)]));
  }
}

GradientRow BlockConjugateGradient::row_at(Count row, const double* diagonal) {
  const std::size_t first = at(row, 0);
  return {stride_,           diagonal,          x_.data() + first,
          r_.data() + first, p_.data() + first, q_.data() + first};
}

template <class Work>
std::vector<double> BlockConjugateGradient::reduce_rows(std::span<const double> bounds,
                                                        bool inverted, std::vector<double>& largest,
                                                        Work&& work) {
  FoldedSums sums{bounds};
  largest.assign(bounds.size(), 0.0);
  std::mutex merging;
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    FoldedSums::Chunk mine = sums.chunk();
    std::vector<double> mine_largest(bounds.size(), 0.0);
    std::vector<double> diagonal(bounds.size(), 0.0);
    for (Count row = begin; row < end; ++row) {
      fill_diagonal(row, inverted, diagonal);
      work(row_at(row, diagonal.data()), mine, mine_largest.data());
    }
    const std::scoped_lock lock{merging};
    sums.add(mine);
    for (std::size_t column = 0; column < bounds.size(); ++column) {
      largest[column] = std::max(largest[column], mine_largest[column]);
    }
  });
  comm::sum_over_ranks(graph_->comm(), sums.parts());
  comm::max_over_ranks(graph_->comm(), std::span{largest});
  return sums.values();
}

void BlockConjugateGradient::step() {
  if (std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.running; })) {
    return;
  }
  // q = A p,  alpha = rho / (p, q)
  multiply();
  std::vector<double> largest_q;
  const std::vector<double> alpha = step_lengths(form_q(largest_q));
  // x = x + alpha p,  r = r - alpha q,  rho = (r, G^-1 r)
  const std::vector<double> old_rho = std::exchange(rho_, update_x_r(alpha, largest_q));
  // beta = rho / rho_old,  p = G^-1 r + beta p
  std::vector<double> beta(old_rho.size(), 0.0);
  for (std::size_t i = 0; i < beta.size(); ++i) {
    beta[i] = old_rho[i] > 0 ? rho_[i] / old_rho[i] : 0.0;
  }
  update_p(beta);
}

std::vector<double> BlockConjugateGradient::form_q(std::vector<double>& largest_q) {
  std::vector<double> bounds(to_size(stride_));
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    bounds[i] = largest_p_[i] * most_q_[i] * largest_p_[i];
  }
  return reduce_rows(bounds, false, largest_q,
                     [&](const GradientRow& row, FoldedSums::Chunk& sums, double* largest) {
                       form_q_row(row, decay_.data(), sums, largest);
                     });
}

std::vector<double> BlockConjugateGradient::step_lengths(std::span<const double> p_dot_q) const {
  std::vector<double> alpha(p_dot_q.size(), 0.0);
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    const bool goes_on = p_dot_q[i] > 0 && rho_[i] > kSolved * first_rho_[i];
    alpha[i] = goes_on ? rho_[i] / p_dot_q[i] : 0.0;
  }
  return alpha;
}

std::vector<double> BlockConjugateGradient::update_x_r(std::span<const double> alpha,
                                                       std::span<const double> largest_q) {
  std::vector<double> bounds(alpha.size());
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const double reach = largest_r_[i] + alpha[i] * largest_q[i];
    bounds[i] = reach * reach * most_inverse_[i];
  }
  return reduce_rows(bounds, true, largest_r_,
                     [&](const GradientRow& row, FoldedSums::Chunk& sums, double* largest) {
                       update_x_r_row(row, alpha.data(), sums, largest);
                     });
}

void BlockConjugateGradient::update_p(std::span<const double> beta) {
  const std::vector<double> no_sums(beta.size(), 0.0);
  (void)reduce_rows(no_sums, true, largest_p_,
                    [&](const GradientRow& row, FoldedSums::Chunk& /*sums*/, double* largest) {
                      update_p_row(row, beta.data(), largest);
                    });
}

void BlockConjugateGradient::retire(std::size_t task) {
  slots_[task].running = false;
}

void BlockConjugateGradient::read_row(std::size_t task, LocalId row,
                                      std::span<float> values) const {
  const double* from = x_.data() + at(row.value(), slots_[task].first_column);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(from[i]);
  }
}

double BlockConjugateGradient::residual_norm(std::size_t task) const {
  const Slot& slot = slots_[task];
  double largest = 0;
  for (int column = 0; column < slot.plan->num_columns; ++column) {
    const std::size_t i = to_size(slot.first_column + column);
    if (rho_[i] > kSolved * first_rho_[i]) {
      largest = std::max(largest, std::sqrt(rho_[i] / first_rho_[i]));
    }
  }
  return largest;
}

Count BlockConjugateGradient::state_bytes(std::size_t task) const {
  return Count{3} * slots_[task].plan->num_columns * static_cast<Count>(sizeof(double));
}

void BlockConjugateGradient::save_state(std::size_t task, Count row, std::byte* to) const {
  const Slot& slot = slots_[task];
  const std::size_t num_bytes = to_size(slot.plan->num_columns) * sizeof(double);
  for (const AlignedVector<double>* values : {&x_, &r_, &p_}) {
    std::memcpy(to, values->data() + at(row, slot.first_column), num_bytes);
    to += num_bytes;
  }
}

void BlockConjugateGradient::load_state(std::size_t task, Count row, const std::byte* from) {
  const Slot& slot = slots_[task];
  const std::size_t num_bytes = to_size(slot.plan->num_columns) * sizeof(double);
  for (AlignedVector<double>* values : {&x_, &r_, &p_}) {
    std::memcpy(values->data() + at(row, slot.first_column), from, num_bytes);
    from += num_bytes;
  }
}

std::vector<double> BlockConjugateGradient::save_numbers(std::size_t task) const {
  const Slot& slot = slots_[task];
  std::vector<double> numbers;
  for (const std::vector<double>* of_columns : {&rho_, &first_rho_, &largest_p_, &largest_r_}) {
    const auto first = of_columns->begin() + slot.first_column;
    numbers.insert(numbers.end(), first, first + slot.plan->num_columns);
  }
  return numbers;
}

void BlockConjugateGradient::load_numbers(std::size_t task, std::span<const double> numbers) {
  const Slot& slot = slots_[task];
  auto from = numbers.begin();
  for (std::vector<double>* of_columns : {&rho_, &first_rho_, &largest_p_, &largest_r_}) {
    std::copy_n(from, slot.plan->num_columns, of_columns->begin() + slot.first_column);
    from += slot.plan->num_columns;
  }
}

}  // namespace kith::propagate
