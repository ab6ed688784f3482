// The block conjugate gradient's systems before the first step: diagonals, right sides, bounds.
#include <algorithm>
#include <cmath>
#include <map>

#include "kith/comm/collectives.hpp"

#include "propagate/block_conjugate_gradient.hpp"

namespace kith::propagate {
namespace {

// What the right side sums to below this share of its largest entry is rounding.
constexpr double kRounding = 1e-5;

}  // namespace

/// Clamped rows: r = b + a W x with x known on them.
void BlockConjugateGradient::move_known_to_right_side() {
  std::copy(x_.begin(), x_.end(), p_.begin());
  multiply();
  for (const Slot& slot : slots_) {
    for (Count row = 0; row < graph_->num_owned() && slot.plan->clamps; ++row) {
      for (int i = 0; i < slot.plan->num_columns && slot.diagonal[to_size(row)] > 0; ++i) {
        const std::size_t entry = at(row, slot.first_column + i);
        r_[entry] += slot.plan->decay * q_[entry];
      }
    }
  }
}

void BlockConjugateGradient::set_up_task(Slot& slot) {
  const Plan& plan = *slot.plan;
  slot.diagonal.resize(to_size(graph_->num_owned()));
  for (LocalId row{0}; row.value() < graph_->num_owned(); ++row) {
    const double factor = plan.factors.empty() ? 1.0 : double{plan.factors[to_size(row)]};
    slot.diagonal[to_size(row)] = factor > 0 ? graph_->degree(row) / factor : 0.0;
  }
  for (const SourceRow& source : plan.sources) {
    double& diagonal = slot.diagonal[to_size(source.row)];
    const bool is_known = plan.clamps || diagonal == 0;
    for (std::size_t column = 0; column < source.values.size(); ++column) {
      const std::size_t index =
          at(source.row.value(), slot.first_column + static_cast<Count>(column));
      (is_known ? x_ : r_)[index] = source.values[column] * (is_known ? 1.0 : diagonal);
    }
    diagonal = is_known ? 0.0 : diagonal;
  }
}

void BlockConjugateGradient::center(const Slot& slot, const graph::Components& components) {
  const auto width = to_size(slot.plan->num_columns);
  std::vector<Position> mine;
  double largest = 0;
  for (const SourceRow& row : slot.plan->sources) {
    mine.push_back(components.component[to_size(row.row)]);
    for (std::size_t column = 0; column < width; ++column) {
      largest = std::max(
          largest,
          std::abs(r_[at(row.row.value(), slot.first_column + static_cast<Count>(column))]));
    }
  }
  largest = comm::max_over_ranks(graph_->comm(), largest);
  std::map<Position, std::size_t> index;  // components with a seed, on any rank
  for (const Position component : comm::gather_to_all<Position>(graph_->comm(), mine).items) {
    index.try_emplace(component, index.size());
  }
  std::vector<ExactSum> sums(index.size() * (width + 1));  // right side by column, then volume
  for (LocalId row{0}; row.value() < graph_->num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found != index.end()) {
      sums[found->second * (width + 1) + width].add(graph_->degree(row));
    }
  }
  for (const SourceRow& row : slot.plan->sources) {
    const std::size_t first = index.at(components.component[to_size(row.row)]) * (width + 1);
    for (std::size_t column = 0; column < width && largest > 0; ++column) {
      const double value = r_[at(row.row.value(), slot.first_column + static_cast<Count>(column))];
      sums[first + column].add(value / largest);
    }
  }
  comm::sum_over_ranks(graph_->comm(), sums);
  for (LocalId row{0}; row.value() < graph_->num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found == index.end() || slot.diagonal[to_size(row)] == 0) {
      continue;
    }
    const std::size_t first = found->second * (width + 1);
    for (std::size_t column = 0; column < width; ++column) {
      const double excess =
          sums[first + column].value() * largest / sums[first + width].value();  // per volume
      const std::size_t entry = at(row.value(), slot.first_column + static_cast<Count>(column));
      r_[entry] -= graph_->degree(row) * excess;
      const bool is_rounding = std::abs(sums[first + column].value()) < kRounding;
      x_[entry] = is_rounding ? 0.0 : excess * (slot.plan->max_sweeps + 1);
    }
  }
}

void BlockConjugateGradient::find_bounds() {
  most_q_.assign(to_size(stride_), 0.0);
  most_inverse_.assign(to_size(stride_), 0.0);
  for (const Slot& slot : slots_) {
    double product = 0;
    double inverse = 0;
    for (LocalId row{0}; row.value() < graph_->num_owned(); ++row) {
      const double diagonal = slot.diagonal[to_size(row)];
      product = std::max(product, diagonal + graph_->degree(row));
      inverse = std::max(inverse, diagonal > 0 ? 1 / diagonal : 0.0);
    }
    std::fill_n(most_q_.begin() + slot.first_column, slot.plan->num_columns, product);
    std::fill_n(most_inverse_.begin() + slot.first_column, slot.plan->num_columns, inverse);
  }
  comm::max_over_ranks(graph_->comm(), std::span{most_q_});
  comm::max_over_ranks(graph_->comm(), std::span{most_inverse_});
}

}  // namespace kith::propagate
