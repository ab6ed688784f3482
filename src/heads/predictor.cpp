#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/panels.hpp"
#include "kith/distance/products.hpp"
#include "kith/heads/heads.hpp"

#include "heads/nearest_votes.hpp"
#include "heads/unit_length.hpp"

namespace kith::heads {
namespace {

constexpr Count kRowsAtOnce = 96;

/// Values become exp(value) / sum.
void softmax(std::span<float> values) {
  const float largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (float& value : values) {
    value = std::exp(value - largest);
    sum += double{value};
  }
  const auto scale = static_cast<float>(1 / sum);
  for (float& value : values) {
    value *= scale;
  }
}

/// Puts the values of some classes, in ascending order, into a row; others are 0.
void store(std::span<const float> values, std::span<const Label> classes, std::size_t item,
           std::vector<std::size_t>& order, LabelRows<float>& out) {
  if (out.is_dense()) {
    const auto row = std::span{out.values}.subspan(item * to_size(out.width), to_size(out.width));
    std::fill(row.begin(), row.end(), 0.0F);
    for (std::size_t k = 0; k < values.size(); ++k) {
      row[to_size(classes[k])] = values[k];
    }
    return;
  }
  order.resize(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t most = std::min(to_size(out.width), values.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return values[a] > values[b] || (values[a] == values[b] && a < b);
                    });
  std::vector<float> named;
  std::vector<Label> labels;
  double left = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (rank < most) {
      named.push_back(values[order[rank]]);
      labels.push_back(classes[order[rank]]);
    } else {
      left += double{values[order[rank]]};
    }
  }
  const auto others = static_cast<double>(out.num_classes - count_of(named));
  out.set(item, {named, labels, static_cast<float>(left / others), out.num_classes});
}

}  // namespace

struct Predictor::State {
  Count dim = 0;
  int num_classes = 0;
  bool unit_rows = false;
  std::vector<Label> classes;  // that can be predicted, ascending
  distance::Panels weights;    // linear: an item a class
  std::vector<float> biases;
  std::unique_ptr<NearestVotes> votes;  // else

  void pack_linear(const Model& model);
  /// Probabilities of the classes for a block of rows.
  void predict(std::span<const float> rows, std::span<float> out) const;
};

void Predictor::State::pack_linear(const Model& model) {
  std::vector<float> rows;
  for (std::size_t k = 0; k < to_size(num_classes); ++k) {
    if (std::isfinite(model.biases[k])) {
      classes.push_back(Label{static_cast<std::int32_t>(k)});
      biases.push_back(model.biases[k]);
      const auto row = std::span{model.weights}.subspan(k * to_size(dim), to_size(dim));
      rows.insert(rows.end(), row.begin(), row.end());
    }
  }
  weights.pack(rows, dim, distance::Nearness::inner_product);
}

void Predictor::State::predict(std::span<const float> rows, std::span<float> out) const {
  if (votes != nullptr) {
    votes->count(rows, out);
    return;
  }
  distance::inner_products(weights, rows, out);
  for (std::size_t begin = 0; begin < out.size(); begin += classes.size()) {
    const auto row = out.subspan(begin, classes.size());
    std::transform(row.begin(), row.end(), biases.begin(), row.begin(), std::plus{});
    softmax(row);
  }
}

Predictor::Predictor(const Model& model) : state_{std::make_unique<State>()} {
  state_->dim = model.dim;
  state_->num_classes = model.num_classes;
  state_->unit_rows = model.unit_rows;
  if (model.is_linear()) {
    state_->pack_linear(model);
  } else {
    state_->votes = std::make_unique<NearestVotes>(model);
    state_->classes = state_->votes->classes();
  }
  if (state_->classes.empty()) {
    fail("{}: the model has no class to predict", model.method);
  }
}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&& other) noexcept = default;
Predictor& Predictor::operator=(Predictor&& other) noexcept = default;

void Predictor::predict(distance::RowType type, std::span<const std::byte> rows,
                        LabelRows<float>& out, std::size_t first) const {
  const State& state = *state_;
  const Count row_bytes = state.dim * distance::element_bytes(type);
  parallel_for(count_of(rows) / row_bytes, kRowsAtOnce, [&](Count begin, Count end) {
    std::vector<float> scratch;
    std::vector<std::size_t> order;
    const auto bytes = rows.subspan(to_size(begin * row_bytes), to_size((end - begin) * row_bytes));
    std::span<const float> floats = distance::as_floats(type, bytes, scratch);
    if (state.unit_rows) {
      std::vector<float> unit(floats.begin(), floats.end());
      to_unit_length(unit, state.dim);
      scratch = std::move(unit);
      floats = scratch;
    }
    std::vector<float> values(to_size(end - begin) * state.classes.size());
    state.predict(floats, values);
    for (Count row = begin; row < end; ++row) {
      const auto own = std::span<const float>{values}.subspan(
          to_size(row - begin) * state.classes.size(), state.classes.size());
      store(own, state.classes, first + to_size(row), order, out);
    }
  });
}

}  // namespace kith::heads
