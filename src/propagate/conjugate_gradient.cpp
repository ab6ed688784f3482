#include "propagate/conjugate_gradient.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

#include "propagate/kernel.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;
// What the right side sums to below this share of its largest entry is rounding.
constexpr double kRounding = 1e-5;
// A column whose squared residual is below this share of its first is solved to double precision:
// it rests, for going on would only add up rounding errors where a system is singular.
constexpr double kSolved = 1e-24;

}  // namespace

ConjugateGradient::ConjugateGradient(const graph::Graph& graph, const graph::Components& components,
                                     std::span<const Plan> plans, int num_classes)
    : Engine{graph, plans.size(), num_classes} {
  for (const Plan& plan : plans) {
    slots_.push_back({&plan, num_columns_, {}});
    slot_of_column_.insert(slot_of_column_.end(), to_size(plan.num_columns), slots_.size() - 1);
    num_columns_ += plan.num_columns;
  }
  stride_ = (num_columns_ + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
  const Count owned_values = graph.num_owned() * stride_;
  x_.assign(to_size(owned_values), 0.0);
  residual_ = x_;
  product_ = x_;
  direction_.assign(to_size((graph.num_owned() + graph.num_ghosts()) * stride_), 0.0);
  for (Slot& slot : slots_) {
    set_up_task(slot);
  }
  // Clamped rows move to the right side: r = b + a W x with x known on them.
  std::copy(x_.begin(), x_.end(), direction_.begin());
  multiply();
  for (Slot& slot : slots_) {
    if (!slot.plan->clamps) {
      continue;
    }
    for (Count row = 0; row < graph.num_owned(); ++row) {
      for (int column = 0; column < slot.plan->num_columns && slot.diagonal[to_size(row)] > 0;
           ++column) {
        residual_[at(row, slot.first_column + column)] +=
            slot.plan->decay * product_[at(row, slot.first_column + column)];
      }
    }
  }
  for (const Slot& slot : slots_) {
    if (!slot.plan->normalizes_rows) {
      center(slot, components);
    }
  }
  std::fill(direction_.begin(), direction_.end(), 0.0);
  for (Count row = 0; row < graph.num_owned(); ++row) {
    for (Count column = 0; column < num_columns_; ++column) {
      direction_[at(row, column)] = residual_[at(row, column)] * inverse_diagonal(row, column);
    }
  }
  rz_ = dot([&](Count row, Count column) {
    const double r = residual_[at(row, column)];
    return r * r * inverse_diagonal(row, column);
  });
  first_rz_ = rz_;
}

void ConjugateGradient::set_up_task(Slot& slot) {
  const Plan& plan = *slot.plan;
  slot.diagonal.resize(to_size(graph().num_owned()));
  for (LocalId row{0}; row.value() < graph().num_owned(); ++row) {
    const double factor = plan.factors.empty() ? 1.0 : double{plan.factors[to_size(row)]};
    slot.diagonal[to_size(row)] = factor > 0 ? graph().degree(row) / factor : 0.0;
  }
  for (const SourceRow& source : plan.sources) {
    double& diagonal = slot.diagonal[to_size(source.row)];
    const bool is_known = plan.clamps || diagonal == 0;
    for (std::size_t column = 0; column < source.values.size(); ++column) {
      const std::size_t index =
          at(source.row.value(), slot.first_column + static_cast<Count>(column));
      (is_known ? x_ : residual_)[index] = source.values[column] * (is_known ? 1.0 : diagonal);
    }
    diagonal = is_known ? 0.0 : diagonal;
  }
}

void ConjugateGradient::center(const Slot& slot, const graph::Components& components) {
  const auto width = to_size(slot.plan->num_columns);
  std::vector<Position> mine;
  double largest = 0;
  for (const SourceRow& row : slot.plan->sources) {
    mine.push_back(components.component[to_size(row.row)]);
    for (std::size_t column = 0; column < width; ++column) {
      largest = std::max(
          largest,
          std::abs(residual_[at(row.row.value(), slot.first_column + static_cast<Count>(column))]));
    }
  }
  largest = comm::max_over_ranks(graph().comm(), largest);
  std::map<Position, std::size_t> index;  // components with a seed, on any rank
  for (const Position component : comm::gather_to_all<Position>(graph().comm(), mine).items) {
    index.try_emplace(component, index.size());
  }
  std::vector<ExactSum> sums(index.size() * (width + 1));  // right side by column, then volume
  for (LocalId row{0}; row.value() < graph().num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found != index.end()) {
      sums[found->second * (width + 1) + width].add(graph().degree(row));
    }
  }
  for (const SourceRow& row : slot.plan->sources) {
    const std::size_t first = index.at(components.component[to_size(row.row)]) * (width + 1);
    for (std::size_t column = 0; column < width && largest > 0; ++column) {
      const double value =
          residual_[at(row.row.value(), slot.first_column + static_cast<Count>(column))];
      sums[first + column].add(value / largest);
    }
  }
  comm::sum_over_ranks(graph().comm(), sums);
  for (LocalId row{0}; row.value() < graph().num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found == index.end() || slot.diagonal[to_size(row)] == 0) {
      continue;
    }
    const std::size_t first = found->second * (width + 1);
    for (std::size_t column = 0; column < width; ++column) {
      const double excess =
          sums[first + column].value() * largest / sums[first + width].value();  // per volume
      const std::size_t entry = at(row.value(), slot.first_column + static_cast<Count>(column));
      residual_[entry] -= graph().degree(row) * excess;
      const bool is_rounding = std::abs(sums[first + column].value()) < kRounding;
      x_[entry] = is_rounding ? 0.0 : excess * (slot.plan->max_sweeps + 1);
    }
  }
}

void ConjugateGradient::multiply() {
  graph().halo().push(std::span{direction_}, stride_);
  const ProductArguments arguments{graph().offsets().data(), graph().columns().data(),
                                   graph().weights().data(), stride_,
                                   direction_.data(),        product_.data()};
  parallel_for(graph().num_owned(), kRowsPerChunk,
               [&](Count begin, Count end) { multiply_rows(arguments, begin, end); });
}

template <class Term>
std::vector<double> ConjugateGradient::sum_columns(std::vector<double> largest, Term&& term) const {
  comm::max_over_ranks(graph().comm(), std::span{largest});
  std::vector<int> exponents(largest.size(), 0);
  for (std::size_t column = 0; column < largest.size(); ++column) {
    (void)std::frexp(largest[column], &exponents[column]);
  }
  std::vector<double> scales;
  for (const int exponent : exponents) {
    scales.push_back(std::ldexp(1.0, 40 - exponent));
  }
  std::vector<ExactSum> sums(largest.size());
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    // Terms are at most 2^40 in size here, a chunk's sum at most 2^49: exact.
    std::vector<double> mine(largest.size(), 0.0);
    for (Count row = begin; row < end; ++row) {
      for (std::size_t column = 0; column < mine.size(); ++column) {
        mine[column] += std::nearbyint(term(row, static_cast<Count>(column)) * scales[column]);
      }
    }
    const std::scoped_lock lock{merging};
    for (std::size_t column = 0; column < mine.size(); ++column) {
      sums[column].add(mine[column] * 0x1p-40);
    }
  });
  comm::sum_over_ranks(graph().comm(), sums);
  std::vector<double> values;
  for (std::size_t column = 0; column < sums.size(); ++column) {
    values.push_back(std::ldexp(sums[column].value(), exponents[column]));
  }
  return values;
}

template <class Term>
std::vector<double> ConjugateGradient::dot(Term&& term) const {
  std::vector<double> largest(to_size(num_columns_), 0.0);
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    std::vector<double> mine(largest.size(), 0.0);
    for (Count row = begin; row < end; ++row) {
      for (std::size_t column = 0; column < mine.size(); ++column) {
        mine[column] = std::max(mine[column], std::abs(term(row, static_cast<Count>(column))));
      }
    }
    const std::scoped_lock lock{merging};
    for (std::size_t column = 0; column < mine.size(); ++column) {
      largest[column] = std::max(largest[column], mine[column]);
    }
  });
  return sum_columns(std::move(largest), term);
}

void ConjugateGradient::step(bool /*measured*/) {
  multiply();
  const Count num_rows = graph().num_owned();
  parallel_for(num_rows, kRowsPerChunk, [&](Count begin, Count end) {
    for (const Slot& slot : slots_) {
      for (Count row = begin; row < end; ++row) {
        const double diagonal = slot.diagonal[to_size(row)];
        for (int column = 0; column < slot.plan->num_columns; ++column) {
          const std::size_t entry = at(row, slot.first_column + column);
          product_[entry] = diagonal > 0
                                ? diagonal * direction_[entry] - slot.plan->decay * product_[entry]
                                : 0.0;
        }
      }
    }
  });
  const std::vector<double> curvature = dot([&](Count row, Count column) {
    return direction_[at(row, column)] * product_[at(row, column)];
  });
  std::vector<double> length(curvature.size(), 0.0);
  for (std::size_t column = 0; column < length.size(); ++column) {
    const bool goes_on = curvature[column] > 0 && rz_[column] > kSolved * first_rz_[column];
    length[column] = goes_on ? rz_[column] / curvature[column] : 0.0;
  }
  parallel_for(num_rows, kRowsPerChunk, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      for (Count column = 0; column < num_columns_; ++column) {
        const std::size_t entry = at(row, column);
        x_[entry] += length[to_size(column)] * direction_[entry];
        residual_[entry] -= length[to_size(column)] * product_[entry];
      }
    }
  });
  const std::vector<double> rz = dot([&](Count row, Count column) {
    const double r = residual_[at(row, column)];
    return r * r * inverse_diagonal(row, column);
  });
  std::vector<double> turn(rz.size(), 0.0);
  for (std::size_t column = 0; column < turn.size(); ++column) {
    turn[column] = rz_[column] > 0 ? rz[column] / rz_[column] : 0.0;
  }
  parallel_for(num_rows, kRowsPerChunk, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      for (Count column = 0; column < num_columns_; ++column) {
        const std::size_t entry = at(row, column);
        direction_[entry] = residual_[entry] * inverse_diagonal(row, column) +
                            turn[to_size(column)] * direction_[entry];
      }
    }
  });
  rz_ = rz;
}

void ConjugateGradient::read_row(std::size_t task, LocalId row, std::span<float> values) const {
  for (std::size_t label = 0; label < values.size(); ++label) {
    values[label] = static_cast<float>(
        x_[at(row.value(), slots_[task].first_column + static_cast<Count>(label))]);
  }
}

void ConjugateGradient::measure(std::size_t task, Measure& measure) {
  const Slot& slot = slots_[task];
  double largest = 0;
  for (int column = 0; column < slot.plan->num_columns; ++column) {
    const std::size_t index = to_size(slot.first_column + column);
    if (rz_[index] > kSolved * first_rz_[index]) {
      largest = std::max(largest, std::sqrt(rz_[index] / first_rz_[index]));
    }
  }
  measure.change = static_cast<float>(largest);
  measure.size = 1;
}

void ConjugateGradient::retire(std::size_t /*task*/) {
}

}  // namespace kith::propagate
