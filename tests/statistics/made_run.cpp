#include "statistics/made_run.hpp"

namespace kith::test {
namespace {

constexpr int kClasses = 2;

Label true_class(Count row) {
  return Label{static_cast<std::int32_t>(row % kClasses)};
}

bool is_seed(Count row) {
  return row < kClasses;
}

corpus::Corpus make_corpus(Count num_items) {
  corpus::Corpus corpus;
  corpus.num_items = num_items;
  corpus.class_names = {"ant", "bee"};
  return corpus;
}

std::vector<corpus::Seed> make_seeds() {
  return {{GlobalId{0}, true_class(0)}, {GlobalId{1}, true_class(1)}};
}

std::vector<ensemble::Member> make_members() {
  std::vector<ensemble::Member> members(2);
  members[0].config.name = "spreading";
  members[0].config.solver.method = &propagate::method("spreading");
  members[0].result.trace.resize(1);
  members[0].result.trace[0].class_counts = {1, 1};
  members[1].config.name = "crowd";
  members[1].source = ensemble::Source::votes;
  return members;
}

/// Each seed by members that had not seen it: right, and sure to 0.75.
ensemble::HeldOutPredictions predict_seeds() {
  const auto rows = LabelRows<double>::dense(kClasses, {0.75, 0.25, 0.25, 0.75});
  ensemble::HeldOutPredictions held_out;
  held_out.truth = {true_class(0), true_class(1)};
  held_out.member_votes = {held_out.truth, held_out.truth};
  held_out.member_probabilities = {rows, rows};
  held_out.raw_probabilities = {rows, rows};
  held_out.consensus = held_out.truth;
  held_out.of_seeds = rows;
  held_out.probabilities = rows;
  held_out.raw_pool = rows;
  held_out.added = {0.1, 0.0};
  return held_out;
}

/// What held-out seeds say of the corpus.
ensemble::Consensus make_consensus() {
  ensemble::Consensus consensus;
  consensus.member_weights = {0.75, 0.25};
  consensus.shares.design = qa::SeedDesign::random;
  consensus.shares.is_known = true;
  consensus.shares.shares = {0.5, 0.5};
  consensus.shares.deviations = {0.1, 0.1};
  return consensus;
}

/// One cell a rank, of the rows of its block.
cells::CellLayout make_cells(Count num_items) {
  const int ranks = world().size();
  std::vector<Position> first_node;
  std::vector<CellId> first_cell;
  for (int rank = 0; rank < ranks; ++rank) {
    first_node.emplace_back(corpus::rows_of(num_items, Rank{rank}, ranks).begin.value());
    first_cell.emplace_back(rank);
  }
  first_node.emplace_back(num_items);
  first_cell.emplace_back(ranks);
  return {std::move(first_node), std::move(first_cell)};
}

NeighborLists make_lists(IdRange<GlobalId> block, Count num_items) {
  NeighborLists lists;
  lists.k = 2;
  for (Count row = block.begin.value(); row < block.end.value(); ++row) {
    for (int step = 1; step <= lists.k; ++step) {
      lists.neighbors.emplace_back((row + step) % num_items);
      lists.distances.push_back(static_cast<float>(step));
    }
  }
  return lists;
}

/// The last item was drawn, and is what its label says.
review::Audit make_audit(Count num_items) {
  review::Audit audit;
  audit.strata = {{true_class(num_items - 1), num_items - kClasses, 1, 0.1, 0.01}};
  audit.entries = {{num_items - 1, "", 0, 0.9, true_class(num_items - 1)}};
  return audit;
}

}  // namespace

std::vector<layout::ItemOfNode> MadeRun::nodes() const {
  std::vector<layout::ItemOfNode> items;
  for (Count row = block_.begin.value(); row < block_.end.value(); ++row) {
    items.push_back({GlobalId{row}, LocalId{static_cast<std::int32_t>(count_of(items))}});
  }
  return items;
}

statistics::ItemColumns MadeRun::make_columns() const {
  statistics::ItemColumns items;
  items.block = block_;
  for (Count row = block_.begin.value(); row < block_.end.value(); ++row) {
    const std::int32_t label = true_class(row).value();
    const auto status = is_seed(row) ? ensemble::Status::seed : ensemble::Status::review;
    items.votes.push_back(label);
    items.votes.push_back(row % 3 == 2 ? -1 : label);
    items.label.push_back(label);
    items.best.push_back(label);
    items.status.push_back(static_cast<std::uint8_t>(status));
    items.probability.push_back(is_seed(row) ? 1.0F : 0.9F);
    items.vote_entropy.push_back(0);
    items.bald.push_back(0.1F);
    items.margin.push_back(0.8F);
    items.gold.push_back(is_seed(row) ? Label{} : true_class(row));
  }
  return items;
}

MadeRun::MadeRun(bool has_audit)
    : num_items_{2 * Count{world().size()} + 2},
      block_{corpus::rows_of(num_items_, world().rank(), world().size())},
      corpus_{make_corpus(num_items_)},
      seeds_{make_seeds()},
      members_{make_members()},
      consensus_{make_consensus()},
      held_out_{predict_seeds()},
      cells_{make_cells(num_items_)},
      lists_{make_lists(block_, num_items_)},
      exchange_{world(), nodes(), num_items_},
      results_{world(),
               corpus_,
               corpus_config_,
               config_,
               1,
               seeds_,
               members_,
               consensus_,
               held_out_,
               {0, 1},
               cells_,
               lists_,
               exchange_,
               make_columns(),
               has_audit ? std::optional{make_audit(num_items_)} : std::nullopt} {
  for (Count row = block_.begin.value(); row < block_.end.value(); ++row) {
    consensus_.best.push_back(true_class(row));
  }
}

}  // namespace kith::test
