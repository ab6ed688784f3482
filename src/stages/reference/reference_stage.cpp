// reference: labeled items of another corpus, from which heads learn. reference.h5 has them:
// /vectors, and /rows, /labels, /weights, one entry a label; reference.json what is known of them
// and how far the corpora are apart.
#include <algorithm>
#include <map>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/run/stage.hpp"

#include "stages/folds.hpp"
#include "stages/heads/head_vectors.hpp"
#include "stages/heads/teaching_weight.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"
#include "stages/reference/findings.hpp"
#include "stages/reference/reference.hpp"
#include "stages/reference/reference_rows.hpp"

namespace kith::stages {
namespace {

constexpr Count kSampled = 2000;  // items of the corpus, to see how it differs

/// What classes of the reference are multiplied with where it teaches alone, so that they have the
/// shares of this corpus: what is not corrected here is in the consensus.
std::vector<double> factors_alone(const run::Workspace& workspace, const Findings& findings) {
  constexpr double kLeastFactor = 1e-3;
  constexpr double kMostFactor = 4;  // a class of which little is known stays one of little
  const std::vector<double>& there = findings.reference_shares;
  std::vector<double> wanted = there;
  if (workspace.config.ensemble.prior != "estimated") {
    wanted = ensemble::class_prior({}, workspace.config.ensemble, workspace.num_classes());
  } else if (!findings.shares.empty()) {
    wanted = findings.shares;
  }
  std::vector<double> factors;
  for (std::size_t k = 0; k < there.size(); ++k) {
    factors.push_back(there[k] > 0 ? std::clamp(wanted[k] / there[k], kLeastFactor, kMostFactor)
                                   : 1.0);
  }
  return factors;
}

void multiply(ReferenceRows& rows, std::span<const double> factors) {
  for (heads::SeedLabel& entry : rows.labels) {
    entry.weight *= static_cast<float>(factors[to_size(entry.label)]);
  }
}

/// Collective. Gives the items of the reference what they count.
TeachingWeight weigh(run::Workspace& workspace, const HeadVectors& vectors,
                     const Findings& findings, ReferenceRows& rows) {
  TeachingWeight chosen;
  if (workspace.seeds.empty()) {
    if (workspace.outputs.get<WeakNodes>().seeds.empty()) {
      multiply(rows, factors_alone(workspace, findings));
    }
  } else {
    multiply(rows, factors_as_seeds(workspace.seeds,
                                    weights_of_classes(rows.labels, workspace.num_classes())));
  }
  if (workspace.config.reference.weight > 0) {
    chosen.weight = workspace.config.reference.weight;
  } else if (!workspace.seeds.empty()) {
    heads::TrainingSet training = vectors.training_set();
    const std::size_t num_fixed = training.labels.size();
    workspace.outputs.put<ReferenceItems>({rows.vectors, rows.labels});
    append_reference(workspace, training);
    workspace.outputs.drop<ReferenceItems>();  // they lack their weight
    chosen = choose_weight(workspace, training, num_fixed, vectors.are_unit());
  }
  return chosen;
}

/// Collective. Facts of what was found; leaves in `rows` what teaches.
io::Json look_at(run::Workspace& workspace, ReferenceRows& rows) {
  need_folds(workspace);
  const HeadVectors vectors{workspace, ""};
  Findings findings =
      compare(workspace, rows, sample_corpus(workspace, kSampled), vectors.are_unit());
  const TeachingWeight chosen = weigh(workspace, vectors, findings, rows);
  find_classes(workspace, rows, chosen, findings);
  io::Json facts = to_json(workspace, findings, rows, chosen);
  const std::optional<VectorShift>& shift = findings.shift;
  log::info("stage=reference labeled={} learned_from={} novel_share={} separation={} weight={}",
            rows.num_labeled, count_of(rows.vectors) / workspace.corpus.dim,
            shift ? fmt::format("{:.4f}", shift->novel_share) : "unknown",
            shift ? fmt::format("{:.4f}", shift->separation()) : "unknown", chosen.weight);
  if (chosen.weight == 0) {
    rows = {};
  }
  multiply(rows, std::vector<double>(to_size(workspace.num_classes()), chosen.weight));
  return facts;
}

/// Collective. Writes what reference.json warns of.
void warn_of_reference(const run::Workspace& workspace) {
  const io::Json facts = read_facts(workspace, "reference");
  const auto warnings = comm::locally(workspace.comm, [&] {
    return io::interpret_json(facts_path(workspace, "reference"),
                              [&] { return facts.value("warnings", std::vector<std::string>{}); });
  });
  for (const std::string& warning : warnings) {
    log::info("warning: {}", warning);
  }
}

/// Collective.
void do_reference(run::Workspace& workspace) {
  ReferenceRows rows;
  io::Json facts = io::Json::object();
  if (config::learns_from_reference(workspace.config)) {
    rows = read_reference_rows(workspace);
    facts = look_at(workspace, rows);
  }
  write_reference(workspace, {rows.vectors, rows.labels});
  write_facts(workspace, "reference", facts);
  warn_of_reference(workspace);
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_reference(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const bool is_there = of.reference_items > 0;
  const double vectors = of.reference_items * of.dim * kFloat;
  run::StagePlan plan{
      "reference",
      static_cast<Count>(is_there ? of.nodes * of.row + 2 * vectors +
                                        kTrainingCopies * of.taught() * of.dim * kDouble
                                  : 0),
      static_cast<Count>(vectors), static_cast<Count>(vectors * of.ranks), 0};
  plan.seconds = (is_there ? of.nodes * of.stored_row / rates.read_bytes +
                                 learning_seconds(of.taught(), in, rates)
                           : 0) +
                 wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class ReferenceStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "reference",
                                                    .stages = {"cells", "label_model"},
                                                    .inputs = {},
                                                    .files = {kReferenceFile, "reference.json"},
                                                    .facts = "reference.json"};
    return kDescription;
  }
  [[nodiscard]] std::vector<std::string> inputs(const config::Config& config) const override {
    return config::learns_from_reference(config) ? std::vector<std::string>{"reference", "seeds"}
                                                 : std::vector<std::string>{};
  }
  /// Its classes get these shares only if it teaches alone.
  [[nodiscard]] std::map<std::string, std::string> other_inputs(
      const run::Workspace& workspace) const override {
    const config::Config& config = workspace.config;
    std::map<std::string, std::string> read;
    if (config::learns_from_reference(config)) {
      read["corpus.soft_seeds"] = config.corpus.soft_seeds ? "yes" : "no";
      read["ensemble.prior"] = config.corpus.has_seeds() ? "" : config.ensemble.prior;
    }
    return read;
  }
  void run(run::Workspace& workspace) const override { do_reference(workspace); }
  void check(run::Workspace& workspace) const override {
    if (config::learns_from_reference(workspace.config)) {
      (void)read_reference_rows(workspace);
    }
  }
  void report_again(const run::Workspace& workspace) const override {
    warn_of_reference(workspace);
  }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_reference(input, rates);
  }
};

}  // namespace

const run::Stage& reference_stage() {
  static const ReferenceStage kStage;
  return kStage;
}

}  // namespace kith::stages
