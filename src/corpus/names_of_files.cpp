#include "corpus/names_of_files.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::corpus {
namespace {

/// Joins one kind of names; each file keeps what its numbers are.
template <class NumbersOf>
std::vector<std::string> join(Corpus& corpus, std::span<const NamesOfFile> names, const char* what,
                              NumbersOf&& numbers_of) {
  JoinedNames joined = join_names(names, what);
  for (std::size_t file = 0; file < names.size(); ++file) {
    numbers_of(corpus.files[file].numbers) = std::move(joined.numbers[file]);
  }
  if (!joined.note.empty()) {
    corpus.notes.push_back(joined.note);
  }
  return joined.all;
}

/// Votes without names are as many in every file.
void name_voters(Corpus& corpus, const NamesOfFiles& names, const std::string& dataset) {
  corpus.vote_names =
      join(corpus, names.voters, "voters",
           [](FileNumbers& numbers) -> std::vector<std::int32_t>& { return numbers.voters; });
  if (corpus.vote_names.empty() && !names.num_votes.empty()) {
    for (Count voter = 0; voter < names.num_votes.front(); ++voter) {
      corpus.vote_names.push_back(fmt::format("votes.{}", voter));
    }
  }
  for (std::size_t file = 0; file < names.voters.size(); ++file) {
    if (!names.voters[file].names && names.num_votes[file] != count_of(corpus.vote_names)) {
      fail("{}: {}: has {} voters, but {} has {}", corpus.files[file].path, dataset,
           names.num_votes[file], corpus.files[0].path, corpus.vote_names.size());
    }
  }
}

}  // namespace

NamesOfFile names_in_attribute(const io::InputFile& file, const std::string& dataset) {
  NamesOfFile found{file.path() + ": " + quote(dataset), std::nullopt};
  if (file.has_attribute(dataset, "names")) {
    found.names = file.attribute_strings(dataset, "names");
  }
  return found;
}

void add_voters(const io::InputFile& file, const std::string& dataset, Count num_votes,
                NamesOfFiles& names) {
  names.num_votes.push_back(num_votes);
  names.voters.push_back(names_in_attribute(file, dataset));
  const auto& voters = names.voters.back().names;
  if (voters && count_of(*voters) != num_votes) {
    fail("{}: {}: has {} voters, but its attribute names has {}", file.path(), dataset, num_votes,
         voters->size());
  }
  for (Count voter = 0; voters && voter < num_votes; ++voter) {
    if ((*voters)[to_size(voter)].empty()) {
      fail("{}: {}: voter {} has an empty name in the attribute names", file.path(), quote(dataset),
           voter);
    }
  }
}

void join_names_of_files(const CorpusConfig& config, const NamesOfFiles& names, Corpus& corpus) {
  using Numbers = std::vector<std::int32_t>;
  corpus.class_names = join(corpus, names.classes, "classes",
                            [](FileNumbers& numbers) -> Numbers& { return numbers.classes; });
  name_voters(corpus, names, config.votes);
  corpus.prob_names = join(corpus, names.prob_voters, "voters",
                           [](FileNumbers& numbers) -> Numbers& { return numbers.prob_voters; });
  for (FileExtent& file : corpus.files) {
    file.numbers.slices.resize(config.slices.size());
  }
  for (std::size_t slice = 0; slice < config.slices.size(); ++slice) {
    const auto of_slice = [slice](FileNumbers& numbers) -> Numbers& {
      return numbers.slices[slice];
    };
    corpus.slices.push_back(
        {config.slices[slice], join(corpus, names.slices[slice], "groups", of_slice)});
  }
}

}  // namespace kith::corpus
