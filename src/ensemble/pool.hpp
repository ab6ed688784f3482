/// How members become one opinion.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/ensemble/ensemble.hpp"
#include "kith/qa/log_pool.hpp"

#include "ensemble/mean.hpp"

namespace kith::ensemble {

/// Logarithms of probabilities stay finite.
inline constexpr double kLeastProbability = 1e-9;

/// The members' logarithmic pool (qa::LogPool) at a temperature. No shifts: rows are sparse.
struct Pool {
  std::vector<CalibratedOutput> outputs;  // one a member
  std::vector<double> defaults;           // one a member, sum 1
  qa::LogPool pool;
  bool fits_weights = false;  // else they are the defaults
  double temperature = 1;
};

/// Each member's part by its configured weight, where members of one origin have that of the
/// heaviest together: resamples of one solver, and a voter with what corrects it.
[[nodiscard]] std::vector<double> default_weights(std::span<const Member> members);

/// Fitted on the held-out seeds that are not of fold `left_out`: calibrations of the members, then
/// weights and shifts, then the temperature together with the share of wrong seeds (see
/// calibrate::fit_label_noise). Of many seeds some. Rows of few labels keep the default weights.
[[nodiscard]] Pool fit_pool(std::span<const Member> members, std::span<const FoldedSeed> seeds,
                            std::optional<int> left_out = std::nullopt);

/// As the members' scores come, with class mass alone: default weights and nothing fitted.
[[nodiscard]] Pool unfitted_pool(std::span<const Member> members);

/// Scratch of one thread: what members say of one item, and the pool of it.
class PooledItem {
 public:
  PooledItem(const Pool& pool, int num_classes);

  /// Sets the columns and all that follows. False if no label came to any member: then the
  /// distribution is even. rows: one a member.
  bool combine(std::span<const LabelRow<float>> rows);

  [[nodiscard]] Candidates& columns() { return columns_; }
  /// Of the pool, normalized; may be changed.
  [[nodiscard]] std::span<double> distribution() { return distribution_; }
  [[nodiscard]] bool speaks(std::size_t member) const { return speaks_[member] != 0; }
  [[nodiscard]] std::span<const double> probabilities(std::size_t member) const {
    return said_[member];
  }
  /// log p of a member; of one that does not speak the mean of the others.
  [[nodiscard]] std::span<const double> logs(std::size_t member) const { return logs_[member]; }
  /// The members' mean largest probability, by their default weights.
  [[nodiscard]] double sureness() const;
  /// log p of a class by the pool without one member, whose weight the others share.
  [[nodiscard]] double log_without(std::size_t member, Label label);

 private:
  void fill_silent();
  /// Writes the pool's log p, up to a constant, at its temperature; without one member.
  void pool_logs(std::optional<std::size_t> without, std::span<double> out) const;
  [[nodiscard]] double normalize(std::span<double> logs) const;

  const Pool* pool_;
  Candidates columns_;
  std::vector<std::vector<double>> said_;
  std::vector<std::vector<double>> logs_;
  std::vector<char> speaks_;
  std::vector<double> distribution_;
  std::vector<double> scratch_;
};

}  // namespace kith::ensemble
