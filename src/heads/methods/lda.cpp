#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

#include "heads/cholesky.hpp"
#include "heads/methods/registry.hpp"
#include "heads/sharpness.hpp"
#include "heads/task.hpp"

namespace kith::heads {
namespace {

/// The rows of one class.
struct ClassRows {
  std::vector<Count> rows;
  std::vector<double> weights;
  double total = 0;
};

std::vector<ClassRows> rows_of_classes(const Part& part) {
  const Data& data = *part.data;
  std::vector<ClassRows> classes(data.classes.size());
  for (const RowRange& range : part.ranges) {
    for (Count row = range.begin; row < range.end; ++row) {
      for (const Target& target : data.targets_of(row)) {
        ClassRows& own = classes[to_size(target.column)];
        own.rows.push_back(row);
        own.weights.push_back(target.weight);
        own.total += target.weight;
      }
    }
  }
  return classes;
}

/// What is known of one class, in standardized columns.
struct ClassMoments {
  std::vector<double> mean;
  std::vector<double> variance;
  double shrinkage = 0;  // towards the diagonal
  double spread = 0;     // mean variance of columns of unit variance: the share of those that vary
};

/// Learns from a part: one object a part.
class Discriminant {
 public:
  explicit Discriminant(const Part& part)
      : part_{part},
        data_{*part.data},
        dim_{to_size(part.data->dim)},
        standard_{standardize(part)},
        classes_{rows_of_classes(part)},
        moments_(classes_.size()) {}

  [[nodiscard]] Model learn() {
    parallel_for(count_of(classes_), 1, [&](Count begin, Count /*end*/) {
      const std::size_t k = to_size(begin);
      moments_[k] = moments_of(classes_[k]);
    });
    std::vector<double> factor = factorized(covariance());
    return model(factor);
  }

 private:
  /// A row's value in a standardized column.
  [[nodiscard]] double value(Count row, std::size_t i) const {
    return (double{data_.row(row)[i]} - standard_.mean[i]) * standard_.inverse_scale[i];
  }

  [[nodiscard]] ClassMoments moments_of(const ClassRows& own) const {
    ClassMoments moments{std::vector<double>(dim_, 0.0), std::vector<double>(dim_, 0.0), 0, 0};
    if (own.rows.empty()) {
      return moments;
    }
    for (std::size_t n = 0; n < own.rows.size(); ++n) {
      for (std::size_t i = 0; i < dim_; ++i) {
        moments.mean[i] += own.weights[n] * value(own.rows[n], i) / own.total;
      }
    }
    for (std::size_t n = 0; n < own.rows.size(); ++n) {
      for (std::size_t i = 0; i < dim_; ++i) {
        const double away = value(own.rows[n], i) - moments.mean[i];
        moments.variance[i] += own.weights[n] * away * away / own.total;
      }
    }
    for (double& variance : moments.variance) {
      constexpr double kRounding = 1e-12;
      variance = variance > kRounding ? variance : 0.0;
      moments.spread += variance > 0 ? 1 / static_cast<double>(dim_) : 0.0;
    }
    moments.shrinkage = ledoit_wolf(own, moments);
    return moments;
  }

  /// The share of the identity that is nearest to the truth, for columns of unit variance within
  /// the class. O. Ledoit and M. Wolf, J. Multivariate Analysis 88 (2004), lemma 3.2 and after.
  [[nodiscard]] double ledoit_wolf(const ClassRows& own, const ClassMoments& moments) const {
    if (dim_ == 1 || moments.spread == 0) {
      return 0;
    }
    std::vector<float> scaled(own.rows.size() * dim_);  // sqrt(weight) z
    double fourth = 0;                                  // sum of weight |z|^4
    for (std::size_t n = 0; n < own.rows.size(); ++n) {
      double square = 0;
      for (std::size_t i = 0; i < dim_; ++i) {
        const double variance = moments.variance[i];
        const double z =
            variance > 0 ? (value(own.rows[n], i) - moments.mean[i]) / std::sqrt(variance) : 0.0;
        square += z * z;
        scaled[n * dim_ + i] = static_cast<float>(std::sqrt(own.weights[n]) * z);
      }
      fourth += own.weights[n] * square * square;
    }
    const auto p = static_cast<double>(dim_);
    const double n = own.total;
    const double mu = moments.spread;
    const double squares = gram_square(scaled) / (n * n);  // |S|^2
    const double delta = (squares - p * mu * mu) / p;      // |S - mu I|^2
    const double beta = std::min((fourth / n - squares) / (p * n), delta);
    return beta > 0 ? beta / delta : 0.0;
  }

  /// The sum of squares of A A' or, the same, of A' A, whichever is smaller.
  [[nodiscard]] double gram_square(std::span<const float> rows) const {
    const int dim = narrow<int>(count_of(std::span{standard_.mean}), "dimensions of a head");
    const int num_rows = narrow<int>(count_of(rows) / dim, "seeds of a class");
    const int size = std::min(dim, num_rows);
    std::vector<float> gram(to_size(size) * to_size(size), 0.0F);
    cblas_ssyrk(CblasRowMajor, CblasLower, num_rows <= dim ? CblasNoTrans : CblasTrans, size,
                std::max(dim, num_rows), 1.0F, rows.data(), dim, 0.0F, gram.data(), size);
    double sum = 0;
    for (std::size_t i = 0; i < to_size(size); ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        const double entry{gram[i * to_size(size) + j]};
        sum += (i == j ? 1.0 : 2.0) * entry * entry;
      }
    }
    return sum;
  }

  /// sum_k pi_k ((1 - s_k) S_k + s_k mu_k diag(variances of k)), pi_k the share of class k among
  /// those that vary: a class of one row says nothing of the covariance.
  [[nodiscard]] std::vector<double> covariance() const {
    double varying = 0;
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      varying += moments_[k].spread > 0 ? part_.totals[k] : 0.0;
    }
    std::vector<double> sum(dim_ * dim_, 0.0);
    std::vector<float> rows;  // sqrt(weight) (z - mean)
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const ClassMoments& moments = moments_[k];
      if (moments.spread == 0) {
        continue;
      }
      const double share = part_.totals[k] / varying;
      for (std::size_t i = 0; i < dim_; ++i) {
        const double scale = moments.variance[i] > 0 ? moments.variance[i] : 1.0;
        sum[i * dim_ + i] += share * moments.shrinkage * moments.spread * scale;
      }
      for (std::size_t n = 0; n < classes_[k].rows.size(); ++n) {
        const double weight =
            share * (1 - moments.shrinkage) * classes_[k].weights[n] / classes_[k].total;
        for (std::size_t i = 0; i < dim_; ++i) {
          const double away = value(classes_[k].rows[n], i) - moments.mean[i];
          rows.push_back(static_cast<float>(std::sqrt(weight) * away));
        }
        if (rows.size() >= kRowsAtOnce * dim_) {
          add_products(rows, sum);
          rows.clear();
        }
      }
    }
    add_products(rows, sum);
    return sum;
  }

  /// sum += rows' rows
  void add_products(std::span<const float> rows, std::vector<double>& sum) const {
    constexpr Count kDimsAtOnce = 128;
    const int dim = static_cast<int>(dim_);
    const int num_rows = static_cast<int>(rows.size() / dim_);
    parallel_for(dim, kDimsAtOnce, [&](Count begin, Count end) {
      std::vector<float> product(to_size(end - begin) * to_size(end));
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(end - begin),
                  static_cast<int>(end), num_rows, 1.0F, rows.data() + begin, dim, rows.data(), dim,
                  0.0F, product.data(), static_cast<int>(end));
      for (std::size_t i = to_size(begin); i < to_size(end); ++i) {
        for (std::size_t j = 0; j <= i; ++j) {  // the lower half
          sum[i * dim_ + j] += double{product[(i - to_size(begin)) * to_size(end) + j]};
        }
      }
    });
  }

  /// Columns that vary in no class get the variance of all rows; where rounding has made the matrix
  /// indefinite, its diagonal grows.
  [[nodiscard]] std::vector<double> factorized(std::vector<double> matrix) const {
    constexpr double kSmall = 1e-9;
    for (std::size_t i = 0; i < dim_; ++i) {
      double& entry = matrix[i * dim_ + i];
      entry = entry > kSmall ? entry : 1.0;
    }
    for (double ridge = 1e-6; ridge < 1e6; ridge *= 10) {
      std::vector<double> factor = matrix;
      if (factorize(factor, count_of(standard_.mean))) {
        return factor;
      }
      for (std::size_t i = 0; i < dim_; ++i) {
        matrix[i * dim_ + i] *= 1 + ridge;
      }
    }
    fail("lda: the covariance of the seeds' vectors is not finite");
  }

  /// w_k = S^-1 m_k,  b_k = -m_k' w_k / 2 + log pi_k
  [[nodiscard]] Model model(std::span<const double> factor) const {
    std::vector<double> weights;
    for (const ClassMoments& moments : moments_) {
      weights.insert(weights.end(), moments.mean.begin(), moments.mean.end());
    }
    solve(factor, count_of(standard_.mean), weights);
    std::vector<double> biases;
    const double total = part_.total();
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      double product = 0;
      for (std::size_t i = 0; i < dim_; ++i) {
        product += moments_[k].mean[i] * weights[k * dim_ + i];
      }
      biases.push_back(-product / 2 + std::log(std::max(part_.totals[k] / total, 1e-300)));
    }
    return linear_model(part_, standard_, weights, biases);
  }

  static constexpr std::size_t kRowsAtOnce = 4096;

  const Part& part_;
  const Data& data_;
  std::size_t dim_;
  Standardization standard_;
  std::vector<ClassRows> classes_;
  std::vector<ClassMoments> moments_;
};

Model learn_part(const Part& part) {
  return Discriminant{part}.learn();
}

class Lda : public Method {
 public:
  Lda()
      : Method{{.name = "lda",
                .citation = "R. A. Fisher, Ann. Eugenics 7 (1936): linear discriminants; O. Ledoit "
                            "and M. Wolf, J. Multivariate Analysis 88 (2004): shrunk covariance"}} {
  }

 private:
  [[nodiscard]] Fits learn(const Task& task) const override {
    Fits fits;
    fits.model = learn_part(task.part(-1));
    for (int fold = 0; fold < task.data.num_folds(); ++fold) {
      fits.folds.push_back(learn_part(task.part(fold)));
    }
    // Discriminants are far too sure where dimensions are many.
    constexpr double kUsual = 6;
    const double usual = std::min(1.0, kUsual / static_cast<double>(task.data.dim));
    sharpen(fits, fit_sharpness(task.part(-1), fits.folds, usual).tau);
    return fits;
  }
};

}  // namespace

const Method& lda() {
  static const Lda kMethod;
  return kMethod;
}

}  // namespace kith::heads
