/// manifest.json of a run directory: which stages are done, from what, and what they cost.
#pragma once

#include <map>
#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/pipeline/config.hpp"

namespace kith::pipeline {

/// What doing a stage took; differs from run to run.
struct StageCost {
  double seconds = 0;        // largest over ranks
  Count peak_rss_bytes = 0;  // of a process up to the stage's end, largest over ranks
  int ranks = 0;
  int threads = 0;
};

class Manifest {
 public:
  /// Collective. Creates the directory if it is not there; reads its manifest if it has one.
  static Manifest open(const comm::Communicator& comm, const Config& config);

  /// Is `stage` done from just these inputs? fingerprint: hash of configuration and inputs.
  [[nodiscard]] bool is_done(Stage stage, const std::string& fingerprint) const;

  /// Collective. Records the stage as done, after its files.
  void record(const comm::Communicator& comm, Stage stage, const std::string& fingerprint,
              const StageCost& cost);

  /// Collective. Takes back the line of this stage, before its files are touched.
  void forget(const comm::Communicator& comm, Stage stage);

 private:
  struct Line {
    std::string fingerprint;
    StageCost cost;
  };
  void write(const comm::Communicator& comm) const;

  std::string path_;
  std::string configuration_;
  std::map<Stage, Line> lines_;
};

}  // namespace kith::pipeline
