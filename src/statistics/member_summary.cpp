#include "statistics/member_summary.hpp"

#include "kith/statistics/member_trace.hpp"

#include "statistics/calibration_json.hpp"
#include "statistics/json_forms.hpp"
#include "statistics/known_labels.hpp"
#include "statistics/voter_agreement.hpp"

namespace kith::statistics {
namespace {

io::Json trace_json(const propagate::TaskResult& result) {
  io::Json trace = io::Json::array();
  for (const propagate::SweepTrace& line : result.trace) {
    trace.push_back({{"sweep", line.sweep},
                     {"residual", line.residual},
                     {"flips", line.flips},
                     {"reached", line.reached},
                     {"class_counts", line.class_counts},
                     {"held_out", number(line.held_out)},
                     {"class_mass", line.class_mass},
                     {"energy", number(line.energy)}});
  }
  return trace;
}

/// How a member of the graph was made and how it settled.
void add_solver(io::Json& json, const ensemble::Member& member) {
  const propagate::SolverConfig& solver = member.config.solver;
  json["method"] = solver.method->name();
  json["citation"] = solver.method->facts().citation;
  json["solver"] = propagate::to_string(solver.solver);
  json["early_stop"] = solver.early_stop;
  for (const propagate::Parameter& parameter : propagate::all_parameters()) {
    json[parameter.name] = solver.parameters[parameter.name];
  }
  json["max_sweeps"] = solver.max_sweeps;
  json["tolerance"] = solver.tolerance;
  json["corrected_voter"] = member.config.voter;
  json["graph"] = member.config.graph;
  json["k"] = member.config.k;
  json["weights"] = member.config.weights;
  json["class_mass"] = ensemble::to_string(member.config.class_mass);
  json["bootstrap"] = member.config.bootstrap;
  json["sweeps"] = member.result.sweeps;
  json["stop"] = propagate::to_string(member.result.stop);
  json["mean_rest"] = number(member.result.mean_residual_mass);  // null: all classes were kept
  json["largest_rest"] =
      number(member.result.mean_residual_mass ? std::optional{member.result.largest_residual_mass}
                                              : std::nullopt);
  json["trace"] = trace_json(member.result);
}

/// How a head was made, and what it has chosen.
void add_head(io::Json& json, const ensemble::Member& member) {
  json["method"] = member.config.head->name();
  json["citation"] = member.config.head->facts().citation;
  json["graph"] = member.config.graph;
  json["parameters"] = member.chosen;
}

}  // namespace

void MemberSummary::compute(const RunResults& run, const Computed& /*earlier*/) {
  for (const std::vector<Label>& votes : run.held_out.member_votes) {
    held_out_.push_back(held_out_confusion(run, votes));
  }
  if (!has_gold(run)) {
    return;
  }
  const std::size_t num_members = run.members.size();
  for (std::size_t m = 0; m < num_members; ++m) {
    gold_.push_back(
        gold_confusion(run, [&](std::size_t i) { return run.items.votes[i * num_members + m]; }));
  }
}

io::Json MemberSummary::json(const RunResults& run, const Computed& all) const {
  const std::vector<qa::VoterSummary>& voters = all.get<VoterAgreement>().agreement().voters;
  io::Json members = io::Json::array();
  for (std::size_t m = 0; m < run.members.size(); ++m) {
    const ensemble::Member& member = run.members[m];
    io::Json json;
    json["name"] = member.config.name;
    json["source"] = ensemble::to_string(member.source);
    json["weight"] = member.config.weight;
    json["pool_weight"] = run.consensus.member_weights[m];
    json["adds"] = run.held_out.added[m];
    if (member.source == ensemble::Source::graph) {
      add_solver(json, member);
    } else if (member.source == ensemble::Source::vectors) {
      add_head(json, member);
    }
    json["temperature"] = member.output.temperature;
    json["voter"] = {{"coverage", voters[m].coverage},
                     {"overlap", voters[m].overlap},
                     {"conflict", voters[m].conflict}};
    json["held_out"] = to_json(qa::measure_accuracy(held_out_[m]).overall);
    json["calibration"] = to_string(member.output.calibration);
    json["calibration_before"] =
        calibration_json(run.held_out.raw_probabilities[m], run.held_out.truth);
    json["calibration_after"] =
        calibration_json(run.held_out.member_probabilities[m], run.held_out.truth);
    if (!gold_.empty()) {
      json["gold"] = to_json(qa::measure_accuracy(gold_[m]).overall);
    }
    members.push_back(json);
  }
  return members;
}

void MemberSummary::write_tables(const RunResults& run, io::OutputFile& file) const {
  for (const ensemble::Member& member : run.members) {
    if (member.source == ensemble::Source::graph) {
      write_trace(file, "/convergence/" + member.config.name, member.result, run.num_classes());
    }
  }
}

}  // namespace kith::statistics
