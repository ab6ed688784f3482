/// manifest.json of a run directory: which stages are done, from what, with which results, what
/// they cost, and every start of the program there.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/pipeline/config.hpp"

namespace kith::pipeline {

/// What doing a stage took; differs from run to run.
struct StageCost {
  double seconds = 0;           // largest over ranks
  Count peak_rss_bytes = 0;     // of a process up to the stage's end, largest over ranks
  Count planned_rss_bytes = 0;  // what kith plan would have said of it
  Count bytes_read = 0;         // through read and write calls, all ranks together
  Count bytes_written = 0;
  int ranks = 0;
  int threads = 0;
};

/// The files that a stage leaves, relative to the run directory; a name may end with *.
[[nodiscard]] std::vector<std::string> files_of(Stage stage);

class Manifest {
 public:
  /// Collective. Creates the directory if it is not there; reads its manifest if it has one, and
  /// says what has changed since. Removes what a killed run has left half-written. Throws
  /// CollectiveError if another process is at work in the directory.
  static Manifest open(const comm::Communicator& comm, const Config& config,
                       const nlohmann::ordered_json& start, const nlohmann::ordered_json& inputs);

  /// Is `stage` done from just these inputs, and are its files still there? fingerprint: hash of
  /// configuration and inputs.
  [[nodiscard]] bool is_done(Stage stage, const std::string& fingerprint) const;

  /// Collective. Records the stage as done, after its files, with their hashes.
  void record(const comm::Communicator& comm, Stage stage, const std::string& fingerprint,
              const StageCost& cost);

  /// Collective. Takes back the line of this stage, before its files are touched.
  void forget(const comm::Communicator& comm, Stage stage);

  /// Collective. How this start of the program ended. Does not throw: a full disk may be the end.
  void finish(const comm::Communicator& comm, const std::string& status) noexcept;

 private:
  void write(const comm::Communicator& comm) const;

  std::string directory_;
  nlohmann::ordered_json document_;  // the same on all ranks
};

}  // namespace kith::pipeline
