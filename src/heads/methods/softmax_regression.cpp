#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

#include "heads/methods/registry.hpp"
#include "heads/sharpness.hpp"
#include "heads/task.hpp"

namespace kith::heads {
namespace {

const Parameter kC{.name = "c",
                   .help =
                       "the smaller, the stronger the penalty; "
                       "0: chosen on held-out seeds",
                   .fallback = 0,
                   .range = {1e-8, 1e8, true}};

constexpr calibrate::StopRule kFine{.gradient = 1e-5, .decrease = 1e-7, .max_iterations = 500};

/// sum_i w_i CE(y_i, softmax(W z_i + b)) + |W|^2 / (2 C) over the sum of weights, z_i the
/// standardized rows. A point is W, columns x dim, and b behind it.
///
/// Products are in single precision, all else is in double. A chunk of rows is dealt to threads in
/// blocks of fixed size, and sums go from block to block.
class SoftmaxLoss {
 public:
  SoftmaxLoss(const Part& part, const Standardization& standard, double c)
      : part_{part},
        standard_{standard},
        data_{*part.data},
        dim_{narrow<int>(part.data->dim, "dimensions of a head")},
        columns_{part.data->num_columns()},
        ridge_{1 / (c * part.total())},
        chunks_{part.chunks(kChunk)},
        weights_(to_size(columns_) * to_size(dim_)),
        biases_(to_size(columns_)),
        gradient_(weights_.size()),
        residuals_(to_size(kChunk) * to_size(columns_)) {}

  double at(std::span<const double> point, std::span<double> gradient) {
    fold_in(point);
    std::fill(gradient_.begin(), gradient_.end(), 0.0F);
    std::vector<double> sums(to_size(columns_), 0.0);
    double loss = 0;
    for (const RowRange& chunk : chunks_) {
      loss += write_residuals(chunk, sums);
      add_products(chunk);
    }
    return fold_out(point, loss, sums, gradient);
  }

 private:
  static constexpr Count kChunk = 4096;
  static constexpr Count kBlock = 256;      // rows
  static constexpr Count kDimsAtOnce = 64;  // columns of the gradient

  /// W and b of the rows as they are: W / scale and b - W mean / scale.
  void fold_in(std::span<const double> point) {
    for (std::size_t k = 0; k < biases_.size(); ++k) {
      double bias = point[weights_.size() + k];
      for (std::size_t i = 0; i < to_size(dim_); ++i) {
        const std::size_t at = k * to_size(dim_) + i;
        const double weight = point[at] * standard_.inverse_scale[i];
        weights_[at] = static_cast<float>(weight);
        bias -= weight * standard_.mean[i];
      }
      biases_[k] = bias;
    }
  }

  /// (v_i p_i - t_i) of each row, t_i the weights of its labels and v_i their sum; adds them to
  /// `sums`. Returns the loss.
  double write_residuals(RowRange chunk, std::vector<double>& sums) {
    const Count num_blocks = (chunk.size() + kBlock - 1) / kBlock;
    std::vector<double> losses(to_size(num_blocks), 0.0);
    std::vector<double> block_sums(to_size(num_blocks) * sums.size(), 0.0);
    parallel_for(num_blocks, 1, [&](Count begin, Count /*end*/) {
      const Count first = begin * kBlock;
      const Count size = std::min(kBlock, chunk.size() - first);
      float* residuals = residuals_.data() + first * columns_;
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(size), columns_, dim_,
                  1.0F, data_.row(chunk.begin + first).data(), dim_, weights_.data(), dim_, 0.0F,
                  residuals, columns_);
      const auto own = std::span{block_sums}.subspan(to_size(begin) * sums.size(), sums.size());
      for (Count i = 0; i < size; ++i) {
        losses[to_size(begin)] +=
            residual_of(chunk.begin + first + i, {residuals + i * columns_, sums.size()}, own);
      }
    });
    double loss = 0;
    for (std::size_t block = 0; block < losses.size(); ++block) {
      loss += losses[block];
      for (std::size_t k = 0; k < sums.size(); ++k) {
        sums[k] += block_sums[block * sums.size() + k];
      }
    }
    return loss;
  }

  /// Takes W x of a row to its residual.
  double residual_of(Count row, std::span<float> values, std::span<double> sums) const {
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (part_.has(static_cast<int>(k))) {
        largest = std::max(largest, double{values[k]} + biases_[k]);
      }
    }
    double sum = 0;
    double loss = 0;
    double weight = 0;
    const auto targets = data_.targets_of(row);
    for (const Target& target : targets) {
      const std::size_t k = to_size(target.column);
      const double share = target.weight * part_.factors[k];
      weight += share;
      loss -= share * (double{values[k]} + biases_[k] - largest);
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double value = double{values[k]} + biases_[k] - largest;
      values[k] = part_.has(static_cast<int>(k)) ? std::exp(static_cast<float>(value)) : 0.0F;
      sum += double{values[k]};
    }
    for (float& value : values) {
      value = static_cast<float>(weight * double{value} / sum);
    }
    for (const Target& target : targets) {
      const std::size_t k = to_size(target.column);
      values[k] -= static_cast<float>(target.weight * part_.factors[k]);
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      sums[k] += double{values[k]};
    }
    return loss + weight * std::log(sum);
  }

  /// gradient += residuals' rows
  void add_products(RowRange chunk) {
    parallel_for(dim_, kDimsAtOnce, [&](Count begin, Count end) {
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, columns_, static_cast<int>(end - begin),
                  static_cast<int>(chunk.size()), 1.0F, residuals_.data(), columns_,
                  data_.row(chunk.begin).data() + begin, dim_, 1.0F, gradient_.data() + begin,
                  dim_);
    });
  }

  double fold_out(std::span<const double> point, double loss, std::span<const double> sums,
                  std::span<double> gradient) const {
    const double total = part_.total();
    double square = 0;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      for (std::size_t i = 0; i < to_size(dim_); ++i) {
        const std::size_t at = k * to_size(dim_) + i;
        const double centered = double{gradient_[at]} - sums[k] * standard_.mean[i];
        gradient[at] = centered * standard_.inverse_scale[i] / total + ridge_ * point[at];
        square += point[at] * point[at];
      }
      gradient[weights_.size() + k] = sums[k] / total;
    }
    return loss / total + ridge_ * square / 2;
  }

  const Part& part_;
  const Standardization& standard_;
  const Data& data_;
  int dim_;
  int columns_;
  double ridge_;
  std::vector<RowRange> chunks_;
  std::vector<float> weights_;
  std::vector<double> biases_;
  std::vector<float> gradient_;
  std::vector<float> residuals_;  // rows of a chunk x columns
};

/// One part on its way through growing C, each from where the one before has ended.
class Path {
 public:
  explicit Path(Part part)
      : part_{std::move(part)},
        standard_{standardize(part_)},
        point_(to_size(part_.data->num_columns()) * to_size(part_.data->dim + 1), 0.0) {}

  void go_to(double c, const calibrate::StopRule& stop) {
    SoftmaxLoss loss{part_, standard_, c};
    point_ = calibrate::minimize(
        [&](auto point, auto gradient) { return loss.at(point, gradient); }, point_, stop);
  }
  [[nodiscard]] const std::vector<double>& point() const { return point_; }
  void start_from(std::vector<double> point) { point_ = std::move(point); }

  [[nodiscard]] Model model(double c) const {
    const std::span<const double> point{point_};
    const std::size_t columns = to_size(part_.data->num_columns());
    Model model =
        linear_model(part_, standard_, point.first(point.size() - columns), point.last(columns));
    model.parameters[kC.name] = c;
    return model;
  }

 private:
  Part part_;
  Standardization standard_;
  std::vector<double> point_;
};

/// Candidates, for weights that add up to logits of a given variance whatever the dimensions:
/// factors of 3.2 from 0.01 to 1,000, or of 10 where learning takes long.
std::vector<double> candidates(const Data& data) {
  constexpr double kMuch = 1e10;
  constexpr int kFirst = -4;
  constexpr int kLast = 6;
  const double products = static_cast<double>(data.num_rows()) * static_cast<double>(data.dim) *
                          static_cast<double>(data.num_columns());
  std::vector<double> values;
  for (int step = kFirst; step <= kLast; step += products > kMuch ? 2 : 1) {
    values.push_back(std::pow(10.0, step / 2.0) / static_cast<double>(data.dim));
  }
  return values;
}

class SoftmaxRegression : public Method {
 public:
  SoftmaxRegression()
      : Method{{.name = "softmax_regression",
                .citation = "D. R. Cox, J. R. Stat. Soc. B 20 (1958): logistic regression, here "
                            "multinomial with an L2 penalty",
                .parameters = {kC}}} {}

 private:
  [[nodiscard]] Fits learn(const Task& task) const override {
    const double set = task.parameter(kC);
    // Where nothing is held out: a strong penalty, and sharper by what that takes away.
    Choice choice{1 / static_cast<double>(task.data.dim), 3};
    std::vector<double> values = candidates(task.data);
    if (set > 0) {
      choice = {set, 1};
      values = {set};
    }
    Fits fits;
    Path all{task.part(-1)};
    if (task.data.num_folds() > 0) {
      choice = fit_folds(task, values, fits, all);
    }
    all.go_to(choice.c, kFine);
    fits.model = all.model(choice.c);
    sharpen(fits, choice.tau);
    return fits;
  }

  struct Choice {
    double c;
    double tau;
  };

  /// Fits the folds at every value, and stops where larger ones only get worse. Each value is
  /// judged at its own best sharpness: a strong penalty makes good order and small logits. Leaves
  /// the models at the best value in `fits`, and a good start for all rows in `all`.
  static Choice fit_folds(const Task& task, std::span<const double> values, Fits& fits, Path& all) {
    constexpr int kPatience = 2;
    constexpr calibrate::StopRule kRough{.gradient = 1e-4, .decrease = 1e-5, .max_iterations = 200};
    std::vector<Path> paths;
    for (int fold = 0; fold < task.data.num_folds(); ++fold) {
      paths.emplace_back(task.part(fold));
    }
    const Part whole = task.part(-1);
    double best = std::numeric_limits<double>::infinity();
    Choice choice{values.front(), 1};
    int worse = 0;
    for (const double c : values) {
      std::vector<Model> models;
      for (std::size_t fold = 0; fold < paths.size(); ++fold) {
        paths[fold].go_to(c, values.size() > 1 ? kRough : kFine);
        models.push_back(paths[fold].model(c));
      }
      const Sharpness sharpness = fit_sharpness(whole, models, 1);
      worse = sharpness.log_loss < best ? 0 : worse + 1;
      if (worse == 0 || fits.folds.empty()) {
        best = sharpness.log_loss;
        choice = {c, sharpness.tau};
        fits.folds = std::move(models);
        all.start_from(paths.front().point());
      } else if (worse == kPatience) {
        break;
      }
    }
    return choice;
  }
};

}  // namespace

const Method& softmax_regression() {
  static const SoftmaxRegression kMethod;
  return kMethod;
}

}  // namespace kith::heads
