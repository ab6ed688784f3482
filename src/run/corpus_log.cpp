#include "run/corpus_log.hpp"

#include "kith/core/log.hpp"

namespace kith::run {

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

}  // namespace kith::run
