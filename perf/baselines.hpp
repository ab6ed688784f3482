/// Other programs' ways to a k-nearest-neighbor graph, timed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::perf {

struct BaselineResult {
  std::vector<std::int64_t> neighbors;  // rows x k, -1 = none; never the row itself
  double build_s = 0;
  double search_s = 0;
};

/// settings: "faiss:<factory>[:key=value,...]" (keys of faiss::ParameterSpace, as nprobe) or
/// "hnswlib:M,efConstruction,ef". All threads of OpenMP. rows: num_rows x dim.
[[nodiscard]] BaselineResult run_baseline(const std::string& settings, std::span<const float> rows,
                                          Count dim, int k);

}  // namespace kith::perf
