#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/svg.hpp"

namespace kith::report {
namespace {

std::string suspects_table(const Json& suspects) {
  const bool has_ids = !suspects.empty() && suspects.front().contains("id");
  std::vector<std::string> head{"row", "given", "suggested", "chance that it is wrong",
                                "probability of the given label"};
  if (has_ids) {
    head.insert(head.begin(), "id");
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& suspect : suspects) {
    std::vector<std::string> row{
        count_text(suspect.at("row")), escape(suspect.at("given").get<std::string>()),
        escape(suspect.at("suggested").get<std::string>()), decimal(suspect.at("wrong"), 3),
        decimal(suspect.at("self_confidence"), 4)};
    if (has_ids) {
      row.insert(row.begin(), escape(suspect.at("id").get<std::string>()));
    }
    rows.push_back(std::move(row));
  }
  constexpr std::size_t kShown = 10;
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), kShown));
  std::string html = table(head, {rows.begin(), middle});
  if (middle != rows.end()) {
    html += details(fmt::format("{} more", rows.end() - middle), table(head, {middle, rows.end()}));
  }
  return html;
}

std::string filter_text(const Json& seeds) {
  const auto filter = seeds.at("filter").get<std::string>();
  return filter == "likely_wrong" ? "more likely wrong than right at the highest rate of wrong "
                                    "seeds that they do not exclude"
                                  : "confident learning, " + escape(filter);
}

std::string class_table(const Json& seeds) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& of_class : seeds.at("per_class")) {
    rows.push_back({escape(of_class.at("class").get<std::string>()),
                    count_text(of_class.at("given")), count_text(of_class.at("flagged")),
                    decimal(of_class.at("quality"), 3), decimal(of_class.at("missed"), 3),
                    decimal(of_class.at("true_share"), 3)});
  }
  return table({"class", "seeds", "suspected", "label quality", "given another label",
                "share of true class"},
               rows);
}

std::string overlap_chart(const Json& seeds) {
  constexpr std::size_t kShown = 10;
  std::vector<Bar> bars;
  double top = 0;
  for (const Json& overlap : seeds.at("overlaps")) {
    if (bars.size() == kShown) {
      break;
    }
    const double share = overlap.at("share").get<double>() * 100;
    const std::string name =
        overlap.at("first").get<std::string>() + " / " + overlap.at("second").get<std::string>();
    bars.push_back({name, share, {}, {}, fmt::format("{}: {:.2f} % of the seeds", name, share)});
    top = std::max(top, share);
  }
  return bars.empty() ? std::string{}
                      : bar_chart("Pairs of classes that overlap most",
                                  "% of seeds given one and likely the other", top, bars);
}

/// Equal vectors with seeds of different classes.
std::string conflicts_part(const Json& report) {
  const Json& conflicts = report.at("run").at("corpus").at("seed_conflicts");
  const Json& listed = conflicts.at("listed");
  if (listed.empty()) {
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& group : listed) {
    std::vector<std::string> given;
    for (std::size_t i = 0; i < group.at("rows").size(); ++i) {
      given.push_back(fmt::format("row {}: {}", count_text(group["rows"][i]),
                                  escape(group.at("given")[i].get<std::string>())));
    }
    rows.push_back({count_text(group.at("seeds")), fmt::format("{}", fmt::join(given, ", "))});
  }
  const long long left_out =
      conflicts.at("vectors").get<long long>() - static_cast<long long>(listed.size());
  return paragraph(fmt::format(
             "Equal vectors with seeds of different classes: {}, with {} seeds in all. Each seed "
             "keeps "
             "the label that it was given; members learn the shares of the labels.{}",
             count_text(conflicts["vectors"]), count_text(conflicts.at("seeds")),
             left_out > 0 ? fmt::format(" The first {} of them:", listed.size()) : "")) +
         details("Equal vectors with seeds of different classes",
                 table({"seeds", "given"}, rows, {1}));
}

/// Which seeds may be wrong, by what members say of them.
std::string suspects_part(const Json& seeds) {
  const Json& suspects = seeds.at("suspects");
  std::string html = paragraph(fmt::format(
      "{} of {} seeds may be mislabeled, by what members say that had not seen them ({}). In all "
      "an "
      "estimated {} of the seeds are wrong; those that resemble the class they were given cannot "
      "be "
      "told. Look at the suspects before anything else: a wrong seed misleads all around it.",
      suspects.size(), count_text(seeds.at("held_out")), filter_text(seeds),
      share_text(seeds.at("noise_rate"))));
  if (!suspects.empty()) {
    html += suspects_table(suspects);
  }
  html += overlap_chart(seeds) + details("Seeds by class", class_table(seeds));
  return html;
}

}  // namespace

std::string seed_section(const Json& report) {
  const Json& seeds = report.at("seeds");
  const bool has_judged = seeds.at("held_out").get<long long>() > 0;
  const std::string html = (has_judged ? suspects_part(seeds) : "") + conflicts_part(report);
  return html.empty() ? html : section("seeds", "Are the seeds right?", html);
}

}  // namespace kith::report
