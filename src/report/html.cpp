#include "kith/report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "kith/core/error.hpp"

#include "report/page.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

using Json = nlohmann::ordered_json;

std::string count_text(const Json& number) {
  return grouped(number.get<long long>());
}

std::string percent(double share) {
  return fmt::format("{:.1f}&#160;%", share * 100);
}

/// "75.2 % [74.9, 75.5]" of a proportion or estimate.
std::string share_text(const Json& share) {
  if (share.at("value").is_null()) {
    return "not known";
  }
  return fmt::format("{} [{:.1f}, {:.1f}]", percent(share["value"].get<double>()),
                     share.value("low", 0.0) * 100, share.value("high", 1.0) * 100);
}

std::string coefficient_text(const Json& estimate) {
  if (estimate.at("value").is_null()) {
    return "undefined: " + escape(estimate.value("reason", ""));
  }
  std::string text = fmt::format("{:.4f}", estimate["value"].get<double>());
  if (estimate.contains("low")) {
    text += fmt::format(" [{:.4f}, {:.4f}]", estimate["low"].get<double>(),
                        estimate["high"].get<double>());
  }
  return text;
}

/// A table whose cells are HTML already. The first column heads its rows.
std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string& cell : head) {
    html += "<th scope=\"col\">" + cell + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      html += c == 0 ? "<th scope=\"row\">" + row[c] + "</th>" : "<td>" + row[c] + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string details(std::string_view summary, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>{}</details>\n", summary, content);
}

std::vector<std::string> class_names(const Json& report) {
  return report.at("run").at("corpus").at("classes").get<std::vector<std::string>>();
}

/// The best known accuracy: against gold if there is some, else on held-out seeds.
const Json& best_accuracy(const Json& report) {
  const Json& consensus = report.at("consensus");
  return consensus.contains("gold") ? consensus["gold"] : consensus.at("held_out");
}

std::string tile(std::string_view number, std::string_view name, const std::string& note) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span><small>{}</small></div>\n",
                     number, name, note);
}

std::string first_screen(const Json& report) {
  const Json& corpus = report.at("run").at("corpus");
  const Json& consensus = report.at("consensus");
  const Json& status = consensus.at("status_counts");
  const bool has_gold = consensus.contains("gold");
  std::string html = "<section class=\"tiles\">\n";
  html += tile(count_text(corpus.at("items")), "items",
               fmt::format("{} classes, {} seeds", corpus.at("classes").size(),
                           count_text(corpus.at("seeds"))));
  if (has_gold) {
    html += tile(share_text(consensus["gold"]["accuracy"]), "right, measured",
                 "against " + count_text(consensus["gold"]["accuracy"]["trials"]) +
                     " gold labels that nothing learned from");
  }
  html += tile(share_text(consensus.at("held_out").at("accuracy")), "right, own estimate",
               "on " + count_text(consensus["held_out"]["accuracy"]["trials"]) +
                   " seeds, each held out once");
  html += tile(
      count_text(status.at("auto")), "usable as they are",
      has_gold ? share_text(consensus["gold_auto"]["accuracy"]) + " of them right" : "status auto");
  html += tile(count_text(status.at("review")), "to review",
               count_text(status.at("abstain")) + " without a stated label");
  return html + "</section>\n";
}

/// What looks wrong, worst first; each a sentence.
std::string findings(const Json& report) {
  std::vector<std::string> notes;
  const Json& graph = report.at("graph");
  const Json& status = report.at("consensus").at("status_counts");
  const double items = report.at("run").at("corpus").at("items").get<double>();
  if (status.at("unreachable").get<double>() > 0) {
    notes.push_back(
        fmt::format("{} items lie in parts of the graph without a seed: they have no label.",
                    count_text(status["unreachable"])));
  }
  if (graph.at("knn").contains("recall") &&
      graph["knn"]["recall"].at("recall").get<double>() < 0.9) {
    notes.push_back(fmt::format("The graph holds only {} of the true neighbors: raise knn.recall.",
                                percent(graph["knn"]["recall"]["recall"].get<double>())));
  }
  for (const Json& of_class : best_accuracy(report).at("per_class")) {
    const Json& precision = of_class.at("precision");
    if (!precision.at("value").is_null() && precision["value"].get<double>() < 0.7) {
      notes.push_back(fmt::format("Labels of class {} are right in {} of cases.",
                                  escape(of_class.at("class").get<std::string>()),
                                  share_text(precision)));
    }
  }
  const Json& agreement = report.at("agreement").at("mean_pair_agreement");
  if (!agreement.at("value").is_null() && agreement["value"].get<double>() < 0.7) {
    notes.push_back(fmt::format("Two members agree on an item in only {} of cases.",
                                percent(agreement["value"].get<double>())));
  }
  const double duplicates = report["run"]["corpus"].at("duplicate_items").get<double>();
  if (duplicates > 0.01 * items) {
    notes.push_back(
        fmt::format("{} of the items repeat the vector of another.", percent(duplicates / items)));
  }
  std::string html = "<section><h2>What looks wrong</h2>\n<ul>";
  for (const std::string& note : notes) {
    html += "<li>" + note + "</li>\n";
  }
  return html + (notes.empty() ? "<li>Nothing stands out.</li>" : "") + "</ul></section>\n";
}

std::string class_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const auto counts = report.at("consensus").at("class_counts").get<std::vector<double>>();
  const auto seeds = report["run"]["corpus"].at("seeds_per_class").get<std::vector<double>>();
  double items = 0;
  for (const double count : counts) {
    items += count;
  }
  std::vector<Bar> bars;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double share = items > 0 ? counts[k] / items : 0;
    const std::string number = grouped(static_cast<long long>(counts[k]));
    bars.push_back({names[k], share * 100, {}, {}, names[k] + ": " + number + " items"});
    rows.push_back(
        {escape(names[k]), number, percent(share), grouped(static_cast<long long>(seeds[k]))});
  }
  double top = 1;
  for (const Bar& bar : bars) {
    top = std::max(top, bar.value);
  }
  return "<section><h2>Classes</h2>\n" + bar_chart("Class mix", "share of items, %", top, bars) +
         details("Numbers", table({"class", "items", "share", "seeds"}, rows)) + "</section>\n";
}

std::string confusion_chart(const Json& accuracy, const std::vector<std::string>& names,
                            const std::string& title) {
  const auto counts = accuracy.at("confusion").get<std::vector<std::vector<double>>>();
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::vector<double>& row : counts) {
    double total = 0;
    for (const double count : row) {
      total += count;
    }
    shares.emplace_back();
    for (std::size_t k = 0; k < names.size(); ++k) {
      shares.back().push_back(total > 0 ? std::optional{row[k] / total} : std::nullopt);
    }
  }
  return heat_map(title + " (rows: true class, columns: label)", names, names, shares);
}

std::string accuracy_part(const Json& accuracy, const std::vector<std::string>& names,
                          const std::string& how) {
  std::vector<Bar> precision;
  std::vector<Bar> recall;
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : accuracy.at("per_class")) {
    const auto name = of_class.at("class").get<std::string>();
    const auto bar = [&](const Json& share) {
      const bool known = !share.at("value").is_null();
      Bar made{name, known ? share["value"].get<double>() * 100 : 0, {}, {}, {}};
      if (known) {
        made.low = share["low"].get<double>() * 100;
        made.high = share["high"].get<double>() * 100;
      }
      made.tooltip = fmt::format("{}: {} of {}", name, count_text(share.at("successes")),
                                 count_text(share.at("trials")));
      return made;
    };
    precision.push_back(bar(of_class.at("precision")));
    recall.push_back(bar(of_class.at("recall")));
    rows.push_back(
        {escape(name), share_text(of_class["precision"]), share_text(of_class["recall"]),
         of_class.at("f1").is_null() ? "" : fmt::format("{:.3f}", of_class["f1"].get<double>())});
  }
  return bar_chart("Precision by class, " + how,
                   "% of items labeled so that are right, 95 % interval", 100, precision) +
         bar_chart("Recall by class, " + how,
                   "% of items of the class that are found, 95 % interval", 100, recall) +
         details("Numbers", table({"class", "precision", "recall", "F1"}, rows)) +
         confusion_chart(accuracy, names, "Confusion, " + how);
}

std::string accuracy_section(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const Json& consensus = report.at("consensus");
  std::string html = "<section><h2>Accuracy</h2>\n";
  if (consensus.contains("gold")) {
    html += "<h3>Against gold labels</h3>" + accuracy_part(consensus["gold"], names, "gold");
  }
  html +=
      "<h3>On held-out seeds</h3>\n<p>Every seed was left out of one fold and judged by members "
      "that "
      "had not seen it. This needs no gold.</p>";
  if (consensus.at("held_out").at("accuracy").at("trials").get<long long>() == 0) {
    return html + "<p>No class has two seeds: nothing could be held out.</p></section>\n";
  }
  html += accuracy_part(consensus["held_out"], names, "held-out seeds");
  std::vector<CalibrationPoint> points;
  for (const Json& bin : consensus["held_out"].at("reliability")) {
    const Json& share = bin.at("accuracy");
    if (share.at("trials").get<long long>() > 0) {
      points.push_back({bin.at("mean_confidence").get<double>(), share.at("value").get<double>(),
                        share.at("low").get<double>(), share.at("high").get<double>(),
                        share["trials"].get<long long>()});
    }
  }
  return html + reliability_chart("Are probabilities what they say? (held-out seeds)", points) +
         "</section>\n";
}

std::string histogram_part(const Json& histogram, std::string_view title, std::string_view axis) {
  return histogram_chart(title, axis, histogram.at("edges").get<std::vector<double>>(),
                         histogram.at("counts").get<std::vector<double>>());
}

std::string certainty_section(const Json& report) {
  const Json& consensus = report.at("consensus");
  std::vector<Bar> bars;
  double top = 1;
  for (const auto& [status, count] : consensus.at("status_counts").items()) {
    bars.push_back({status, count.get<double>(), {}, {}, status + ": " + count_text(count)});
    top = std::max(top, count.get<double>());
  }
  return "<section><h2>Certainty</h2>\n" + bar_chart("Status of items", "items", top, bars) +
         histogram_part(consensus.at("probability_histogram"), "Consensus probability",
                        "probability of the label") +
         histogram_part(consensus.at("vote_entropy_histogram"), "Disagreement of the members",
                        "vote entropy, nats") +
         histogram_part(consensus.at("bald_histogram"), "Information a label would give (BALD)",
                        "mutual information, nats") +
         "</section>\n";
}

std::vector<std::string> member_names(const Json& report) {
  std::vector<std::string> names;
  for (const Json& member : report.at("members")) {
    names.push_back(member.at("name").get<std::string>());
  }
  return names;
}

/// Pairs of classes that members give to the same item, relative to the most frequent pair.
std::string conflict_chart(const Json& report) {
  const std::vector<std::string> names = class_names(report);
  const auto counts =
      report.at("agreement").at("conflicts").get<std::vector<std::vector<double>>>();
  double most = 0;
  for (const std::vector<double>& row : counts) {
    most = std::max(most, *std::max_element(row.begin(), row.end()));
  }
  std::vector<std::vector<std::optional<double>>> shares;
  for (const std::vector<double>& row : counts) {
    shares.emplace_back();
    for (const double count : row) {
      shares.back().push_back(most > 0 ? std::optional{count / most} : std::nullopt);
    }
  }
  return heat_map(fmt::format("Classes that members confuse (1 = {} items)",
                              grouped(static_cast<long long>(most))),
                  names, names, shares);
}

std::string agreement_section(const Json& report) {
  const std::vector<std::string> names = member_names(report);
  const Json& agreement = report.at("agreement");
  using Matrix = std::vector<std::vector<std::optional<double>>>;
  Matrix same(names.size(), std::vector<std::optional<double>>(names.size(), 1.0));
  Matrix kappa = same;
  for (const Json& pair : agreement.at("pairs")) {
    const auto a = pair.at("first").get<std::size_t>();
    const auto b = pair.at("second").get<std::size_t>();
    const auto value = [](const Json& number) {
      return number.is_null() ? std::nullopt : std::optional{number.get<double>()};
    };
    same[a][b] = same[b][a] = value(pair.at("agreement").at("value"));
    kappa[a][b] = kappa[b][a] = value(pair.at("cohen_kappa").at("value"));
  }
  const auto row = [&](const char* name, const char* key) {
    return std::vector<std::string>{name, coefficient_text(agreement.at(key))};
  };
  return "<section><h2>Agreement</h2>\n" + heat_map("Agreement of members", names, names, same) +
         heat_map("Cohen's kappa of members", names, names, kappa) + conflict_chart(report) +
         table({"statistic", "value, 95 % interval"},
               {row("mean pair agreement", "mean_pair_agreement"),
                row("Fleiss' kappa", "fleiss_kappa"),
                row("Krippendorff's alpha", "krippendorff_alpha"),
                row("Gwet's AC1", "gwet_ac1"),
                row("PABAK", "pabak"),
                {"unanimous items", share_text(agreement.at("unanimous"))}}) +
         "</section>\n";
}

std::string member_section(const Json& report) {
  std::vector<Line> lines;
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : report.at("members")) {
    Line line{member.at("name").get<std::string>(), {}, {}};
    const bool is_outside = member.at("source") != "graph";
    if (!is_outside) {
      for (const Json& entry : member.at("trace")) {
        line.x.push_back(entry.at("sweep").get<double>());
        line.y.push_back(entry.at("residual").get<double>());
      }
      lines.push_back(line);
    }
    const std::string method = member.at(is_outside ? "source" : "method").get<std::string>();
    rows.push_back(
        {escape(line.name), escape(is_outside ? "outside " + method : method),
         is_outside ? "" : count_text(member.at("sweeps")),
         is_outside ? "" : escape(member.at("stop").get<std::string>()),
         share_text(member.at("held_out")),
         member.contains("gold") ? share_text(member["gold"]) : "",
         fmt::format("{:.3f}", member.at("temperature").get<double>()),
         fmt::format("{:.3f} / {:.3f}", member.at("calibration_before").at("nll").get<double>(),
                     member.at("calibration_after").at("nll").get<double>())});
  }
  return "<section><h2>Members</h2>\n" +
         log_line_chart("Convergence", "sweep", "largest relative change", lines) +
         table({"member", "method", "sweeps", "stopped", "held-out accuracy", "gold accuracy",
                "temperature", "loss before / after calibration"},
               rows) +
         "</section>\n";
}

std::string review_section(const Json& report) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& item : report.at("review")) {
    rows.push_back({count_text(item.at("row")), escape(item.at("label").get<std::string>()),
                    fmt::format("{:.3f}", item.at("probability").get<double>()),
                    escape(item.at("status").get<std::string>()),
                    fmt::format("{:.3f}", item.at("vote_entropy").get<double>()),
                    fmt::format("{:.3f}", item.at("bald").get<double>())});
  }
  if (rows.empty()) {
    return {};
  }
  return "<section><h2>What to review next</h2>\n<p>The items on which a label from a person would "
         "tell most, by BALD.</p>" +
         details(fmt::format("{} items", rows.size()),
                 table({"row", "label", "probability", "status", "vote entropy", "BALD"}, rows)) +
         "</section>\n";
}

std::string methods_section(const Json& report) {
  const Json& corpus = report.at("run").at("corpus");
  const Json& graph = report.at("graph");
  const Json& options = report["run"].at("configuration");
  const auto option = [&](const char* key) { return escape(options.value(key, "")); };
  std::string recall;
  if (graph.at("knn").contains("recall")) {
    const Json& measured = graph["knn"]["recall"];
    recall =
        fmt::format(" (measured recall {:.4f} [{:.4f}, {:.4f}] on {} items)",
                    measured.at("recall").get<double>(), measured.at("low").get<double>(),
                    measured.at("high").get<double>(), count_text(measured.at("sampled_nodes")));
  }
  std::string html = "<section><h2>Methods</h2>\n<p>";
  html += fmt::format(
      "Kith {} labeled {} vectors of {} dimensions in {} classes from {} seeds. A graph of the {} "
      "nearest neighbors under the {} metric{} was symmetrized ({}) and weighted ({}, local scale "
      "at "
      "neighbor {}; Zelnik-Manor and Perona 2004): {} edges over {} distinct vectors, {} connected "
      "components. ",
      escape(report["run"].at("version").get<std::string>()), count_text(corpus.at("items")),
      count_text(corpus.at("dim")), corpus.at("classes").size(), count_text(corpus.at("seeds")),
      count_text(graph.at("knn").at("k")), escape(corpus.at("metric").get<std::string>()), recall,
      option("graph.symmetrize"), option("graph.weights"), option("graph.scale_neighbor"),
      count_text(graph.at("edges")), count_text(graph.at("nodes")),
      count_text(graph.at("components")));
  html +=
      "Labels were propagated by harmonic functions with class-mass normalization (Zhu, Ghahramani "
      "and "
      "Lafferty 2003), label spreading (Zhou et al. 2004) and Poisson learning (Calder et al. "
      "2020) as "
      "configured below. ";
  html += fmt::format(
      "Each member's temperature (Guo et al. 2017) was fitted on {} held-out folds of the seeds, "
      "and "
      "the consensus is the weighted mean of the calibrated probabilities{}. Disagreement is vote "
      "entropy and mutual information (Houlsby et al. 2011); agreement is given as Cohen's (1960) "
      "and "
      "Fleiss' (1971) kappa, Krippendorff's alpha and Gwet's (2008) AC1 with intervals from {} "
      "Poisson resamples of the vote patterns; intervals of proportions are Wilson's (1927). "
      "Random "
      "seed {}.</p>\n",
      option("ensemble.folds"),
      option("ensemble.class_mass") == "normalize" ? ", its classes balanced towards the prior"
                                                   : "",
      option("qa.bootstrap_draws"), option("run.seed"));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : options.items()) {
    rows.push_back({escape(key), escape(value.get<std::string>())});
  }
  return html + details("Configuration", table({"key", "value"}, rows)) + "</section>\n";
}

}  // namespace

std::string render_html(std::string_view report_json) {
  try {
    const Json report = Json::parse(report_json);
    const auto files = report.at("run").at("corpus").at("files");
    const std::string subtitle =
        files.empty()
            ? ""
            : escape(files.front().at("path").get<std::string>()) +
                  (files.size() > 1 ? fmt::format(" and {} more files", files.size() - 1) : "");
    return page_head(subtitle) + first_screen(report) + findings(report) + class_section(report) +
           certainty_section(report) + accuracy_section(report) + member_section(report) +
           agreement_section(report) + review_section(report) + methods_section(report) +
           page_foot();
  } catch (const nlohmann::json::exception& error) {
    fail("report.json: {}", error.what());
  }
}

}  // namespace kith::report
