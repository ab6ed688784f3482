// label_model: where there are votes, what they say of the classes of items. label_model.json has
// the voters and the models as kith votes describes them; weak_seeds.h5 the items that teach:
// /rows, /labels, /weights, one entry a label.
#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/random.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/run/stage.hpp"

#include "stages/label_model/weak_seeds.hpp"
#include "stages/label_model/weak_weight.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"
#include "stages/stored_rows.hpp"
#include "stages/votes/vote_source.hpp"
#include "stages/votes/votes_report.hpp"

namespace kith::stages {
namespace {

constexpr const char* kWeakSeedsFile = "weak_seeds.h5";
constexpr double kSmallestShare = 0.05;  // of an item's largest; smaller ones are left out

/// A model that gives a voter's errors to all classes alike makes flat shares of few votes, and
/// heads that learn from flat shares prefer the largest class. Squares are as good as the most
/// probable class alone, and keep ties.
void sharpen(std::span<double> shares) {
  double sum = 0;
  for (double& share : shares) {
    share *= share;
    sum += share;
  }
  for (double& share : shares) {
    share /= sum;
  }
}

/// Collective. The rows of this rank's items with votes, or of so many of all ranks' as are wanted,
/// chosen by the hash of their rows: the same on any number of ranks.
std::vector<GlobalId> choose_rows(const run::Workspace& workspace, const VoteSource& source,
                                  Count num_covered) {
  const config::Config& config = workspace.config;
  std::vector<comm::Candidate> candidates;
  source.for_each_item([&](const VotedItem& item) {
    if (!item.votes.empty()) {
      const Count row = item.row.value();
      const double key = random_uniform(config.run.seed, Purpose::weak_seeds, row);
      candidates.push_back({static_cast<float>(key), 0, row});
    }
  });
  const Count wanted = std::min(config.votes.weak_seeds, num_covered);
  const auto is_chosen =
      comm::choose_smallest(workspace.comm, candidates, std::span{&wanted, 1}, config.run.seed);
  std::vector<GlobalId> rows;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (is_chosen[i] != 0) {
      rows.emplace_back(candidates[i].id);
    }
  }
  return rows;
}

/// Collective. By row, the same on every rank.
std::vector<RowLabel> make_weak_labels(const run::Workspace& workspace, const VoteSource& source,
                                       const VotesReport& report) {
  const std::vector<GlobalId> rows = choose_rows(workspace, source, report.votes.num_covered);
  auto next = rows.begin();
  std::vector<RowLabel> mine;
  std::vector<double> shares(to_size(workspace.num_classes()));
  source.for_each_item([&](const VotedItem& item) {
    if (next == rows.end() || *next != item.row) {
      return;
    }
    ++next;
    report.best().model.posterior(item.votes, shares);
    sharpen(shares);
    const double least = kSmallestShare * *std::max_element(shares.begin(), shares.end());
    for (std::size_t k = 0; k < shares.size(); ++k) {
      if (shares[k] >= least) {
        mine.push_back(
            {item.row.value(), static_cast<std::int32_t>(k), static_cast<float>(shares[k])});
      }
    }
  });
  return comm::gather_to_all<RowLabel>(workspace.comm, mine).items;
}

/// Votes say only what items of a class look like; seeds, what its share is.
void weigh_as_seeds(const run::Workspace& workspace, std::vector<RowLabel>& all) {
  std::vector<double> of_votes(to_size(workspace.num_classes()), 0.0);
  for (const RowLabel& entry : all) {
    of_votes[to_size(entry.label)] += double{entry.weight};
  }
  const std::vector<double> factors = factors_as_seeds(workspace.seeds, of_votes);
  for (RowLabel& entry : all) {
    entry.weight *= static_cast<float>(factors[to_size(entry.label)]);
  }
}

std::vector<corpus::Seed> as_seeds(std::span<const RowLabel> all) {
  std::vector<corpus::Seed> seeds;
  for (const RowLabel& entry : all) {
    seeds.push_back({GlobalId{entry.row}, Label{entry.label}, entry.weight, true});
  }
  return seeds;
}

/// Collective. Gives weak seeds what they count.
TeachingWeight weigh(run::Workspace& workspace, std::vector<RowLabel>& all) {
  const config::Config& config = workspace.config;
  TeachingWeight chosen;
  if (!config::rests_on_votes(config)) {
    weigh_as_seeds(workspace, all);
  }
  if (config.votes.weak_weight > 0) {
    chosen.weight = config.votes.weak_weight;
  } else if (!config::rests_on_votes(config)) {
    chosen = choose_weak_weight(workspace, as_seeds(all));
  }
  for (RowLabel& entry : all) {
    entry.weight *= static_cast<float>(chosen.weight);
  }
  if (chosen.weight == 0) {
    all.clear();
  }
  return chosen;
}

/// Collective. all: by row.
void write_weak_seeds(const run::Workspace& workspace, std::span<const RowLabel> all) {
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kWeakSeedsFile));
  write_row_labels(file, all);
  file.commit();
}

/// Local.
WeakSeeds read_weak_seeds(const run::Workspace& workspace) {
  return {as_seeds(read_row_labels(io::InputFile{workspace.path(kWeakSeedsFile)},
                                   workspace.corpus.num_items, workspace.num_classes(),
                                   "a row of the corpus"))};
}

/// Classes that no weak seed speaks of are never predicted.
void warn_of_missing_classes(const run::Workspace& workspace, std::span<const RowLabel> all) {
  std::vector<Count> entries(to_size(workspace.num_classes()), 0);
  for (const RowLabel& entry : all) {
    ++entries[to_size(entry.label)];
  }
  for (std::size_t k = 0; k < entries.size(); ++k) {
    if (entries[k] == 0) {
      log::info("warning: class \"{}\" has no vote: no item will have it",
                workspace.corpus.class_names[k]);
    }
  }
}

/// Collective. The weak seeds, with facts for the report.
std::vector<RowLabel> learn_from_votes(run::Workspace& workspace, const VotesReport& report,
                                       io::Json& facts) {
  std::vector<RowLabel> all =
      make_weak_labels(workspace, VoteSource{workspace.comm, workspace.config, ""}, report);
  if (config::rests_on_votes(workspace.config)) {
    warn_of_missing_classes(workspace, all);
  }
  const TeachingWeight chosen = weigh(workspace, all);
  facts = to_json(report);
  facts["weak_seeds"] = to_json(chosen);
  log::info(
      "stage=label_model method={} voters={} items_with_votes={} weak_seed_labels={} weight={}",
      report.choice.method, report.voters.size(), report.votes.num_covered, all.size(),
      chosen.weight);
  return all;
}

/// Collective.
void do_label_model(run::Workspace& workspace) {
  std::vector<RowLabel> all;
  io::Json facts = io::Json::object();
  if (config::learns_from_votes(workspace.config)) {
    if (const std::optional<VotesReport>& report = need_votes_report(workspace)) {
      all = learn_from_votes(workspace, *report, facts);
    }
  }
  write_weak_seeds(workspace, all);
  write_facts(workspace, "label_model", facts);
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

/// Votes are read to count them, to choose items, and for what these teach.
run::StagePlan plan_label_model(const run::PlanInput& in, const run::Rates& rates) {
  constexpr double kReadings = 3;
  const Sizes of{in};
  const auto voters = static_cast<double>(in.teaching_voters);
  constexpr double kBytesAByteOfAnswers = 4;  // on the rank that reads them
  const auto answers = static_cast<double>(in.answer_bytes);
  const double candidates = of.weak_seeds > 0 ? of.nodes * sizeof(comm::Candidate) : 0;
  const double labels = of.weak_seeds * in.classes * sizeof(RowLabel);  // at most
  const bool tries_weights = of.weak_seeds > 0 && in.folds > 0;
  const double vectors =
      tries_weights ? of.nodes * of.row + kTrainingCopies * of.weak_seeds * of.dim * kDouble : 0;
  run::StagePlan plan{
      "label_model",
      static_cast<Count>(candidates + 2 * labels + vectors + kBytesAByteOfAnswers * answers),
      static_cast<Count>(labels), static_cast<Count>(labels * of.ranks), 0};
  plan.seconds =
      kReadings * (of.nodes * voters * sizeof(std::int32_t) + answers) / rates.read_bytes +
      (tries_weights ? of.nodes * of.stored_row / rates.read_bytes +
                           learning_seconds(of.weak_seeds, in, rates)
                     : 0) +
      wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class LabelModelStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "label_model",
                                                    .stages = {"cells"},
                                                    .inputs = {},
                                                    .files = {kWeakSeedsFile, "label_model.json"},
                                                    .facts = "label_model.json"};
    return kDescription;
  }
  [[nodiscard]] std::vector<std::string> inputs(const config::Config& config) const override {
    return config::learns_from_votes(config)
               ? std::vector<std::string>{"classes", "votes", "answers", "gold", "seeds"}
               : std::vector<std::string>{};
  }
  void check(run::Workspace& workspace) const override {
    if (config::learns_from_votes(workspace.config)) {
      (void)need_votes_report(workspace);
    }
  }
  void run(run::Workspace& workspace) const override { do_label_model(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_label_model(input, rates);
  }
};

}  // namespace

const std::optional<VotesReport>& need_votes_report(run::Workspace& workspace) {
  using Kept = std::optional<VotesReport>;
  if (!workspace.outputs.has<Kept>()) {
    const config::Config& config = workspace.config;
    const VoteSource source{workspace.comm, config, ""};
    const label_model::VoteTable table = source.count();
    comm::stop_if_asked(workspace.comm);
    Kept report;
    const bool can_teach = !table.votes.empty() && table.num_classes > 1;
    if (config::rests_on_votes(config) || can_teach) {
      report = comm::locally(workspace.comm, [&] {
        return make_report(source, table, config.votes, KnownClasses::only_measured_with);
      });
    }
    workspace.outputs.put<Kept>(std::move(report));
  }
  return workspace.outputs.get<Kept>();
}

void need_weak_seeds(run::Workspace& workspace) {
  if (!workspace.outputs.has<WeakSeeds>()) {
    workspace.outputs.put<WeakSeeds>(
        comm::locally(workspace.comm, [&] { return read_weak_seeds(workspace); }));
  }
}

const run::Stage& label_model_stage() {
  static const LabelModelStage kStage;
  return kStage;
}

}  // namespace kith::stages
