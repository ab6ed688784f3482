// Votes, probabilities and groups, each file's by its own names.
#include <algorithm>
#include <cmath>
#include <span>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/labels.hpp"

#include "corpus/class_column.hpp"
#include "corpus/column.hpp"
#include "corpus/file_numbers.hpp"

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

/// Votes of rows of one file. out: those rows x all voters.
void read_votes_of(const Corpus& corpus, const CorpusConfig& config, const FileExtent& file,
                   IdRange<GlobalId> part, std::span<std::int32_t> out) {
  const FileNames voters{corpus.vote_names, file.numbers.voters};
  const FileNames classes = class_names_in(file, corpus);
  const auto codes = read_named_column(file, config.votes, classes, part, voters.size());
  for (Count i = 0; i < count_of(codes); ++i) {
    const std::int64_t code = codes[to_size(i)];
    const Count row = i / voters.size();
    const Count voter = voters.in_corpus(i % voters.size());
    if (code < -1 || code >= classes.size()) {
      fail("{}: vote {} of {}, expected 0 to {}, or -1 to abstain",
           corpus.place_of(GlobalId{part.begin.value() + row}, config.votes), code,
           quote(corpus.vote_names[to_size(voter)]), classes.size() - 1);
    }
    out[to_size(row * count_of(corpus.vote_names) + voter)] =
        narrow<std::int32_t>(classes.in_corpus(code), "class of a vote");
  }
}

/// Probabilities of rows of one file; classes that it does not name have none.
void read_probs_of(const Corpus& corpus, const std::string& dataset, const FileExtent& file,
                   IdRange<GlobalId> part, std::span<float> out) {
  const FileNames classes = class_names_in(file, corpus);
  const auto probs = read_column<float>(corpus, dataset, part, classes.size());
  for (Count i = 0; i < part.size(); ++i) {
    const auto row = std::span{probs}.subspan(to_size(i * classes.size()), to_size(classes.size()));
    check_probabilities(row, corpus.place_of(GlobalId{part.begin.value() + i}, dataset));
    for (Count column = 0; column < classes.size(); ++column) {
      out[to_size(i * corpus.num_classes() + classes.in_corpus(column))] = row[to_size(column)];
    }
  }
}

}  // namespace

std::vector<std::int32_t> read_votes(const Corpus& corpus, const CorpusConfig& config,
                                     IdRange<GlobalId> rows) {
  const Count num_voters = count_of(corpus.vote_names);
  if (num_voters == 0) {
    return {};
  }
  std::vector<std::int32_t> votes(to_size(rows.size() * num_voters), -1);
  for_each_block(rows, std::max<Count>(1, kColumnBlock / num_voters), [&](IdRange<GlobalId> block) {
    for_each_file(corpus, block, [&](const FileExtent& file, IdRange<GlobalId> part) {
      read_votes_of(corpus, config, file, part, part_of(votes, rows, part, num_voters));
    });
  });
  return votes;
}

std::vector<float> read_probs(const Corpus& corpus, const CorpusConfig& config, int voter,
                              IdRange<GlobalId> rows) {
  const std::string dataset = config.probs + "/" + corpus.prob_names.at(to_size(voter));
  std::vector<float> probs(to_size(rows.size() * corpus.num_classes()));
  for_each_file(corpus, rows, [&](const FileExtent& file, IdRange<GlobalId> part) {
    const std::vector<std::int32_t>& there = file.numbers.prob_voters;
    if (there.empty() || std::find(there.begin(), there.end(), voter) != there.end()) {
      read_probs_of(corpus, dataset, file, part, part_of(probs, rows, part, corpus.num_classes()));
    }
  });
  return probs;
}

std::vector<std::int64_t> read_slices(const Corpus& corpus, const std::string& dataset,
                                      IdRange<GlobalId> rows) {
  const auto slice = std::find_if(corpus.slices.begin(), corpus.slices.end(),
                                  [&](const Slices& one) { return one.dataset == dataset; }) -
                     corpus.slices.begin();
  std::vector<std::int64_t> groups;
  groups.reserve(to_size(rows.size()));
  for_each_file(corpus, rows, [&](const FileExtent& file, IdRange<GlobalId> part) {
    const FileNames names{corpus.slices.at(to_size(slice)).names,
                          file.numbers.slices.at(to_size(slice))};
    const auto numbers = read_named_column(file, dataset, names, part);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const GlobalId row{part.begin.value() + static_cast<Count>(i)};
      if (numbers[i] < -1) {
        fail("{}: group {}, expected 0 or above, or -1 for none", corpus.place_of(row, dataset),
             numbers[i]);
      }
      if (names.are_own() && numbers[i] >= names.size()) {
        fail("{}: group {}, but its file names {}", corpus.place_of(row, dataset), numbers[i],
             names.size());
      }
      groups.push_back(names.in_corpus(numbers[i]));
    }
  });
  return groups;
}

}  // namespace kith::corpus
