#include <algorithm>
#include <limits>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ids.hpp"
#include "kith/corpus/labels.hpp"

#include "corpus/class_column.hpp"
#include "corpus/column.hpp"
#include "corpus/reviewed_seeds.hpp"
#include "corpus/seed_file.hpp"

namespace kith::corpus {
namespace {

/// A seed and where it was given; line: in the seed file, -1 for the label column.
struct Candidate {
  GlobalId row;
  Label label;
  float weight = 1;
  Count line = -1;
};

/// Collective. Keys of the entries to rows.
std::vector<GlobalId> resolve(const comm::Communicator& comm, const Corpus& corpus,
                              const CorpusConfig& config, const std::string& path,
                              const SeedFile& file) {
  std::vector<GlobalId> rows;
  if (!file.has_ids) {
    comm::locally(comm, [&] {
      for (const SeedEntry& entry : file.entries) {
        if (entry.row.value() >= corpus.num_items) {
          fail("{}: row {} is not in the corpus of {} rows",
               place_of(path, file.is_hdf5, entry.line), entry.row.value(), corpus.num_items);
        }
        rows.push_back(entry.row);
      }
    });
    return rows;
  }
  std::vector<Hash128> wanted;
  for (const SeedEntry& entry : file.entries) {
    wanted.push_back(entry.id);
  }
  rows = find_rows_of_ids(comm, corpus, config, wanted);
  comm::locally(comm, [&] {
    for (std::size_t i = 0; i < file.entries.size(); ++i) {
      const SeedEntry& entry = file.entries[i];
      if (rows[i].is_none()) {  // rank 0, which read the file, has the text and words it
        fail("{}: id {} is not in the corpus", place_of(path, file.is_hdf5, entry.line),
             comm.is_root() ? quote(file.id_texts[i]) : std::string{});
      }
    }
  });
  return rows;
}

/// Collective. Of a file that rank 0 has read, on every rank.
std::vector<Candidate> place_seeds(const comm::Communicator& comm, const Corpus& corpus,
                                   const CorpusConfig& config, const std::string& path,
                                   SeedFile& file) {
  std::vector<int> flags = {file.has_ids ? 1 : 0, file.is_hdf5 ? 1 : 0};
  comm::broadcast(comm, flags);
  comm::broadcast(comm, file.entries);
  file.has_ids = flags[0] != 0;
  file.is_hdf5 = flags[1] != 0;
  const std::vector<GlobalId> rows = resolve(comm, corpus, config, path, file);
  std::vector<Candidate> seeds;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SeedEntry& entry = file.entries[i];
    seeds.push_back(
        {rows[i], Label{static_cast<std::int32_t>(entry.label)}, entry.weight, entry.line});
  }
  return seeds;
}

/// Collective. Seeds of the seed file, on every rank.
std::vector<Candidate> seeds_of_file(const comm::Communicator& comm, const Corpus& corpus,
                                     const CorpusConfig& config, bool& is_hdf5) {
  SeedFile file;
  comm::on_root(comm,
                [&] { file = read_seed_file(config.seeds, corpus.id_kind, corpus.class_names); });
  const auto seeds = place_seeds(comm, corpus, config, config.seeds, file);
  is_hdf5 = file.is_hdf5;
  return seeds;
}

/// Collective. Seeds that people have given, on every rank.
std::vector<Candidate> seeds_of_reviews(const comm::Communicator& comm, const Corpus& corpus,
                                        const CorpusConfig& config) {
  SeedFile file;
  comm::on_root(comm, [&] { file = read_reviewed_seeds(corpus, config); });
  return place_seeds(comm, corpus, config, config.reviews, file);
}

/// People were asked: what they say of a row takes the place of what it was given before.
void replace_rows(std::vector<Candidate>& seeds, std::vector<Candidate> reviewed) {
  std::sort(reviewed.begin(), reviewed.end(),
            [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  std::erase_if(seeds, [&](const Candidate& seed) {
    return std::binary_search(reviewed.begin(), reviewed.end(), seed,
                              [](const Candidate& a, const Candidate& b) { return a.row < b.row; });
  });
  seeds.insert(seeds.end(), reviewed.begin(), reviewed.end());
}

/// Collective. Seeds of the label column, on every rank.
std::vector<Candidate> seeds_of_column(const comm::Communicator& comm, const Corpus& corpus,
                                       const CorpusConfig& config) {
  std::vector<Candidate> mine;
  comm::locally(comm, [&] {
    const auto rows = rows_of(corpus.num_items, comm.rank(), comm.size());
    for_each_block(rows, kColumnBlock, [&](IdRange<GlobalId> block) {
      (void)largest_label(corpus, config.labels, block, corpus.num_classes());
      const auto labels = read_class_column(corpus, config.labels, block);
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] >= 0) {
          mine.push_back({GlobalId{block.begin.value() + static_cast<Count>(i)},
                          Label{static_cast<std::int32_t>(labels[i])}, 1, -1});
        }
      }
    });
  });
  return comm::gather_to_all<Candidate>(comm, mine).items;
}

/// A row's labels become a soft seed if they are several, the heaviest first.
void soften(std::vector<Seed>& seeds) {
  for (auto first = seeds.begin(); first != seeds.end();) {
    const auto last =
        std::find_if(first, seeds.end(), [&](const Seed& seed) { return seed.row != first->row; });
    std::sort(first, last, [](const Seed& a, const Seed& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.label < b.label;
    });
    std::for_each(first, last, [&](Seed& seed) { seed.is_soft = last - first > 1; });
    first = last;
  }
}

/// One seed a row and label: the first line of the seed file, else the label column. Throws Error
/// for two labels of a row unless seeds may be soft.
std::vector<Seed> merge(std::vector<Candidate> candidates, const Corpus& corpus,
                        const CorpusConfig& config, bool is_hdf5) {
  const auto order = [](const Candidate& seed) {
    return seed.line >= 0 ? seed.line : std::numeric_limits<Count>::max();
  };
  std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    if (a.row != b.row) {
      return a.row < b.row;
    }
    if (config.soft_seeds && a.label != b.label) {
      return a.label < b.label;
    }
    return order(a) < order(b);
  });
  const auto given = [&](const Candidate& seed) {
    return seed.line < 0 ? corpus.place_of(seed.row, config.labels)
                         : place_of(config.seeds, is_hdf5, seed.line);
  };
  std::vector<Seed> seeds;
  const Candidate* last = nullptr;
  for (const Candidate& seed : candidates) {
    const bool is_more = config.soft_seeds && last != nullptr && last->label != seed.label;
    if (last == nullptr || last->row != seed.row || is_more) {
      seeds.push_back({seed.row, seed.label, seed.weight});
      last = &seed;
    } else if (last->label != seed.label) {
      fail(
          "{}: labels row {} of the corpus {}, but {} labels it {} (corpus.soft_seeds takes both, "
          "by weight)",
          given(seed), seed.row.value(), quote(corpus.class_names[to_size(seed.label)]),
          given(*last), quote(corpus.class_names[to_size(last->label)]));
    }
  }
  soften(seeds);
  return seeds;
}

void check_classes(const std::vector<Seed>& seeds, const Corpus& corpus,
                   const CorpusConfig& config) {
  if (seeds.empty()) {
    fail("no seed at all: neither corpus.labels nor corpus.seeds names a label");
  }
  std::vector<Count> counts(corpus.class_names.size(), 0);
  for (const Seed& seed : seeds) {
    ++counts[to_size(seed.label)];
  }
  const auto missing = std::find(counts.begin(), counts.end(), 0);
  if (!config.allow_missing_classes && missing != counts.end()) {
    const Count label = missing - counts.begin();
    fail(
        "class {} (\"{}\") has no seed, so no item could get it ({} of {} classes have none; "
        "corpus.allow_missing_classes goes on)",
        label, quote(corpus.class_names[to_size(label)]),
        std::count(counts.begin(), counts.end(), 0), counts.size());
  }
}

}  // namespace

std::vector<Seed> read_seeds(const comm::Communicator& comm, const Corpus& corpus,
                             const CorpusConfig& config) {
  if (!config.has_seeds()) {
    return {};
  }
  std::vector<Candidate> candidates;
  bool is_hdf5 = false;
  if (!config.labels.empty()) {
    candidates = seeds_of_column(comm, corpus, config);
  }
  if (!config.seeds.empty()) {
    const std::vector<Candidate> more = seeds_of_file(comm, corpus, config, is_hdf5);
    candidates.insert(candidates.end(), more.begin(), more.end());
  }
  if (config.has_answers) {
    replace_rows(candidates, seeds_of_reviews(comm, corpus, config));
  }
  return comm::locally(comm, [&] {
    std::vector<Seed> seeds = merge(std::move(candidates), corpus, config, is_hdf5);
    check_classes(seeds, corpus, config);
    return seeds;
  });
}

}  // namespace kith::corpus
