#include <fmt/format.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

/// How often labels are right, from the best source there is.
struct KnownAccuracy {
  const Json* accuracy;  // a proportion or an estimate of one
  const Json* per_class;
  std::string how;
};

KnownAccuracy known_accuracy(const Json& report) {
  const Json& consensus = report.at("consensus");
  if (consensus.contains("gold")) {
    const Json& gold = consensus["gold"];
    return {&gold.at("accuracy"), &gold.at("per_class"),
            fmt::format("measured on {} gold labels that nothing learned from",
                        count_text(gold["accuracy"].at("trials")))};
  }
  const Json& held_out = consensus.at("held_out");
  if (report.contains("audit")) {
    const Json& audit = report["audit"];
    return {&audit.at("accuracy"), &held_out.at("per_class"),
            fmt::format("estimated from an audit of {} items", count_text(audit.at("audited")))};
  }
  return {&held_out.at("accuracy"), &held_out.at("per_class"),
          fmt::format("estimated on {} seeds, each held out once; holds for items like the seeds",
                      count_text(held_out["accuracy"].at("trials")))};
}

std::string tile(std::string_view question, std::string_view number, const std::string& note) {
  return fmt::format("<div class=\"tile\"><h2>{}</h2><b>{}</b><p>{}</p></div>\n", question, number,
                     note);
}

/// Some seeds are wrong for certain: what that does to numbers that rest on seeds.
bool has_noise(const Json& report) {
  const Json& rate = report.at("seeds").at("noise_rate");
  return !rate.at("value").is_null() && rate.at("low").get<double>() > 0;
}

std::string accuracy_tile(const Json& report) {
  const KnownAccuracy known = known_accuracy(report);
  std::string note = known.how;
  const Json& held_out = report["consensus"]["held_out"];
  const Json& own = held_out.at("accuracy");
  if (known.accuracy != &own && !own.at("value").is_null()) {
    note += "; own estimate " + share_text(own);
  }
  if (has_noise(report)) {
    note += fmt::format("; with the wrong seeds put right it would be {}",
                        share_text(held_out.at("accuracy_without_noise")));
  }
  return tile("How accurate?", share_text(*known.accuracy), note);
}

std::string level_text(const Json& level, double countable) {
  const double accepted = level.at("accepted").get<double>();
  return fmt::format("{}<span class=\"ci\">{} at {:.2g}&#160;% error</span>",
                     accepted > 0 ? count_text(level["accepted"]) + " " : "None ",
                     accepted > 0 ? fmt::format("({:.0f}&#160;%)", 100 * accepted / countable) : "",
                     level.at("error").get<double>() * 100);
}

std::string safe_tile(const Json& report) {
  const Json& acceptance = report.at("acceptance");
  std::string numbers;
  std::string needed;
  for (const Json& level : acceptance.at("levels")) {
    numbers += (numbers.empty() ? "" : "<br/>") +
               level_text(level, acceptance.at("countable").get<double>());
    if (level.at("together").at("threshold").is_null()) {
      needed +=
          fmt::format("; {:.2g}&#160;% {}", level.at("error").get<double>() * 100,
                      level.at("labels_needed").is_null()
                          ? "is out of reach by these probabilities"
                          : "needs about " + count_text(level["labels_needed"]) + " known labels");
    }
  }
  const bool is_audit = acceptance.at("basis") == "the audit";
  return tile("Safe to use?", numbers,
              fmt::format("with {:.0f}&#160;% confidence, from {}{}{}; <a "
                          "href=\"#acceptance\">thresholds</a>",
                          acceptance.at("confidence").get<double>() * 100,
                          escape(acceptance.at("basis").get<std::string>()),
                          is_audit ? "" : "; holds for items like the seeds", needed));
}

std::string labels_tile(const Json& report) {
  const Json& corpus = report.at("run").at("corpus");
  const Json& status = report.at("consensus").at("status_counts");
  const long long items = corpus.at("items").get<long long>();
  const long long none =
      status.at("abstain").get<long long>() + status.at("unreachable").get<long long>();
  return tile("How many labels?", grouped(items - none),
              fmt::format("of {} items, in {} classes, from {} seeds", grouped(items),
                          corpus.at("classes").size(), count_text(corpus.at("seeds"))));
}

std::string review_tile(const Json& report) {
  const Json& status = report.at("consensus").at("status_counts");
  return tile(
      "What to review next?", count_text(status.at("review")) + " <span class=\"ci\">items</span>",
      fmt::format("and {} without a stated label; <a href=\"#review\">begin with these {}</a>",
                  count_text(status.at("abstain")), report.at("review").size()));
}

void find_in_graph(const Json& report, std::vector<std::string>& notes) {
  const Json& knn = report.at("graph").at("knn");
  const Json& corpus = report.at("run").at("corpus");
  const Json& status = report.at("consensus").at("status_counts");
  const double items = corpus.at("items").get<double>();
  if (status.at("unreachable").get<double>() > 0) {
    notes.push_back(fmt::format(
        "{} items lie in parts of the graph without a seed: they have no label. Label one item in "
        "each part, or raise knn.k.",
        count_text(status["unreachable"])));
  }
  if (knn.contains("recall") && knn["recall"].at("recall").get<double>() < 0.9) {
    notes.push_back(fmt::format("The graph holds only {} of the true neighbors: raise knn.recall.",
                                percent(knn["recall"]["recall"].get<double>())));
  }
  const double duplicates = corpus.at("duplicate_items").get<double>();
  if (duplicates > 0.01 * items) {
    notes.push_back(
        fmt::format("{} of the items repeat the vector of another.", percent(duplicates / items)));
  }
}

void find_in_classes(const Json& report, std::vector<std::string>& notes) {
  const KnownAccuracy known = known_accuracy(report);
  std::vector<std::pair<double, std::string>> poor;
  for (const Json& of_class : *known.per_class) {
    const Json& precision = of_class.at("precision");
    if (!precision.at("value").is_null() && precision["value"].get<double>() < 0.7) {
      poor.emplace_back(precision["value"].get<double>(),
                        fmt::format("{} {}", escape(of_class.at("class").get<std::string>()),
                                    share_text(precision)));
    }
  }
  std::sort(poor.begin(), poor.end());
  if (!poor.empty()) {
    std::string text = "Labels of these classes are often wrong (share right): ";
    constexpr std::size_t kNamed = 5;
    for (std::size_t i = 0; i < std::min(poor.size(), kNamed); ++i) {
      text += (i == 0 ? "" : ", ") + poor[i].second;
    }
    notes.push_back(text + (poor.size() > kNamed
                                ? fmt::format(" and {} more.", poor.size() - kNamed)
                                : std::string{"."}));
  }
}

void find_in_voters(const Json& report, std::vector<std::string>& notes) {
  const Json& agreement = report.at("agreement").at("mean_pair_agreement");
  if (!agreement.at("value").is_null() && agreement["value"].get<double>() < 0.7) {
    notes.push_back(fmt::format("Two voters agree on an item in only {} of cases.",
                                percent(agreement["value"].get<double>())));
  }
  const Json& corpus = report.at("run").at("corpus");
  std::vector<std::string> few;
  const auto seeds = corpus.at("seeds_per_class").get<std::vector<long long>>();
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    if (seeds[k] < 5) {
      few.push_back(escape(corpus.at("classes")[k].get<std::string>()));
    }
  }
  if (!few.empty()) {
    notes.push_back(
        fmt::format("{} of the classes have fewer than five seeds{}: their accuracy is "
                    "hardly known.",
                    few.size(), few.size() <= 5 ? fmt::format(" ({})", fmt::join(few, ", ")) : ""));
  }
}

void find_in_seeds(const Json& report, std::vector<std::string>& notes) {
  const Json& seeds = report.at("seeds");
  if (!seeds.at("suspects").empty()) {
    std::string text =
        fmt::format("{} of the {} seeds {} mislabeled: <a href=\"#seeds\">which ones</a>.",
                    seeds["suspects"].size(), count_text(seeds.at("held_out")),
                    has_noise(report) ? "look" : "may be");
    if (has_noise(report)) {
      text += fmt::format(
          " In all {} of the seeds are estimated to be wrong. They count as errors of the labels: "
          "put them right before you trust the numbers above.",
          share_text(seeds.at("noise_rate")));
    }
    notes.push_back(text);
  }
}

/// What looks wrong, worst first; each a sentence.
std::vector<std::string> find_problems(const Json& report) {
  std::vector<std::string> notes;
  for (const Json& warning : report.at("run").at("corpus").at("warnings")) {
    notes.push_back(escape(warning.get<std::string>()) + ".");
  }
  find_in_graph(report, notes);
  find_in_seeds(report, notes);
  find_in_classes(report, notes);
  find_in_voters(report, notes);
  return notes;
}

std::string status_strip(const Json& report) {
  std::vector<Part> parts;
  for (const auto& [status, count] : report.at("consensus").at("status_counts").items()) {
    if (count.get<double>() > 0) {
      parts.push_back({status, status, count.get<double>()});
    }
  }
  return stacked_bar("Status of items", parts);
}

}  // namespace

std::string overview(const Json& report) {
  const std::vector<std::string> notes = find_problems(report);
  std::string html = "<div class=\"tiles\">\n" + labels_tile(report) + accuracy_tile(report) +
                     safe_tile(report) + review_tile(report) + "</div>\n" + status_strip(report);
  html +=
      "<section id=\"problems\" aria-labelledby=\"problems-h\"><h2 id=\"problems-h\">What looks "
      "wrong?</h2>\n<ul class=\"notes\">";
  for (const std::string& note : notes) {
    html += "<li>" + note + "</li>\n";
  }
  return html + (notes.empty() ? "<li class=\"fine\">Nothing stands out.</li>" : "") +
         "</ul></section>\n";
}

}  // namespace kith::report
