/// How long work keeps what it has so far, for modules that know no files: io::Snapshots has them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::comm {

/// Every function is collective and throws CollectiveError.
class StateWriter {
 public:
  StateWriter() = default;
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;
  virtual ~StateWriter() = default;

  /// This rank's rows from first_row on, out of num_rows over all ranks.
  virtual void write_rows(const std::string& name, std::span<const std::byte> mine, Count first_row,
                          Count num_rows, Count row_bytes) = 0;
  /// The same numbers on all ranks.
  virtual void write_numbers(const std::string& name, std::span<const double> numbers) = 0;
  virtual void write_counts(const std::string& name, std::span<const Count> counts) = 0;
};

/// Every function is collective and throws CollectiveError, also if what is read is damaged.
class StateReader {
 public:
  StateReader() = default;
  StateReader(const StateReader&) = delete;
  StateReader& operator=(const StateReader&) = delete;
  virtual ~StateReader() = default;

  /// Rows from first_row on; over all ranks every row once.
  virtual void read_rows(const std::string& name, std::span<std::byte> mine, Count first_row,
                         Count row_bytes) const = 0;
  [[nodiscard]] virtual std::vector<double> read_numbers(const std::string& name) const = 0;
  [[nodiscard]] virtual std::vector<Count> read_counts(const std::string& name) const = 0;
};

class Checkpoint {
 public:
  Checkpoint() = default;
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  virtual ~Checkpoint() = default;

  /// Collective. Gives what was saved last to `load`. Returns whether there was anything.
  virtual bool resume(const std::function<void(const StateReader&)>& load) = 0;
  /// Collective, between units of work. Saves if it is time; throws Stopped, after saving, if a
  /// stop was asked for on any rank.
  virtual void offer(const std::function<void(StateWriter&)>& save) = 0;
};

}  // namespace kith::comm
