#include "heads/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "kith/core/error.hpp"

#include "heads/unit_length.hpp"

namespace kith::heads {
namespace {

/// Labels of each row, in order of rows and labels; equal ones are added up.
std::vector<SeedLabel> sorted_labels(const TrainingSet& training) {
  std::map<std::pair<std::int32_t, Label>, double> weights;
  for (const SeedLabel& seed : training.labels) {
    weights[{seed.row, seed.label}] += double{seed.weight};
  }
  std::vector<SeedLabel> labels;
  for (const auto& [key, weight] : weights) {
    labels.push_back({key.first, key.second, static_cast<float>(weight)});
  }
  return labels;
}

std::vector<Label> classes_of(std::span<const SeedLabel> labels) {
  std::vector<Label> classes;
  for (const SeedLabel& seed : labels) {
    classes.push_back(seed.label);
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  return classes;
}

int fold_of(const TrainingSet& training, std::int32_t row) {
  return training.folds.empty() ? -1 : training.folds[to_size(row)];
}

}  // namespace

void check(const TrainingSet& training) {
  if (training.dim < 1 || count_of(training.vectors) % training.dim != 0) {
    fail("heads: {} numbers are no vectors of {} dimensions", training.vectors.size(),
         training.dim);
  }
  if (!training.folds.empty() && count_of(training.folds) != training.num_rows()) {
    fail("heads: {} folds for {} vectors", training.folds.size(), training.num_rows());
  }
  if (!training.class_vectors.empty() &&
      count_of(training.class_vectors) != training.num_classes * training.dim) {
    fail("heads: {} numbers are no class vectors of {} classes and {} dimensions",
         training.class_vectors.size(), training.num_classes, training.dim);
  }
  for (const std::vector<float>* values : {&training.vectors, &training.class_vectors}) {
    if (!std::all_of(values->begin(), values->end(), [](float x) { return std::isfinite(x); })) {
      fail("heads: a vector of a seed or of a class has a number that is not finite");
    }
  }
  for (const SeedLabel& seed : training.labels) {
    if (seed.row < 0 || seed.row >= training.num_rows() || seed.label < Label{0} ||
        seed.label >= Label{training.num_classes} || !(seed.weight > 0) ||
        !std::isfinite(seed.weight)) {
      fail("heads: a seed has vector {}, class {}, weight {}; there are {} vectors and {} classes",
           seed.row, seed.label.value(), seed.weight, training.num_rows(), training.num_classes);
    }
  }
}

Data make_data(const TrainingSet& training, const FitConfig& config) {
  std::vector<SeedLabel> labels = sorted_labels(training);
  std::stable_sort(labels.begin(), labels.end(), [&](const SeedLabel& a, const SeedLabel& b) {
    return fold_of(training, a.row) < fold_of(training, b.row);
  });
  Data data;
  data.dim = training.dim;
  data.num_classes = training.num_classes;
  data.classes = classes_of(labels);
  std::int32_t last = -1;
  for (const SeedLabel& seed : labels) {
    if (seed.row != last) {
      const int fold = fold_of(training, seed.row);
      const Count index = count_of(data.offsets);
      if (fold >= 0) {
        data.fold_rows.resize(std::max(data.fold_rows.size(), to_size(fold) + 1), {index, index});
        data.fold_rows.back().end = index + 1;
      }
      data.offsets.push_back(data.targets.size());
      const auto row = training.row(seed.row);
      data.rows.insert(data.rows.end(), row.begin(), row.end());
      last = seed.row;
    }
    const auto column = std::lower_bound(data.classes.begin(), data.classes.end(), seed.label);
    data.targets.push_back(
        {static_cast<std::int32_t>(column - data.classes.begin()), double{seed.weight}});
  }
  data.offsets.push_back(data.targets.size());
  for (const RowRange& held_out : data.fold_rows) {
    if (held_out.size() == data.num_rows()) {
      fail("heads: one fold has all seeds, nothing is left to learn from");
    }
  }
  if (config.unit_rows) {
    to_unit_length(data.rows, data.dim);
  }
  return data;
}

double Part::total() const {
  return std::accumulate(totals.begin(), totals.end(), 0.0);
}

std::vector<RowRange> Part::chunks(Count most) const {
  std::vector<RowRange> pieces;
  for (const RowRange& range : ranges) {
    for (Count begin = range.begin; begin < range.end; begin += most) {
      pieces.push_back({begin, std::min(range.end, begin + most)});
    }
  }
  return pieces;
}

Part part_without(const Data& data, int fold, const FitConfig& config) {
  Part part{&data, fold, {}, {}, std::vector<double>(data.classes.size(), 0.0)};
  const RowRange out = fold < 0 ? RowRange{} : data.fold_rows[to_size(fold)];
  for (const RowRange range : {RowRange{0, out.begin}, RowRange{out.end, data.num_rows()}}) {
    if (range.size() > 0) {
      part.ranges.push_back(range);
    }
  }
  for (const RowRange& range : part.ranges) {
    for (Count row = range.begin; row < range.end; ++row) {
      for (const Target& target : data.targets_of(row)) {
        part.totals[to_size(target.column)] += target.weight;
      }
    }
  }
  const double total = part.total();
  const auto present =
      std::count_if(part.totals.begin(), part.totals.end(), [](double sum) { return sum > 0; });
  for (double& sum : part.totals) {
    const double even = total / static_cast<double>(std::max<std::ptrdiff_t>(present, 1));
    const bool is_even = config.class_weights == ClassWeights::balanced;
    part.factors.push_back(sum > 0 ? (is_even ? even / sum : 1.0) : 0.0);
    sum *= part.factors.back();
  }
  return part;
}

Standardization standardize(const Part& part) {
  const Data& data = *part.data;
  const std::size_t dim = to_size(data.dim);
  Standardization standard{std::vector<double>(dim, 0.0), std::vector<double>(dim, 0.0)};
  std::vector<double> variance(dim, 0.0);
  double total = 0;
  const auto for_each_row = [&](auto&& work) {
    for (const RowRange& range : part.ranges) {
      for (Count row = range.begin; row < range.end; ++row) {
        double weight = 0;
        for (const Target& target : data.targets_of(row)) {
          weight += target.weight;
        }
        work(data.row(row), weight);
      }
    }
  };
  for_each_row([&](std::span<const float> row, double weight) {
    total += weight;
    for (std::size_t i = 0; i < dim; ++i) {
      standard.mean[i] += weight * double{row[i]};
    }
  });
  for (double& mean : standard.mean) {
    mean /= std::max(total, 1e-300);
  }
  for_each_row([&](std::span<const float> row, double weight) {
    for (std::size_t i = 0; i < dim; ++i) {
      const double away = double{row[i]} - standard.mean[i];
      variance[i] += weight * away * away;
    }
  });
  for (std::size_t i = 0; i < dim; ++i) {
    variance[i] /= std::max(total, 1e-300);
    const double rounding = 1e-6 * std::abs(standard.mean[i]);
    const bool is_constant = variance[i] <= std::max(rounding * rounding, 1e-60);
    standard.inverse_scale[i] = is_constant ? 0.0 : 1 / std::sqrt(variance[i]);
  }
  return standard;
}

Model empty_model(const Data& data) {
  Model model;
  model.num_classes = data.num_classes;
  model.dim = data.dim;
  return model;
}

Model linear_model(const Part& part, const Standardization& standard,
                   std::span<const double> weights, std::span<const double> biases) {
  const Data& data = *part.data;
  Model model = empty_model(data);
  const std::size_t dim = to_size(data.dim);
  model.weights.assign(to_size(data.num_classes) * dim, 0.0F);
  model.biases.assign(to_size(data.num_classes), -std::numeric_limits<float>::infinity());
  for (std::size_t column = 0; column < data.classes.size(); ++column) {
    if (part.totals[column] <= 0) {
      continue;
    }
    const std::size_t label = to_size(data.classes[column]);
    double bias = biases[column];
    for (std::size_t i = 0; i < dim; ++i) {
      // w (x - mean) / scale + b  =  (w / scale) x + (b - w mean / scale)
      const double weight = weights[column * dim + i] * standard.inverse_scale[i];
      model.weights[label * dim + i] = static_cast<float>(weight);
      bias -= weight * standard.mean[i];
    }
    model.biases[label] = static_cast<float>(bias);
  }
  return model;
}

}  // namespace kith::heads
