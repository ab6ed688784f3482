/// What the numbers of a file are in the corpus, where files number the same names otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// Names of the corpus as one file numbers them. It refers to what it is made of.
class FileNames {
 public:
  /// numbers: see FileNumbers.
  FileNames(const std::vector<std::string>& all, const std::vector<std::int32_t>& numbers)
      : all_{&all}, numbers_{numbers} {}

  /// Does the file number them in its own way? Then only its names have numbers.
  [[nodiscard]] bool are_own() const { return !numbers_.empty(); }
  [[nodiscard]] Count size() const { return are_own() ? count_of(numbers_) : count_of(*all_); }
  [[nodiscard]] const std::string& operator[](Count number) const {
    return (*all_)[to_size(in_corpus(number))];
  }
  /// The corpus' number of the file's, which is below size() if they are its own; -1 stays.
  [[nodiscard]] std::int64_t in_corpus(std::int64_t number) const {
    return are_own() && number >= 0 ? numbers_[to_size(number)] : number;
  }

 private:
  const std::vector<std::string>* all_;
  std::span<const std::int32_t> numbers_;
};

[[nodiscard]] inline FileNames class_names_in(const FileExtent& file, const Corpus& corpus) {
  return {corpus.class_names, file.numbers.classes};
}

/// Collective. Rank 0's numbers of all files on every rank.
void broadcast_numbers(const comm::Communicator& comm, Corpus& corpus);

}  // namespace kith::corpus
