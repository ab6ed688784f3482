#include "stages/reference/reference_rows.hpp"

#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/corpus/row_reader.hpp"
#include "kith/run/reference.hpp"

#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

/// Labels of this rank's rows, of classes that the corpus has.
struct KnownLabels {
  std::vector<RowLabel> labels;  // by row
  Count num_labeled = 0;         // rows, also those of other classes
};

void add(KnownLabels& known, const std::vector<Label>& classes, Count row, Label label,
         float weight) {
  const Label here = classes[to_size(label)];
  if (!here.is_none()) {
    known.labels.push_back({row, here.value(), weight});
  }
}

/// Local. From the column of labels.
KnownLabels labels_of_column(const run::Workspace& workspace, IdRange<GlobalId> block) {
  constexpr Count kRowsAtOnce = 1 << 20;
  corpus::CorpusConfig config = config::corpus_of_reference(workspace.config);
  config.gold = config.labels;
  const std::vector<Label> classes = run::match_classes(*workspace.reference, workspace.corpus);
  KnownLabels known;
  for (Count begin = block.begin.value(); begin < block.end.value(); begin += kRowsAtOnce) {
    const Count end = std::min(begin + kRowsAtOnce, block.end.value());
    const auto labels =
        corpus::read_gold(*workspace.reference, config, {GlobalId{begin}, GlobalId{end}});
    for (Count row = begin; row < end; ++row) {
      if (const Label label = labels[to_size(row - begin)]; !label.is_none()) {
        ++known.num_labeled;
        add(known, classes, row, label, 1);
      }
    }
  }
  return known;
}

/// Collective.
std::vector<corpus::Seed> read_seeds(const run::Workspace& workspace) {
  try {
    return corpus::read_seeds(workspace.comm, *workspace.reference,
                              config::corpus_of_reference(workspace.config));
  } catch (const comm::CollectiveError& error) {
    throw comm::CollectiveError{"reference.seeds: " + run::of_reference(error.what())};
  }
}

/// Collective. From a file of seeds, which every rank reads.
KnownLabels labels_of_file(const run::Workspace& workspace, IdRange<GlobalId> block) {
  const std::vector<Label> classes = run::match_classes(*workspace.reference, workspace.corpus);
  KnownLabels known;
  GlobalId last;
  for (const corpus::Seed& seed : read_seeds(workspace)) {
    if (block.contains(seed.row)) {
      known.num_labeled += seed.row != last ? 1 : 0;
      add(known, classes, seed.row.value(), seed.label, seed.weight);
      last = seed.row;
    }
  }
  return known;
}

/// Collective. Leaves those of so many rows of all ranks as are wanted; returns how many there
/// were.
Count choose_rows(const run::Workspace& workspace, std::vector<RowLabel>& labels) {
  std::vector<comm::Candidate> candidates;
  for (const RowLabel& entry : labels) {
    if (candidates.empty() || candidates.back().id != entry.row) {
      const double key =
          random_uniform(workspace.config.run.seed, Purpose::reference_sample, entry.row);
      candidates.push_back({static_cast<float>(key), 0, entry.row});
    }
  }
  const auto is_chosen = comm::choose_smallest(workspace.comm, candidates,
                                               std::span{&workspace.config.reference.items, 1},
                                               workspace.config.run.seed);
  std::vector<RowLabel> chosen;
  std::size_t at = 0;
  for (const RowLabel& entry : labels) {
    at += candidates[at].id != entry.row ? 1U : 0U;
    if (is_chosen[at] != 0) {
      chosen.push_back(entry);
    }
  }
  labels = std::move(chosen);
  return comm::sum_over_ranks(workspace.comm, count_of(candidates));
}

/// Local. rows: ascending. Rows that are near each other are read at once.
std::vector<float> read_rows(corpus::RowReader& reader, const corpus::Corpus& of,
                             std::span<const Count> rows) {
  constexpr Count kNear = 64;
  constexpr Count kMostAtOnce = 4096;
  std::vector<float> all;
  std::vector<float> block;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first + 1;
    while (end < rows.size() && rows[end] - rows[end - 1] <= kNear &&
           rows[end] - rows[first] < kMostAtOnce) {
      ++end;
    }
    const IdRange<GlobalId> range{GlobalId{rows[first]}, GlobalId{rows[end - 1] + 1}};
    block.resize(to_size(range.size() * of.dim));
    reader.read(range, block);
    for (; first < end; ++first) {
      const auto begin = block.begin() + (rows[first] - range.begin.value()) * of.dim;
      all.insert(all.end(), begin, begin + of.dim);
    }
  }
  return all;
}

void require_numbers(const corpus::Corpus& of, std::span<const Count> rows,
                     std::span<const float> vectors) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double square =
        corpus::squared_norm(vectors.subspan(i * to_size(of.dim), to_size(of.dim)));
    if (of.metric == corpus::Metric::cosine && square == 0) {
      fail("{}: a vector of zeros, which has no direction",
           of.place_of(GlobalId{rows[i]}, of.embeddings));
    }
    if (!(square < corpus::kNormLimit * corpus::kNormLimit)) {
      fail("{}: not a vector of numbers with a norm below {:g}",
           of.place_of(GlobalId{rows[i]}, of.embeddings), corpus::kNormLimit);
    }
  }
}

std::vector<Count> rows_of_labels(std::span<const RowLabel> labels) {
  std::vector<Count> rows;
  for (const RowLabel& entry : labels) {
    if (rows.empty() || rows.back() != entry.row) {
      rows.push_back(entry.row);
    }
  }
  return rows;
}

}  // namespace

ReferenceRows read_reference_rows(const run::Workspace& workspace) {
  const comm::Communicator& comm = workspace.comm;
  const corpus::Corpus& reference = *workspace.reference;
  const auto block = corpus::rows_of(reference.num_items, comm.rank(), comm.size());
  KnownLabels known = workspace.config.reference.seeds.empty()
                          ? comm::locally(comm, [&] { return labels_of_column(workspace, block); })
                          : labels_of_file(workspace, block);
  ReferenceRows result;
  result.num_labeled = comm::sum_over_ranks(comm, known.num_labeled);
  result.num_known = choose_rows(workspace, known.labels);
  if (result.num_known == 0) {
    throw comm::CollectiveError{
        fmt::format("reference.files: none of its {} labeled items has a class of the corpus",
                    result.num_labeled)};
  }
  const std::vector<float> mine = comm::locally(comm, [&] {
    corpus::RowReader reader{reference};
    const std::vector<Count> rows = rows_of_labels(known.labels);
    std::vector<float> vectors = read_rows(reader, reference, rows);
    require_numbers(reference, rows, vectors);
    return vectors;
  });
  result.vectors = comm::gather_to_all<float>(comm, mine).items;
  std::int32_t number = -1;
  Count last = -1;
  for (const RowLabel& entry : comm::gather_to_all<RowLabel>(comm, known.labels).items) {
    number += entry.row != last ? 1 : 0;
    last = entry.row;
    result.labels.push_back({number, Label{entry.label}, entry.weight});
  }
  return result;
}

std::vector<float> sample_corpus(const run::Workspace& workspace, Count wanted) {
  const Count num_items = workspace.corpus.num_items;
  std::vector<Count> rows;
  for (Count draw = 0; draw < wanted; ++draw) {
    const auto bits = random_bits(workspace.config.run.seed, Purpose::reference_sample, draw, 1);
    rows.push_back(static_cast<Count>(bits % static_cast<std::uint64_t>(num_items)));
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  const auto block = corpus::rows_of(num_items, workspace.comm.rank(), workspace.comm.size());
  std::erase_if(rows, [&](Count row) { return !block.contains(GlobalId{row}); });
  const std::vector<float> mine = comm::locally(workspace.comm, [&] {
    corpus::RowReader reader{workspace.corpus};
    return read_rows(reader, workspace.corpus, rows);
  });
  return comm::gather_to_all<float>(workspace.comm, mine).items;
}

}  // namespace kith::stages
