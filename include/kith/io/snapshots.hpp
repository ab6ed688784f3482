/// What a long stage has done so far, in files that survive a kill.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

namespace kith::io {

/// Writes one snapshot. Rows carry a checksum that does not depend on how ranks share them.
class SnapshotWriter : public comm::StateWriter {
 public:
  /// seal: which snapshot this is; part of every checksum.
  SnapshotWriter(OutputFile& file, const comm::Communicator& comm, std::string seal)
      : file_{&file}, comm_{&comm}, seal_{std::move(seal)} {}
  /// Writes nothing and counts the bytes.
  explicit SnapshotWriter(const comm::Communicator& comm) : comm_{&comm} {}

  void write_rows(const std::string& name, std::span<const std::byte> mine, Count first_row,
                  Count num_rows, Count row_bytes) override;
  void write_numbers(const std::string& name, std::span<const double> numbers) override;
  void write_counts(const std::string& name, std::span<const Count> counts) override;

  /// Of all ranks.
  [[nodiscard]] Count num_bytes() const { return num_bytes_; }

 private:
  void write(const std::string& name, ElementType type, std::span<const std::byte> mine,
             Count first_row, const std::vector<Count>& shape_of_whole);

  OutputFile* file_ = nullptr;
  const comm::Communicator* comm_;
  std::string seal_;
  Count num_bytes_ = 0;
};

/// Reads one snapshot, on any number of ranks. Throws CollectiveError also if the rows of all ranks
/// together do not have the checksum.
class SnapshotReader : public comm::StateReader {
 public:
  SnapshotReader(const InputFile& file, const comm::Communicator& comm, std::string seal)
      : file_{&file}, comm_{&comm}, seal_{std::move(seal)} {}

  void read_rows(const std::string& name, std::span<std::byte> mine, Count first_row,
                 Count row_bytes) const override;
  [[nodiscard]] std::vector<double> read_numbers(const std::string& name) const override;
  [[nodiscard]] std::vector<Count> read_counts(const std::string& name) const override;

 private:
  template <class T>
  [[nodiscard]] std::vector<T> read_whole(const std::string& name) const;
  void read(const std::string& name, ElementType type, Count first_row,
            std::span<std::byte> mine) const;

  const InputFile* file_;
  const comm::Communicator* comm_;
  std::string seal_;
};

/// Two files, DIRECTORY/NAME.0.h5 and NAME.1.h5, written in turn, so that a whole one is always
/// there. A stage offers its state at the end of every unit of work; it is saved when enough time
/// has passed that saving takes at most 3 % of the run, the first time by its bytes and how fast a
/// small file is written, and when a stop was asked for.
class Snapshots : public comm::Checkpoint {
 public:
  using Clock = std::chrono::steady_clock;

  /// fingerprint: of all that the state depends on; a snapshot with another one is no snapshot.
  /// interval_s: least time between two; 0 = offers are always taken, for tests.
  Snapshots(const comm::Communicator& comm, const std::string& directory, const std::string& name,
            std::string fingerprint, double interval_s);

  /// Collective. Gives the newest snapshot to `load`; if that finds it damaged (CollectiveError),
  /// the one before. Returns whether one was loaded.
  bool resume(const std::function<void(const comm::StateReader&)>& load) override;

  /// Collective, between units of work. Throws comm::Stopped, after saving, if a stop was asked for
  /// on any rank. A snapshot that cannot be written (disk full) is given up with a warning: the one
  /// before remains.
  void offer(const std::function<void(comm::StateWriter&)>& save) override;

  /// Collective. Removes the files: the stage has its result.
  void clear();

 private:
  [[nodiscard]] std::string path(int slot) const;
  [[nodiscard]] std::string probe_path() const { return stem_ + ".probe.h5"; }
  [[nodiscard]] bool pays(const std::function<void(comm::StateWriter&)>& save);
  [[nodiscard]] double measure_rate() const;
  void save(const std::function<void(comm::StateWriter&)>& save);

  const comm::Communicator* comm_;
  std::string stem_;
  std::string fingerprint_;
  double interval_s_;
  double wait_s_;
  Clock::time_point last_ = Clock::now();
  double saving_s_ = 0;
  Count saved_ = 0;  // snapshots of this process
  Count saved_bytes_ = 0;
  int next_slot_ = 0;
  Count number_ = 0;
};

}  // namespace kith::io
