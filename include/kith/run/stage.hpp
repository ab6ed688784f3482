/// A stage of `kith run`: one object in one list.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kith/config/config.hpp"
#include "kith/run/plan.hpp"

namespace kith::run {

struct Workspace;

/// What a stage is, short of its work.
struct StageDescription {
  std::string name;
  /// Stages whose results it reads. It is done again when one of them has other results.
  std::vector<std::string> stages;
  /// What it reads of the corpus, by content: embeddings, ids, classes, seeds, gold, votes, probs,
  /// prototypes, voter names, slices, previews, reference, or input_of_graph(). The keys that it
  /// reads stand in the table of options.
  std::vector<std::string> inputs;
  /// What it leaves, relative to the run directory. `*` stands for the numbers of pieces: 00000,
  /// 00001, ...
  std::vector<std::string> files;
  /// The one of them that holds its numbers; none if empty.
  std::string facts;
  /// People work with its files: one that was changed is kept before the stage is done again.
  bool is_for_people = false;
  /// Files of the run directory that others write for it: they are no results.
  std::vector<std::string> files_of_others = {};
};

/// The input that holds the vectors of [graph.NAME].
[[nodiscard]] std::string input_of_graph(const std::string& name);

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

  /// Collective. What it reads besides the corpus and other stages: name -> text, the same on all
  /// ranks.
  [[nodiscard]] virtual std::map<std::string, std::string> other_inputs(
      const Workspace& /*workspace*/) const {
    return {};
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

/// The stages of a run, each after those whose results it reads; else in the order that they are
/// given in.
class StageList {
 public:
  /// The stages are kept alive by the caller. Throws Error if one reads a stage that is not given,
  /// or itself.
  explicit StageList(std::vector<const Stage*> stages);

  [[nodiscard]] std::span<const Stage* const> all() const { return stages_; }
  [[nodiscard]] std::vector<std::string> names() const;

  /// The stages up to and with this one; all of them if there is none of this name.
  [[nodiscard]] std::span<const Stage* const> up_to(const std::string& name) const;

  /// Throws Error if there is no stage of this name.
  [[nodiscard]] const Stage& at(const std::string& name) const;

 private:
  std::vector<const Stage*> stages_;
};

}  // namespace kith::run
