// What `kith votes` prints.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "stages/votes/votes_report.hpp"

namespace kith::stages {
namespace {

constexpr std::size_t kShownVoters = 60;
constexpr std::size_t kShownClasses = 3;
constexpr std::size_t kShownGroups = 20;
constexpr std::size_t kLongestName = 28;

std::string percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string percent(const qa::Proportion& share) {
  return share.value
             ? fmt::format("{:.1f} % [{:.1f}, {:.1f}] of {}", *share.value * 100,
                           share.interval.low * 100, share.interval.high * 100, share.trials)
             : std::string{"-"};
}

/// Names that are too long lose their middle; bytes of one character stay together.
std::string shortened(const std::string& name) {
  if (name.size() <= kLongestName) {
    return name;
  }
  const auto is_inside = [&](std::size_t at) {
    return at < name.size() && (static_cast<unsigned char>(name[at]) & 0xC0U) == 0x80U;
  };
  std::size_t head = kLongestName - 9;
  while (is_inside(head)) {
    --head;
  }
  std::size_t tail = name.size() - 6;
  while (is_inside(tail)) {
    ++tail;
  }
  return name.substr(0, head) + "..." + name.substr(tail);
}

std::string items_text(const VotesReport& report) {
  const qa::VoteStatistics& votes = report.votes;
  return fmt::format(
      "{} voters, {} classes, {} items: {} have a vote, {} two or more, {} votes that differ\n",
      report.voters.size(), report.classes.size(), votes.num_items,
      percent(votes.share(votes.num_covered)), percent(votes.share(votes.num_overlaps)),
      percent(votes.share(votes.num_conflicts)));
}

/// The classes that it votes, those with most votes first.
std::string polarity(const VotesReport& report, const qa::VoterStatistics& voter) {
  std::vector<std::size_t> classes;
  for (std::size_t k = 0; k < voter.votes_by_class.size(); ++k) {
    if (voter.votes_by_class[k] > 0) {
      classes.push_back(k);
    }
  }
  std::stable_sort(classes.begin(), classes.end(), [&](std::size_t a, std::size_t b) {
    return voter.votes_by_class[a] > voter.votes_by_class[b];
  });
  std::vector<std::string> names;
  for (const std::size_t k : std::span{classes}.first(std::min(classes.size(), kShownClasses))) {
    names.push_back(shortened(report.classes[k]));
  }
  return fmt::format("{}{}", fmt::join(names, ", "),
                     classes.size() > kShownClasses
                         ? fmt::format(", {} more", classes.size() - kShownClasses)
                         : "");
}

/// "; wrong: 12 cat as dog, 3 bee as dog", where classes are known.
std::string mistakes_text(const VotesReport& report, const qa::VoterStatistics& voter) {
  std::vector<std::string> pairs;
  for (const qa::Mistake& mistake : voter.mistakes) {
    pairs.push_back(fmt::format("{} {} as {}", mistake.items,
                                shortened(report.classes[to_size(mistake.truth)]),
                                shortened(report.classes[to_size(mistake.vote)])));
  }
  return pairs.empty() ? std::string{} : fmt::format("; wrong: {}", fmt::join(pairs, ", "));
}

std::string voter_line(const VotesReport& report, std::size_t m) {
  const qa::VoterStatistics& voter = report.votes.voters[m];
  const label_model::FittedModel& model = report.best().model;
  const std::string estimated =
      model.is_majority ? "-" : percent(model.voters[m].expected_accuracy(model.prior));
  return fmt::format(
      "{:<28} {:>8} {:>8} {:>8} {:>8} {:>8} {:<28} {:>9} {:>6} {:>8}  {}{}\n",
      shortened(report.voters[m]), voter.num_votes, percent(report.votes.share(voter.num_votes)),
      percent(report.votes.share(voter.num_overlaps)),
      percent(report.votes.share(voter.num_conflicts)), voter.num_alone, percent(voter.accuracy),
      estimated, model.is_majority ? "1.00" : fmt::format("{:.2f}", model.voters[m].weight),
      report.changes_without[m], polarity(report, voter), mistakes_text(report, voter));
}

std::string voters_text(const VotesReport& report) {
  std::vector<std::size_t> order(report.voters.size());
  std::iota(order.begin(), order.end(), 0U);
  const bool is_cut = order.size() > kShownVoters;
  if (is_cut) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return report.votes.voters[a].num_votes > report.votes.voters[b].num_votes;
    });
    order.resize(kShownVoters);
  }
  std::string text =
      fmt::format("\n{:<28} {:>8} {:>8} {:>8} {:>8} {:>8} {:<28} {:>9} {:>6} {:>8}  {}\n", "voter",
                  "votes", "coverage", "overlap", "conflict", "alone",
                  report.truth == qa::Truth::gold ? "accuracy on gold" : "accuracy on seeds",
                  "estimated", "weight", "decides", "classes");
  for (const std::size_t m : order) {
    text += voter_line(report, m);
  }
  if (is_cut) {
    text += fmt::format("{} more with fewer votes: --json FILE has all\n",
                        report.voters.size() - order.size());
  }
  return text;
}

std::string model_line(const VotesReport& report, const ModelResult& result, bool is_chosen) {
  if (!result.model.reason.empty()) {
    return fmt::format("  {:<18} -: {}\n", result.model.method, result.model.reason);
  }
  std::string accuracy = "-";
  if (result.on_gold) {
    accuracy = percent(result.on_gold->overall);
    if (result.on_gold->macro_f1) {
      accuracy += fmt::format(", macro F1 {:.1f} %", *result.on_gold->macro_f1 * 100);
    }
  }
  const auto held_out = std::find_if(
      report.choice.candidates.begin(), report.choice.candidates.end(),
      [&](const label_model::Candidate& one) { return one.method == result.model.method; });
  return fmt::format("{} {:<18} {:>12} {:>12}  {}\n", is_chosen ? "*" : " ", result.model.method,
                     held_out != report.choice.candidates.end() && held_out->reason.empty()
                         ? fmt::format("{:.4f}", held_out->held_out)
                         : "-",
                     percent(result.expected_accuracy), accuracy);
}

std::string models_text(const VotesReport& report) {
  std::string text = fmt::format("\n  {:<18} {:>12} {:>12}  {}\n", "label model", "held out",
                                 "if it holds", "accuracy on gold, of items with a vote");
  for (std::size_t i = 0; i < report.models.size(); ++i) {
    text += model_line(report, report.models[i], i == report.chosen);
  }
  return text + "held out: " + explain(report.choice) + "\nchosen: " + report.best().model.method +
         ": " + report.choice.why + "\n";
}

std::string correlated_text(const VotesReport& report) {
  if (!report.correlated.reason.empty()) {
    return fmt::format("correlated voters: not looked for: {}\n", report.correlated.reason);
  }
  std::string text;
  const auto& groups = report.correlated.groups;
  for (const auto& group : std::span{groups}.first(std::min(groups.size(), kShownGroups))) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < group.voters.size(); ++i) {
      names.push_back(fmt::format("{} ({:.2f})", shortened(report.voters[to_size(group.voters[i])]),
                                  group.weights[i]));
    }
    text += fmt::format("correlated voters, with the weight that each has: {}\n",
                        fmt::join(names, ", "));
  }
  if (groups.size() > kShownGroups) {
    text += fmt::format("{} more groups of correlated voters: --json FILE has all\n",
                        groups.size() - kShownGroups);
  }
  return text.empty() ? "correlated voters: none found\n" : text;
}

std::string promise_text(const VotesReport& report) {
  if (report.best().on_gold && report.best().on_gold->overall.trials > 0) {
    return {};
  }
  return fmt::format(
      "ACCURACY IS NOT KNOWN: no item has a gold label. If every voter errs independently of the\n"
      "others given the true class, {} of the labels are right. Only labels by people can tell:\n"
      "kith review export --audit N, after kith run, or --gold FILE here.\n",
      percent(report.best().expected_accuracy));
}

}  // namespace

std::string explain(const label_model::Choice& choice) {
  return choice.by_known ? "log-loss on items whose class is known, nats an item, less is better"
                         : "log-likelihood of held-out votes, nats an item, more is better";
}

std::string to_text(const VotesReport& report) {
  return items_text(report) + voters_text(report) + models_text(report) + "\n" +
         correlated_text(report) + promise_text(report);
}

}  // namespace kith::stages
