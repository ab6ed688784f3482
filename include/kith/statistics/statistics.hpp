/// All statistics of a run: computed, in report.json, in qa.h5.
#pragma once

#include <memory>
#include <vector>

#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// The registry: a new one of each, in the order in which they are computed and written to qa.h5.
[[nodiscard]] std::vector<std::unique_ptr<Statistic>> make_statistics();

/// Collective. Computes them one after the other; between two it throws comm::Stopped if this run
/// is asked to stop.
[[nodiscard]] Computed compute(const RunResults& run,
                               std::vector<std::unique_ptr<Statistic>> statistics);

/// Collective. Adds the key of every statistic to the report.
void add_keys(const RunResults& run, const Computed& computed, io::Json& report);

/// Collective. Writes the datasets of every statistic.
void write_tables(const RunResults& run, const Computed& computed, io::OutputFile& file);

}  // namespace kith::statistics
