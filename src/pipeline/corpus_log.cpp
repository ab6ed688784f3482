#include "pipeline/corpus_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kith/core/log.hpp"

namespace kith::pipeline {

void log_files(const corpus::Corpus& corpus) {
  constexpr Count kFirst = 6;
  constexpr Count kLast = 2;
  const Count num_files = count_of(corpus.files);
  const Count left_out = num_files - kFirst - kLast;
  for (Count i = 0; i < num_files; ++i) {
    if (i == kFirst && left_out > 1) {
      log::info("files_left_out={} all_are_in=check.json", left_out);
      i += left_out;
    }
    const corpus::FileExtent& file = corpus.files[to_size(i)];
    log::info("file={}/{} first_row={} rows={} path={}", i + 1, num_files, file.first_row.value(),
              file.num_rows, file.path);
  }
  log::info("files={} rows={}", num_files, corpus.num_items);
}

std::vector<std::string> find_warnings(const corpus::Corpus& corpus, const corpus::Census& census) {
  std::vector<std::string> warnings = corpus.notes;
  if (census.num_zero_vectors > 0) {
    warnings.push_back(fmt::format(
        "{} of {} vectors are all zero, the first is {}; rows that were never written read so",
        census.num_zero_vectors, census.num_items,
        corpus.place_of(census.first_zero_vector, corpus.embeddings)));
  }
  if (!census.seed_conflicts.empty()) {
    const std::vector<corpus::GivenLabel>& first = census.seed_conflicts.front().given;
    const auto other = std::find_if(first.begin(), first.end(), [&](const auto& given) {
      return given.label != first.front().label;
    });
    const auto named = [&](const corpus::GivenLabel& given) {
      return fmt::format("row {} \"{}\"", given.row.value(),
                         corpus.class_names[to_size(given.label)]);
    };
    warnings.push_back(
        fmt::format("{} {} equal vectors but seeds of different classes, the first: {} and {}",
                    census.seed_conflicts.size(),
                    census.seed_conflicts.size() == 1 ? "group of rows has" : "groups of rows have",
                    named(first.front()), named(*other)));
  }
  return warnings;
}

}  // namespace kith::pipeline
