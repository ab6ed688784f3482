#include "kith/knn/roofline.hpp"

#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

namespace kith::knn {
namespace {

constexpr int kSize = 512;  // rows and columns of the product
constexpr double kSeconds = 0.1;

/// One thread's multiplications and additions a second.
double sgemm_rate(int dim) {
  using Clock = std::chrono::steady_clock;
  const std::vector<float> left(to_size(Count{kSize} * dim), 0.5F);
  const std::vector<float> right(left.size(), 0.25F);
  std::vector<float> product(to_size(Count{kSize} * kSize));
  const auto multiply = [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, kSize, kSize, dim, 1.0F, left.data(), dim,
                right.data(), dim, 0.0F, product.data(), kSize);
  };
  multiply();
  const auto start = Clock::now();
  double elapsed = 0;
  double num_flops = 0;
  while (elapsed < kSeconds) {
    multiply();
    num_flops += 2.0 * kSize * kSize * dim;
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return num_flops / elapsed;
}

}  // namespace

double measure_sgemm(const comm::Communicator& comm, Count dim) {
  constexpr Count kMostDims = 2048;  // deeper ones are no faster, and take their time
  const int threads_before = openblas_get_num_threads();
  openblas_set_num_threads(1);  // the threads are ours
  std::vector<double> rates(to_size(num_threads()));
  parallel_for(num_threads(), 1, [&](Count thread, Count) {
    rates[to_size(thread)] = sgemm_rate(static_cast<int>(std::min(dim, kMostDims)));
  });
  openblas_set_num_threads(threads_before);
  ExactSum sum;
  for (const double rate : rates) {
    sum.add(rate);
  }
  comm::sum_over_ranks(comm, std::span{&sum, 1});
  return sum.value();
}

}  // namespace kith::knn
