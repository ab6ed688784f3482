// kith votes: what the voters do and what label models make of them, without a graph.
#include <algorithm>
#include <array>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/csv.hpp"
#include "kith/io/files.hpp"
#include "kith/stages/stages.hpp"

#include "stages/votes/vote_source.hpp"
#include "stages/votes/votes_report.hpp"

namespace kith::stages {
namespace {

using label_model::FittedModel;
using label_model::VoteTable;

constexpr double kLeastShare = 0.01;  // of a class that an item's line in the labels is for

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
