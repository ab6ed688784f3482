/// What a statistic is: one object, one key of report.json.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "kith/io/json.hpp"
#include "kith/io/output_file.hpp"
#include "kith/statistics/run_results.hpp"

namespace kith::statistics {

class Computed;

/// Its numbers are the same on every rank, but for columns of this rank's rows.
class Statistic {
 public:
  virtual ~Statistic() = default;

  /// Its key in report.json. A class has it as kKey.
  [[nodiscard]] virtual const char* key() const = 0;

  /// Collective. earlier: what the registry names before this one.
  virtual void compute(const RunResults& run, const Computed& earlier) = 0;

  /// Collective. The value of its key; null = this run has none. all: of the whole registry.
  [[nodiscard]] virtual io::Json json(const RunResults& run, const Computed& all) const = 0;

  /// Collective. Writes its datasets of qa.h5.
  virtual void write_tables(const RunResults& /*run*/, io::OutputFile& /*file*/) const {}
};

/// The statistics of a run in the order of the registry, as far as they are computed.
class Computed {
 public:
  /// The statistic of this type. Throws std::logic_error if it is not computed yet: then
  /// make_statistics() must name it earlier.
  template <class T>
  [[nodiscard]] const T& get() const {
    for (const auto& statistic : all_) {
      if (const auto* found = dynamic_cast<const T*>(statistic.get())) {
        return *found;
      }
    }
    fail_too_early(T::kKey);
  }

  void add(std::unique_ptr<Statistic> statistic) { all_.push_back(std::move(statistic)); }
  [[nodiscard]] const std::vector<std::unique_ptr<Statistic>>& all() const { return all_; }

 private:
  [[noreturn]] static void fail_too_early(const char* key);

  std::vector<std::unique_ptr<Statistic>> all_;
};

}  // namespace kith::statistics
