#include <fmt/format.h>

#include <map>

#include "report/sections.hpp"

namespace kith::report {
namespace {

/// Names of the estimators with their sources.
std::string estimator_name(const std::string& name) {
  static const std::map<std::string, std::string> kNames{
      {"mean_probability", "mean probability"},
      {"thresholded_confidence", "thresholded confidence (Garg et al. 2022)"},
      {"difference_of_confidences", "difference of confidences (Guillory et al. 2021)"},
      {"dawid_skene", "model of the votes (Dawid and Skene 1979)"},
      {"disagreement", "agreement of two voters (Jiang et al. 2022)"}};
  const auto found = kNames.find(name);
  return found == kNames.end() ? escape(name) : found->second;
}

std::string value_text(const Json& value) {
  return value.is_null() ? "&#8211;" : percent(value.get<double>());
}

std::string points_text(const Json& gap) {
  return gap.is_null() ? "&#8211;" : fmt::format("{:+.1f}", gap.get<double>() * 100);
}

std::string subject(const std::string& of) {
  return of == "voter"   ? "one voter, drawn at random"
         : of == "model" ? "the model's own labels"
                         : "the consensus";
}

std::string estimate_table(const Json& without_gold) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& estimate : without_gold.at("estimates")) {
    std::string assumption = escape(estimate.at("assumption").get<std::string>());
    if (estimate.contains("reason")) {
      assumption = "no value: " + escape(estimate["reason"].get<std::string>());
    }
    const Json& bound = without_gold.at("disagreement_bound");
    if (estimate.at("name") == "disagreement" && !bound.is_null()) {
      assumption +=
          fmt::format("; the bound: {:.1f} points on held-out seeds (Kirsch and Gal 2022)",
                      bound.get<double>() * 100);
    }
    rows.push_back({estimator_name(estimate["name"].get<std::string>()),
                    subject(estimate.at("of").get<std::string>()), value_text(estimate.at("value")),
                    points_text(estimate.at("gap")), assumption});
  }
  return table({"estimator", "accuracy of", "estimate", "minus known, points", "assuming that"},
               rows, {4});
}

std::string voter_table(const Json& without_gold) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& voter : without_gold.at("voters")) {
    const Json& triplet = voter.at("triplet");
    rows.push_back({escape(voter.at("name").get<std::string>()),
                    triplet.contains("reason") ? escape(triplet["reason"].get<std::string>())
                                               : value_text(triplet.at("value")),
                    value_text(voter.at("dawid_skene")), value_text(voter.at("known"))});
  }
  return table({"voter", "triplets", "model of the votes", "known"}, rows);
}

}  // namespace

std::string without_gold_section(const Json& report) {
  const Json& without_gold = report.at("accuracy_without_gold");
  const Json& known = without_gold.at("known");
  std::string html = paragraph(fmt::format(
      "Each of these estimates stands or falls with its assumption, which the votes cannot show. "
      "Trust the accuracy that is known from {}: {} of the consensus, {} of a voter on the mean.",
      escape(known.at("basis").get<std::string>()), share_text(known.at("consensus")),
      value_text(known.at("mean_voter"))));
  html += estimate_table(without_gold);
  html += details("Voter by voter",
                  paragraph("Triplets (Platanios et al. 2014; Fu et al. 2020) and the model take "
                            "the voters' errors to be independent. Members that share a graph err "
                            "together, which both take for accuracy.") +
                      voter_table(without_gold));
  return section("without-gold", "Accuracy without true labels", html);
}

}  // namespace kith::report
