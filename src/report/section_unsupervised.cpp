#include <fmt/format.h>

#include <map>

#include "report/sections.hpp"
#include "report/text.hpp"

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

std::string value_text(std::optional<double> value) {
  return value ? percent(*value) : "&#8211;";
}

std::string points_text(std::optional<double> gap) {
  return gap ? fmt::format("{:+.1f}", *gap * 100) : "&#8211;";
}

std::string subject(const std::string& of) {
  return of == "voter"   ? "one voter, drawn at random"
         : of == "model" ? "the model's own labels"
                         : "the consensus";
}

std::string assumption_text(const AccuracyEstimate& estimate, std::optional<double> bound) {
  std::string text =
      estimate.reason ? "no value: " + escape(*estimate.reason) : escape(estimate.assumption);
  if (estimate.name == "disagreement" && bound) {
    text += fmt::format("; the bound: {:.1f} points on held-out seeds (Kirsch and Gal 2022)",
                        *bound * 100);
  }
  return text;
}

std::string estimate_table(const UnsupervisedAccuracy& accuracy) {
  std::vector<std::vector<std::string>> rows;
  for (const AccuracyEstimate& estimate : accuracy.estimates) {
    rows.push_back({estimator_name(estimate.name), subject(estimate.of), value_text(estimate.value),
                    points_text(estimate.gap),
                    assumption_text(estimate, accuracy.disagreement_bound)});
  }
  return table({"estimator", "accuracy of", "estimate", "minus known, points", "assuming that"},
               rows, {4});
}

std::string voter_table(const std::vector<VoterAccuracy>& voters) {
  std::vector<std::vector<std::string>> rows;
  for (const VoterAccuracy& voter : voters) {
    rows.push_back(
        {escape(voter.name),
         voter.triplet.reason ? escape(*voter.triplet.reason) : value_text(voter.triplet.value),
         value_text(voter.dawid_skene), value_text(voter.known)});
  }
  return table({"voter", "triplets", "model of the votes", "known"}, rows);
}

}  // namespace

std::string unsupervised_section(const Report& report) {
  const UnsupervisedAccuracy& accuracy = report.unsupervised_accuracy;
  const KnownAccuracy& known = accuracy.known;
  const std::string known_text =
      known.consensus.value
          ? fmt::format(
                " The accuracy on {} is known: {} for the consensus, {} for a voter on average.",
                escape(known.basis), share_text(known.consensus), value_text(known.mean_voter))
          : "";
  return paragraph(
             "Each estimate is only as good as its assumption, and the votes cannot confirm the "
             "assumption." +
             known_text) +
         estimate_table(accuracy) +
         details("Voter by voter",
                 paragraph("Triplets (Platanios et al. 2014; Fu et al. 2020) and the model assume "
                           "that voters err independently. Members on one graph make the same "
                           "errors, and both estimators count these as accuracy.") +
                     voter_table(accuracy.voters));
}

}  // namespace kith::report
