#include <cblas.h>

#include <algorithm>

#include "kith/core/error.hpp"
#include "kith/heads/heads.hpp"

#include "heads/cross_fit.hpp"
#include "heads/task.hpp"

namespace kith::heads {
namespace {

/// One BLAS thread a call: the threads are ours, and sums do not depend on their number.
class OneBlasThread {
 public:
  OneBlasThread() : before_{openblas_get_num_threads()} { openblas_set_num_threads(1); }
  ~OneBlasThread() { openblas_set_num_threads(before_); }
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;

 private:
  int before_;
};

}  // namespace

bool Method::takes(std::string_view parameter) const {
  return std::any_of(facts_.parameters.begin(), facts_.parameters.end(),
                     [&](const Parameter& known) { return known.name == parameter; });
}

Fits Method::fit(const TrainingSet& training, const FitConfig& config) const {
  check(training);
  for (const auto& [parameter, value] : config.parameters) {
    const auto known =
        std::find_if(facts_.parameters.begin(), facts_.parameters.end(),
                     [&](const Parameter& candidate) { return candidate.name == parameter; });
    if (known == facts_.parameters.end() || !known->allows(value)) {
      fail("{}: {} = {} is no parameter of it, or out of its range", name(), parameter, value);
    }
  }
  const OneBlasThread guard;
  const Data data = make_data(training, config);
  const bool has_class_vectors = facts_.takes_class_vectors && !training.class_vectors.empty();
  if (data.num_rows() == 0 && !has_class_vectors) {
    fail("{}: there is no seed to learn from", name());
  }
  Fits fits = learn({data, training, config});
  const Part all = part_without(data, -1, config);
  LossSum sum;
  for (int fold = 0; fold < data.num_folds(); ++fold) {
    sum.add(held_out_loss(data, all.factors, fold, fits.folds[to_size(fold)]));
  }
  fits.log_loss = sum.mean();
  const auto sign = [&](Model& model) {
    model.method = name();
    model.unit_rows = config.unit_rows;
  };
  sign(fits.model);
  std::for_each(fits.folds.begin(), fits.folds.end(), sign);
  return fits;
}

double Task::parameter(const Parameter& parameter) const {
  const auto found = config.parameters.find(parameter.name);
  return found == config.parameters.end() ? parameter.fallback : found->second;
}

}  // namespace kith::heads
