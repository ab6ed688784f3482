/// Files that make_files.py has made, by kind.
#pragma once

#include <cstdlib>
#include <string>

#include "kith/comm/agree.hpp"
#include "kith/corpus/census.hpp"

#include "support/mpi_world.hpp"

namespace kith::corpus::test {

inline std::string directory_of(const std::string& kind) {
  const char* directory = std::getenv("KITH_MADE_FILES");
  return std::string{directory == nullptr ? "." : directory} + "/" + kind;
}

inline CorpusConfig config_of(const std::string& kind) {
  CorpusConfig config;
  config.files = {directory_of(kind) + "/part-*.h5"};
  config.labels = "labels";
  return config;
}

/// Everything that looks at a corpus, in the order of a run.
inline void read_all_of(const CorpusConfig& config) {
  const Corpus corpus = describe(kith::test::world(), config);
  const auto seeds = read_seeds(kith::test::world(), corpus, config);
  const auto block =
      rows_of(corpus.num_items, kith::test::world().rank(), kith::test::world().size());
  comm::locally(kith::test::world(), [&] {
    (void)read_gold(corpus, config, block);
    (void)read_votes(corpus, config, block);
    for (std::size_t voter = 0; voter < corpus.prob_names.size(); ++voter) {
      (void)read_probs(corpus, config, static_cast<int>(voter), block);
    }
  });
  RowReader reader{corpus};
  (void)take_census(kith::test::world(), corpus, config, reader, seeds);
}

}  // namespace kith::corpus::test
