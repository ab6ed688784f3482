#include "pipeline/report_builder.hpp"

#include <fmt/format.h>

#include <sstream>

#include "kith/comm/agree.hpp"
#include "kith/io/files.hpp"
#include "kith/pipeline/pipeline.hpp"
#include "kith/report/html.hpp"

#include "pipeline/manifest.hpp"
#include "pipeline/other_graph.hpp"
#include "pipeline/qa_calibration.hpp"
#include "pipeline/report_json.hpp"
#include "pipeline/stages.hpp"

namespace kith::pipeline {
namespace {

io::Json histogram_json(const Histogram& histogram) {
  return {{"edges", histogram.edges}, {"counts", histogram.counts}};
}

io::Json accuracy_json(const qa::Confusion& confusion,
                       const std::vector<std::string>& class_names) {
  const qa::Accuracy accuracy = qa::measure_accuracy(confusion);
  io::Json json;
  json["accuracy"] = to_json(accuracy.overall);
  json["abstained"] = accuracy.abstained;
  json["macro_f1"] = number(accuracy.macro_f1);
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < accuracy.classes.size(); ++k) {
    json["per_class"].push_back({{"class", class_names[k]},
                                 {"precision", to_json(accuracy.classes[k].precision)},
                                 {"recall", to_json(accuracy.classes[k].recall)},
                                 {"f1", number(accuracy.classes[k].f1)}});
  }
  if (confusion.num_classes() <= qa::kTableClasses) {
    json["confusion"] = confusion.table();
  }
  return json;
}

io::Json run_json(const Workspace& workspace) {
  io::Json json;
  json["program"] = "kith";
  json["version"] = version();
  json["corpus"] = read_facts(workspace, Stage::check);
  json["configuration"] = io::Json::object();
  std::istringstream text{to_text(workspace.config)};
  for (std::string line; std::getline(text, line);) {
    // Where and with how many threads a run goes does not belong to its numbers.
    if (!line.starts_with("run.") || line.starts_with("run.seed")) {
      json["configuration"][line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    }
  }
  return json;
}

/// Graphs of other vectors that a member has used.
io::Json other_graphs_json(const Workspace& workspace) {
  io::Json graphs = io::Json::array();
  for (const GraphSource& source : workspace.config.graphs) {
    if (!is_used(workspace.config, source)) {
      continue;
    }
    const Config config = config_of(workspace.config, source);
    for (const Stage stage : {Stage::knn, Stage::graph}) {
      require_recorded(workspace.comm, config.run.directory, stage);
    }
    const Workspace other{workspace.comm, config};
    io::Json json;
    json["name"] = source.name;
    json["dataset"] = source.dataset;
    json["metric"] = corpus::to_string(config.corpus.metric);
    json.update(read_facts(other, Stage::graph));
    json["knn"] = read_facts(other, Stage::knn);
    graphs.push_back(json);
  }
  return graphs;
}

io::Json graph_json(const Workspace& workspace) {
  io::Json json = read_facts(workspace, Stage::graph);
  json["cells"] = read_facts(workspace, Stage::cells);
  json["knn"] = read_facts(workspace, Stage::knn);
  json.update(read_facts(workspace, Stage::propagate));
  json["others"] = other_graphs_json(workspace);
  return json;
}

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
  json["mean_rest"] = number(member.result.mean_rest);  // null: all classes were kept
  json["largest_rest"] =
      number(member.result.mean_rest ? std::optional{member.result.largest_rest} : std::nullopt);
  json["trace"] = trace_json(member.result);
}

io::Json members_json(const Workspace& workspace, const Findings& findings) {
  io::Json members = io::Json::array();
  for (std::size_t m = 0; m < workspace.members.size(); ++m) {
    const ensemble::Member& member = workspace.members[m];
    io::Json json;
    json["name"] = member.config.name;
    json["source"] = ensemble::to_string(member.source);
    json["weight"] = member.config.weight;
    if (member.source == ensemble::Source::graph) {
      add_solver(json, member);
    }
    json["temperature"] = member.readout.temperature;
    json["voter"] = {{"coverage", findings.votes.agreement.voters[m].coverage},
                     {"overlap", findings.votes.agreement.voters[m].overlap},
                     {"conflict", findings.votes.agreement.voters[m].conflict}};
    json["held_out"] = to_json(qa::measure_accuracy(findings.held_out_members[m]).overall);
    json["calibration"] = to_string(member.readout.calibration);
    json["calibration_before"] =
        calibration_json(findings.judged.raw_probabilities[m], findings.judged.truth);
    json["calibration_after"] =
        calibration_json(findings.judged.member_probabilities[m], findings.judged.truth);
    if (!findings.gold_members.empty()) {
      json["gold"] = to_json(qa::measure_accuracy(findings.gold_members[m]).overall);
    }
    members.push_back(json);
  }
  return members;
}

/// The held-out accuracy if wrong seeds were right; its interval holds for all likely rates.
io::Json without_noise_json(const Workspace& workspace, const Findings& findings) {
  const qa::Proportion agreeing = qa::measure_accuracy(findings.held_out).overall;
  const auto corrected = [&](double share, double rate) {
    return qa::accuracy_without_noise(share, rate, workspace.num_classes());
  };
  const SeedCheck& seeds = findings.seeds;
  io::Json json;
  json["value"] = number(
      agreeing.value ? std::optional{corrected(*agreeing.value, seeds.noise.rate)} : std::nullopt);
  json["low"] = corrected(agreeing.interval.low, seeds.suspicion.rate.low);
  json["high"] = corrected(agreeing.interval.high, std::min(0.5, seeds.suspicion.rate.high));
  json["trials"] = agreeing.trials;
  return json;
}

io::Json consensus_json(const Workspace& workspace, const Findings& findings) {
  const std::vector<std::string>& names = workspace.corpus.class_names;
  io::Json json;
  json["class_counts"] = findings.class_counts;
  json["status_counts"] = io::Json::object();
  for (int status = 0; status < ensemble::kNumStatuses; ++status) {
    json["status_counts"][ensemble::to_string(static_cast<ensemble::Status>(status))] =
        findings.status_counts[to_size(status)];
  }
  json["probability_histogram"] = histogram_json(findings.probability);
  json["vote_entropy_histogram"] = histogram_json(findings.vote_entropy);
  json["bald_histogram"] = histogram_json(findings.bald);
  json["margin_histogram"] = histogram_json(findings.margin);
  json["held_out"] = accuracy_json(findings.held_out, names);
  json["held_out"]["accuracy_without_noise"] = without_noise_json(workspace, findings);
  json["temperature"] = workspace.consensus->temperature;
  json["held_out"]["calibration_before"] =
      calibration_json(findings.judged.raw_mean, findings.judged.truth);
  json["held_out"]["calibration_after"] =
      calibration_json(findings.judged.probabilities, findings.judged.truth);
  if (findings.gold) {
    json["gold"] = accuracy_json(*findings.gold, names);
    json["gold_auto"] = accuracy_json(findings.gold_auto, names);
  }
  return json;
}

io::Json review_json(const Workspace& workspace, std::span<const ReviewItem> items) {
  io::Json review = io::Json::array();
  for (const ReviewItem& item : items) {
    review.push_back({{"row", item.row},
                      {"label", workspace.corpus.class_names[to_size(item.best)]},
                      {"probability", item.probability},
                      {"status", to_string(static_cast<ensemble::Status>(item.status))},
                      {"vote_entropy", item.vote_entropy},
                      {"bald", item.bald},
                      {"margin", item.margin}});
  }
  return review;
}

/// What true labels say, for those who have none to compare with.
KnownAccuracies known_accuracies(const Findings& findings) {
  KnownAccuracies known;
  const bool has_gold = findings.gold.has_value();
  for (const qa::Confusion& confusion :
       has_gold ? findings.gold_members : findings.held_out_members) {
    known.voters.push_back(qa::measure_accuracy(confusion).overall.value);
  }
  if (has_gold) {
    known.basis = "gold labels";
    known.consensus = to_json(qa::measure_accuracy(*findings.gold).overall);
  } else if (findings.audit) {
    known.basis = "the audit; of voters held-out seeds";
    known.consensus = complement_json(findings.audit->error);
  } else {
    known.basis = "held-out seeds";
    known.consensus = to_json(qa::measure_accuracy(findings.held_out).overall);
  }
  return known;
}

}  // namespace

void write_report(const Workspace& workspace, const Findings& findings) {
  io::Json report;
  report["run"] = run_json(workspace);
  report["graph"] = graph_json(workspace);
  report["members"] = members_json(workspace, findings);
  report["consensus"] = consensus_json(workspace, findings);
  report["agreement"] = agreement_json(workspace, findings.votes);
  report["diversity"] = diversity_json(findings.votes);
  report["accuracy_without_gold"] = without_gold_json(workspace, findings.without_gold,
                                                      findings.votes, known_accuracies(findings));
  report["slices"] = slices_json(workspace, findings.slices);
  report["balance"] = balance_json(workspace, findings.balance);
  report["acceptance"] = acceptance_json(workspace, findings.acceptance);
  if (findings.audit) {
    report["audit"] = audit_json(workspace, *findings.audit);
  }
  report["seeds"] = seed_check_json(workspace, findings.seeds);
  report["seed_values"] = values_json(workspace, findings.values);
  report["review"] = review_json(workspace, findings.review);
  write_facts(workspace, Stage::qa, report);
  comm::on_root(workspace.comm, [&] {
    io::write_file_atomically(workspace.path("report.html"),
                              report::render_html(io::json_text(report, -1)));
  });
}

namespace {

std::string percent(const io::Json& share) {
  if (share.at("value").is_null()) {
    return "not known (no class has two seeds)";
  }
  return fmt::format("{:.2f} % [{:.2f}, {:.2f}] of {}", share.at("value").get<double>() * 100,
                     share.at("low").get<double>() * 100, share.at("high").get<double>() * 100,
                     share.at("trials").get<Count>());
}

/// Throws io::Json::exception if a number is not where this program puts it.
std::string summary_of(const io::Json& report) {
  const io::Json& consensus = report.at("consensus");
  const io::Json& status = consensus.at("status_counts");
  std::string text;
  text += fmt::format("items      {} in {} classes, {} seeds\n",
                      report.at("run").at("corpus").at("items").get<Count>(),
                      report.at("run").at("corpus").at("classes").size(),
                      report.at("run").at("corpus").at("seeds").get<Count>());
  text += fmt::format("labels     {} auto, {} to review, {} abstained, {} unreachable\n",
                      status.at("auto").get<Count>(), status.at("review").get<Count>(),
                      status.at("abstain").get<Count>(), status.at("unreachable").get<Count>());
  if (consensus.contains("gold")) {
    text += "accuracy   " + percent(consensus.at("gold").at("accuracy")) + " gold labels\n";
    text += "auto       " + percent(consensus.at("gold_auto").at("accuracy")) + " gold labels\n";
  }
  text += "estimate   " + percent(consensus.at("held_out").at("accuracy")) + " held-out seeds\n";
  if (report.at("graph").at("knn").contains("recall")) {
    const io::Json& recall = report.at("graph").at("knn").at("recall");
    text += fmt::format("recall@{}  {:.4f} [{:.4f}, {:.4f}] on {} sampled items\n",
                        report.at("graph").at("knn").at("k").get<int>(),
                        recall.at("recall").get<double>(), recall.at("low").get<double>(),
                        recall.at("high").get<double>(), recall.at("sampled_nodes").get<Count>());
  }
  return text;
}

}  // namespace

std::string summary(const comm::Communicator& comm, const Config& config) {
  std::string text;
  comm::on_root(comm, [&] {
    const auto path = [&](const char* name) {
      return (std::filesystem::path{config.run.directory} / name).string();
    };
    const io::Json report = io::read_json(path("report.json"));
    text = io::interpret_json(path("report.json"), [&] { return summary_of(report); });
    text += fmt::format("labels in  {}\nreport in  {}\n", path("labels.h5"), path("report.html"));
  });
  return text;
}

}  // namespace kith::pipeline
