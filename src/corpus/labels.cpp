#include "kith/corpus/labels.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "corpus/class_column.hpp"
#include "corpus/column.hpp"

namespace kith::corpus {
namespace {

constexpr double kSumTolerance = 1e-2;  // f16 probabilities of many classes stay within it

void check_probabilities(std::span<const float> row, const std::string& place) {
  double sum = 0;
  for (const float probability : row) {
    if (std::isnan(probability) || probability < 0) {
      fail("{}: probability {}, expected 0 to 1", place, probability);
    }
    sum += double{probability};
  }
  if (!(std::abs(sum - 1) <= kSumTolerance)) {
    fail("{}: probabilities sum to {}, expected 1", place, sum);
  }
}

}  // namespace

std::vector<Label> read_gold(const Corpus& corpus, const CorpusConfig& config,
                             IdRange<GlobalId> rows) {
  std::vector<Label> gold;
  if (config.gold.empty()) {
    return gold;
  }
  (void)largest_label(corpus, config.gold, rows, corpus.num_classes());
  for (const std::int64_t label : read_class_column(corpus, config.gold, rows)) {
    gold.emplace_back(static_cast<std::int32_t>(label));
  }
  return gold;
}

std::vector<std::int16_t> read_votes(const Corpus& corpus, const CorpusConfig& config,
                                     IdRange<GlobalId> rows) {
  const Count num_voters = count_of(corpus.vote_names);
  if (num_voters == 0) {
    return {};
  }
  std::vector<std::int16_t> votes;
  votes.reserve(to_size(rows.size() * num_voters));
  for_each_block(rows, std::max<Count>(1, kColumnBlock / num_voters), [&](IdRange<GlobalId> block) {
    const auto classes = read_class_column(corpus, config.votes, block, num_voters);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (classes[i] < -1 || classes[i] >= corpus.num_classes()) {
        const GlobalId row{block.begin.value() + static_cast<Count>(i) / num_voters};
        fail("{}: vote {} of {}, expected 0 to {}, or -1 to abstain",
             corpus.place_of(row, config.votes), classes[i],
             quote(corpus.vote_names[i % corpus.vote_names.size()]), corpus.num_classes() - 1);
      }
      votes.push_back(narrow<std::int16_t>(classes[i], "class of a vote"));
    }
  });
  return votes;
}

std::vector<float> read_probs(const Corpus& corpus, const CorpusConfig& config, int voter,
                              IdRange<GlobalId> rows) {
  const std::string dataset = config.probs + "/" + corpus.prob_names.at(to_size(voter));
  auto probs = read_column<float>(corpus, dataset, rows, corpus.num_classes());
  const auto num_classes = to_size(corpus.num_classes());
  for (Count i = 0; i < rows.size(); ++i) {
    check_probabilities(std::span{probs}.subspan(to_size(i) * num_classes, num_classes),
                        corpus.place_of(GlobalId{rows.begin.value() + i}, dataset));
  }
  return probs;
}

std::vector<std::int64_t> read_slices(const Corpus& corpus, const std::string& dataset,
                                      IdRange<GlobalId> rows) {
  const auto slice = std::find_if(corpus.slices.begin(), corpus.slices.end(),
                                  [&](const Slices& one) { return one.dataset == dataset; });
  auto groups = read_named_column(corpus, dataset, slice->names, rows);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] < -1) {
      const GlobalId row{rows.begin.value() + static_cast<Count>(i)};
      fail("{}: group {}, expected 0 or above, or -1 for none", corpus.place_of(row, dataset),
           groups[i]);
    }
  }
  return groups;
}

}  // namespace kith::corpus
