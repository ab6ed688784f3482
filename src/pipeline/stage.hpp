/// A stage of `kith run`: one object in one list.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/config/config.hpp"
#include "kith/pipeline/plan.hpp"

namespace kith::pipeline {

struct Workspace;

/// What a stage is, short of its work.
struct StageDescription {
  std::string name;
  /// Stages whose results it reads. It is done again when one of them has other results.
  std::vector<std::string> stages;
  /// What it reads of the corpus, by content: names of Inputs. The keys that it reads stand in the
  /// table of options.
  std::vector<std::string> inputs;
  /// What it leaves, relative to the run directory. `*` stands for the numbers of pieces: 00000,
  /// 00001, ...
  std::vector<std::string> files;
  /// The one of them that holds its numbers; none if empty.
  std::string facts;
  /// People work with its files: one that was changed is kept before the stage is done again.
  bool is_for_people = false;
};

class Stage {
 public:
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  [[nodiscard]] virtual const StageDescription& description() const = 0;

  /// The description's inputs, and those that depend on the configuration.
  [[nodiscard]] virtual std::vector<std::string> inputs(const config::Config& /*config*/) const {
    return description().inputs;
  }

  /// Collective. Before anything is computed, if the stage is still to be done, whatever the last
  /// stage of this start is: looks at what it will read. Throws CollectiveError with the sentence
  /// that the stage itself would end with.
  virtual void check(Workspace& /*workspace*/) const {}

  /// Collective. As check(), once the first stage has counted the corpus.
  virtual void check_counts(Workspace& /*workspace*/) const {}

  /// Collective. What a start says again of a stage that is done.
  virtual void report_again(const Workspace& /*workspace*/) const {}

  /// Collective. Runs before run(): what it needs besides the stages of this run.
  virtual void prepare(Workspace& /*workspace*/) const {}

  /// Collective. Computes, and leaves the files.
  virtual void run(Workspace& workspace) const = 0;

  /// Memory, disk, wire and time.
  [[nodiscard]] virtual StagePlan plan(const PlanInput& input, const Rates& rates) const = 0;

  [[nodiscard]] const std::string& name() const { return description().name; }
};

/// All of them, each after those whose results it reads.
[[nodiscard]] std::span<const Stage* const> stages();

/// The stage of this name; null if there is none.
[[nodiscard]] const Stage* find_stage(const std::string& name);

/// The list's entries, one a stage: defined where the stage is.
[[nodiscard]] const Stage& check_stage();
[[nodiscard]] const Stage& cells_stage();
[[nodiscard]] const Stage& knn_stage();
[[nodiscard]] const Stage& graph_stage();
[[nodiscard]] const Stage& propagate_stage();
[[nodiscard]] const Stage& ensemble_stage();
[[nodiscard]] const Stage& qa_stage();

}  // namespace kith::pipeline
