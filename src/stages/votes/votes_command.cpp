// kith votes: what the voters do and what label models make of them, without a graph.
#include <algorithm>
#include <array>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/parallel.hpp"
#include "kith/io/csv.hpp"
#include "kith/io/files.hpp"
#include "kith/stages/stages.hpp"

#include "stages/votes/vote_source.hpp"
#include "stages/votes/votes_report.hpp"

namespace kith::stages {
namespace {

using label_model::FittedModel;
using label_model::Vote;
using label_model::VoteTable;

constexpr double kLeastShare = 0.01;  // of a class that an item's line in the labels is for
constexpr Count kRowsAtOnce = 4096;

/// Labels of the rows that have a vote, and what the model says of their accuracy.
ModelResult judge(const VoteTable& table, FittedModel model, bool has_gold) {
  ModelResult result{std::move(model), 0, std::nullopt};
  if (!result.model.reason.empty()) {
    return result;
  }
  std::vector<std::int32_t> label(table.size());
  std::vector<double> largest(table.size());
  parallel_for(count_of(table.counts), kRowsAtOnce, [&](Count begin, Count end) {
    std::vector<double> shares(to_size(table.num_classes));
    for (std::size_t row = to_size(begin); row < to_size(end); ++row) {
      result.model.posterior(table.row(row), shares);
      const auto best = std::max_element(shares.begin(), shares.end());
      label[row] = static_cast<std::int32_t>(best - shares.begin());
      largest[row] = *best;
    }
  });
  qa::Confusion confusion{table.num_classes};
  double sum = 0;
  double items = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (table.row(row).empty()) {
      continue;
    }
    const auto count = static_cast<double>(table.counts[row]);
    sum += count * largest[row];
    items += count;
    if (table.gold[row] >= 0) {
      confusion.add(Label{table.gold[row]}, Label{label[row]}, table.counts[row]);
    }
  }
  result.expected_accuracy = items > 0 ? sum / items : 0;
  if (has_gold) {
    result.on_gold = qa::measure_accuracy(confusion);
  }
  return result;
}

/// All models; the chosen one once more with less weight for voters that repeat others.
void fit_models(const VoteTable& table, const label_model::VotesConfig& config, bool has_gold,
                VotesReport& report) {
  label_model::FitOptions options = config.fit_options();
  report.choice = label_model::choose_method(table, {}, options);
  if (config.method != nullptr) {
    report.choice.method = config.method->name();
    report.choice.why = "votes.method asks for it";
  }
  if (report.choice.method.empty()) {
    fail("votes: no label model can be fitted: {}", report.choice.why);
  }
  const label_model::Method& chosen = *label_model::find_method(report.choice.method);
  report.correlated = label_model::find_correlated(table, chosen, options);
  if (report.correlated.reason.empty()) {
    options.voter_weights = report.correlated.weights;
  }
  for (const label_model::Method* method : label_model::methods()) {
    const bool is_plain = method->name() == "majority" || method->name() == "weighted_majority";
    if (label_model::has_many_votes(table) && method != &chosen && !is_plain) {
      FittedModel none;
      none.method = method->name();
      none.reason = "not fitted to so many votes; votes.method asks for it";
      report.models.push_back({std::move(none), 0, std::nullopt});
      continue;
    }
    log::info("votes: fits {}", method->name());
    if (method == &chosen) {
      report.chosen = report.models.size();
    }
    report.models.push_back(judge(table, method->fit(table, options), has_gold));
  }
  const std::string reason = report.best().model.reason;
  if (!reason.empty() && config.method != nullptr) {
    fail("votes.method = {}, which cannot be fitted to these votes: {}", chosen.name(), reason);
  }
  if (!reason.empty()) {  // it could be fitted to parts of the votes, or before voters had weights
    report.choice.why = fmt::format("{} cannot be fitted to all votes: {}", chosen.name(), reason);
    report.choice.method = report.models.front().model.method;
    report.chosen = 0;
  }
}

VotesReport make_report(const VoteSource& source, const VoteTable& table,
                        const label_model::VotesConfig& config) {
  VotesReport report;
  report.classes = source.classes();
  report.voters = source.voters();
  report.notes = source.notes();
  for (std::size_t row = 0; row < table.size(); ++row) {
    report.num_known += table.known[row] >= 0 ? table.counts[row] : 0;
  }
  if (source.has_gold()) {
    report.truth = qa::Truth::gold;
  } else if (report.num_known > 0) {
    report.truth = qa::Truth::known;
  }
  report.votes = qa::measure_voters(table, report.truth.value_or(qa::Truth::known));
  if (report.votes.num_covered == 0) {
    fail("votes: no voter votes on any item");
  }
  fit_models(table, config, source.has_gold(), report);
  report.changes_without =
      qa::changes_without(table, [&](std::span<const Vote> votes, std::span<double> shares) {
        report.best().model.posterior(votes, shares);
      });
  return report;
}

/// The lines of an item: its classes by share, those of at least kLeastShare, ties to the smaller.
void append_lines(const VoteSource& source, const VotedItem& item, std::span<const double> shares,
                  std::string& text) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < shares.size(); ++k) {
    if (shares[k] >= kLeastShare) {
      order.push_back(k);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return shares[a] > shares[b]; });
  for (const std::size_t k : order) {
    text += fmt::format("{},{},{:.6g}\n", io::csv_cell(source.item_name(item.row)),
                        io::csv_cell(source.classes()[k]), shares[k]);
  }
}

/// Collective. Items that have a vote, or are known, in the form of corpus.seeds with soft seeds.
void write_labels(const comm::Communicator& comm, const VoteSource& source,
                  const FittedModel& model, const std::string& path) {
  std::string mine;
  std::vector<double> shares(source.classes().size());
  source.for_each_item([&](const VotedItem& item) {
    if (item.known >= 0) {
      std::fill(shares.begin(), shares.end(), 0.0);
      shares[to_size(item.known)] = 1;
    } else if (item.votes.empty()) {
      return;
    } else {
      model.posterior(item.votes, shares);
    }
    append_lines(source, item, shares, mine);
  });
  std::vector<Count> to_root(to_size(comm.size()), 0);
  to_root[0] = count_of(mine);
  const auto all = comm::exchange<char>(comm, mine, to_root).items;
  comm::on_root(comm, [&] {
    std::string text = fmt::format("{},label,weight\n", source.item_column());
    text.append(all.begin(), all.end());
    io::write_file_atomically(path, text);
  });
}

}  // namespace

std::string describe_votes(const comm::Communicator& comm, const config::Config& config,
                           const VotesFiles& files) {
  if (!files.json.empty() && files.json == files.labels) {
    throw comm::CollectiveError{
        fmt::format("votes: {} is named twice, for --json and for --labels", files.json)};
  }
  for (const std::string& path : std::array{files.json, files.labels}) {
    if (!path.empty()) {
      comm::on_root(comm, [&] { io::require_new_file(path); });
    }
  }
  const VoteSource source{comm, config, files.gold};
  for (const std::string& note : source.notes()) {
    log::info("warning: {}", note);
  }
  const VoteTable table = source.count();
  log::info("votes: {} items, {} different rows of votes", table.num_items(), table.size());
  const VotesReport report =
      comm::locally(comm, [&] { return make_report(source, table, config.votes); });
  if (!files.labels.empty()) {
    write_labels(comm, source, report.best().model, files.labels);
  }
  if (!files.json.empty()) {
    comm::on_root(
        comm, [&] { io::write_file_atomically(files.json, io::json_text(to_json(report), 1)); });
  }
  return to_text(report);
}

}  // namespace kith::stages
