#include "stages/votes/vote_source.hpp"

#include <algorithm>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/corpus/labels.hpp"

namespace kith::stages {
namespace {

constexpr Count kVotesAtOnce = Count{1} << 22;

IdRange<GlobalId> block_of(const comm::Communicator& comm, Count num_items) {
  return corpus::rows_of(num_items, comm.rank(), comm.size());
}

/// Seeds as one class an item of the block; a soft seed by its heaviest label.
std::vector<std::int32_t> classes_of(std::span<const corpus::Seed> seeds, IdRange<GlobalId> block) {
  std::vector<std::int32_t> classes(to_size(block.size()), -1);
  for (const corpus::Seed& seed : seeds) {
    if (block.contains(seed.row)) {
      std::int32_t& of_item = classes[to_size(seed.row.value() - block.begin.value())];
      of_item = of_item < 0 ? seed.label.value() : of_item;
    }
  }
  return classes;
}

/// Adds the labels of a file in the form of corpus.seeds to gold of the corpus.
void add_gold(const comm::Communicator& comm, const corpus::Corpus& corpus,
              corpus::CorpusConfig config, const std::string& path,
              std::vector<std::int32_t>& gold) {
  config.labels.clear();
  config.has_answers = false;
  config.seeds = path;
  config.allow_missing_classes = true;
  const IdRange<GlobalId> block = block_of(comm, corpus.num_items);
  const auto more = classes_of(corpus::read_seeds(comm, corpus, config), block);
  gold.resize(more.size(), -1);
  for (std::size_t i = 0; i < more.size(); ++i) {
    gold[i] = more[i] >= 0 ? more[i] : gold[i];
  }
}

}  // namespace

VoteSource::VoteSource(const comm::Communicator& comm, const config::Config& config,
                       const std::string& gold_path)
    : comm_{&comm}, config_{config.corpus} {
  if (config_.votes.empty() && config_.answers.empty()) {
    throw comm::CollectiveError{
        "votes: of which voters? set corpus.votes (a dataset, items x voters) or corpus.answers (a "
        "table of item, annotator, label)"};
  }
  if (!config_.files.empty()) {
    read_corpus(config, gold_path);
  } else if (!config_.votes.empty()) {
    throw comm::CollectiveError{
        "corpus.votes is a dataset of the corpus, but corpus.files is not set"};
  }
  if (!config_.answers.empty()) {
    read_answers(config, gold_path);
  }
}

void VoteSource::read_corpus(const config::Config& config, const std::string& gold_path) {
  corpus_ = corpus::describe(*comm_, config.corpus);
  classes_ = corpus_->class_names;
  voters_ = corpus_->vote_names;
  notes_ = corpus_->notes;
  const IdRange<GlobalId> block = block_of(*comm_, corpus_->num_items);
  if (config_.has_seeds()) {
    corpus::CorpusConfig seeds = config_;
    seeds.allow_missing_classes = true;
    known_ = classes_of(corpus::read_seeds(*comm_, *corpus_, seeds), block);
  }
  if (!config_.gold.empty()) {
    comm::locally(*comm_, [&] {
      for (const Label label : corpus::read_gold(*corpus_, config_, block)) {
        gold_.push_back(label.value());
      }
    });
  }
  if (!gold_path.empty()) {
    add_gold(*comm_, *corpus_, config_, gold_path, gold_);
  }
  has_gold_ = !config_.gold.empty() || !gold_path.empty();
}

void VoteSource::read_answers(const config::Config& config, const std::string& gold_path) {
  answers_ = corpus::read_answers(*comm_, corpus_ ? &*corpus_ : nullptr, config.corpus);
  voters_.insert(voters_.end(), answers_->annotators.begin(), answers_->annotators.end());
  notes_.insert(notes_.end(), answers_->notes.begin(), answers_->notes.end());
  if (corpus_) {
    return;
  }
  classes_ = answers_->classes;
  const IdRange<GlobalId> block = block_of(*comm_, num_items());
  const auto own = [&](const std::string& path) {
    const corpus::KnownLabels all = corpus::read_known_labels(*comm_, path, *answers_);
    if (all.num_ignored > 0) {
      notes_.push_back(
          fmt::format("{}: {} lines are of items that nobody answered", path, all.num_ignored));
    }
    return std::vector<std::int32_t>(all.classes.begin() + block.begin.value(),
                                     all.classes.begin() + block.end.value());
  };
  if (!config_.seeds.empty()) {
    known_ = own(config_.seeds);
  }
  if (!gold_path.empty()) {
    gold_ = own(gold_path);
    has_gold_ = true;
  }
}

Count VoteSource::num_items() const {
  return corpus_ ? corpus_->num_items : count_of(answers_->item_names);
}

std::string VoteSource::item_name(GlobalId row) const {
  return corpus_ ? std::to_string(row.value()) : answers_->item_names.at(to_size(row.value()));
}

void VoteSource::take_block(IdRange<GlobalId> block,
                            const std::function<void(const VotedItem&)>& take) const {
  const Count own_begin = block_of(*comm_, num_items()).begin.value();
  const std::size_t num_columns = corpus_ ? corpus_->vote_names.size() : 0;
  const std::vector<std::int32_t> columns =
      num_columns > 0 ? corpus::read_votes(*corpus_, config_, block) : std::vector<std::int32_t>{};
  std::span<const corpus::Answer> answers;
  if (answers_) {
    answers = answers_->answers;
    answers = answers.subspan(to_size(std::partition_point(answers.begin(), answers.end(),
                                                           [&](const corpus::Answer& one) {
                                                             return one.item < block.begin.value();
                                                           }) -
                                      answers.begin()));
  }
  std::vector<label_model::Vote> votes;
  for (GlobalId row = block.begin; row < block.end; row = GlobalId{row.value() + 1}) {
    votes.clear();
    const std::size_t first = to_size(row.value() - block.begin.value()) * num_columns;
    for (std::size_t m = 0; m < num_columns; ++m) {
      if (columns[first + m] >= 0) {
        votes.push_back({static_cast<std::int32_t>(m), columns[first + m]});
      }
    }
    for (; !answers.empty() && answers.front().item == row.value(); answers = answers.subspan(1)) {
      const auto voter = static_cast<std::int32_t>(num_columns) + answers.front().annotator;
      votes.push_back({voter, answers.front().label});
    }
    const std::size_t at = to_size(row.value() - own_begin);
    take({row, votes, known_.empty() ? -1 : known_[at], gold_.empty() ? -1 : gold_[at]});
  }
}

void VoteSource::for_each_item(const std::function<void(const VotedItem&)>& take) const {
  comm::locally(*comm_, [&] {
    const IdRange<GlobalId> own = block_of(*comm_, num_items());
    const Count columns = corpus_ ? count_of(corpus_->vote_names) : 0;
    const Count step = std::max<Count>(1, kVotesAtOnce / std::max<Count>(1, columns));
    for (GlobalId first = own.begin; first < own.end; first = GlobalId{first.value() + step}) {
      take_block({first, std::min(own.end, GlobalId{first.value() + step})}, take);
    }
  });
}

label_model::VoteTable VoteSource::count() const {
  label_model::VoteTableBuilder builder{static_cast<int>(voters_.size()),
                                        static_cast<int>(classes_.size())};
  for_each_item([&](const VotedItem& item) { builder.add(item.votes, item.known, item.gold); });
  return builder.build(*comm_);
}

}  // namespace kith::stages
