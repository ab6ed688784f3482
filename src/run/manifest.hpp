/// manifest.json of a run directory: which stages are done, from what, with which results, what
/// they cost, and every start of the program there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/io/json.hpp"

#include "run/fingerprints.hpp"

namespace kith::run {

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

/// Reads a manifest. Throws Error with one sentence if it is none of kith, or damaged: everything
/// in what is returned has the type that this program writes.
[[nodiscard]] io::Json read_manifest(const std::string& path);

class Manifest {
 public:
  /// Collective. Creates the directory if it is not there; reads its manifest if it has one.
  /// Removes what a killed run has left half-written. Throws CollectiveError as
  /// require_own_directory(), and if another process is at work in the directory.
  static Manifest open(const comm::Communicator& comm, const StageList& stages,
                       const config::Config& config, const io::Json& start);

  /// What earlier starts knew of the input files: Inputs::files().
  [[nodiscard]] io::Json inputs() const;

  /// Collective. Keeps what this start knows of them.
  void set_inputs(const comm::Communicator& comm, const io::Json& files);

  /// Collective. Reads the files of the stages up to `last` that are done from just these inputs
  /// and compares them with their hashes; takes out a stage of which a file is not what was
  /// recorded, and says why. A result that somebody has changed is kept beside.
  void verify(const comm::Communicator& comm, const Fingerprints& prints, const std::string& last);

  /// A digest of the files of the stages that a stage reads.
  [[nodiscard]] std::string earlier_files(const std::string& stage) const;

  /// Is the stage done from just these inputs, and from the files of earlier stages that are there?
  [[nodiscard]] bool is_done(const std::string& stage, const Fingerprint& print) const;

  /// Collective. Takes back the line of this stage, says why, and says that its files are this
  /// program's, before they are touched: a run killed at any time finds out what it may replace.
  void begin(const comm::Communicator& comm, const std::string& stage, const Fingerprint& print);

  /// Collective. Records the stage as done, after its files, with their hashes.
  void record(const comm::Communicator& comm, const std::string& stage, const Fingerprint& print,
              const StageCost& cost);

  /// Collective. How this start of the program ended. Does not throw: a full disk may be the end.
  void finish(const comm::Communicator& comm, const std::string& status) noexcept;

 private:
  explicit Manifest(const StageList& stages) : stages_{&stages} {}

  void write(const comm::Communicator& comm) const;

  const StageList* stages_;
  std::string directory_;
  io::Json document_;  // the same on all ranks
};

}  // namespace kith::run
