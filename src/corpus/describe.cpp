#include <algorithm>
#include <span>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/memory.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/files.hpp"

#include "corpus/class_names.hpp"
#include "corpus/column.hpp"
#include "corpus/distinct_names.hpp"
#include "corpus/file_numbers.hpp"
#include "corpus/inspect.hpp"
#include "corpus/share_names.hpp"

namespace kith::corpus {
namespace {

constexpr Count kMostUnnamedClasses = 1'000'000;
constexpr Count kMostGroups = 10'000;
constexpr Count kCensusBytes = 100;  // a row, at least: see take_census

void broadcast_inspection(const comm::Communicator& comm, Inspection& found) {
  Corpus& corpus = found.corpus;
  std::vector<Count> numbers = {corpus.num_items,
                                corpus.dim,
                                static_cast<Count>(corpus.type),
                                static_cast<Count>(corpus.id_kind),
                                found.prob_classes,
                                found.largest_seed_label};
  std::vector<std::string> paths;
  for (const FileExtent& file : corpus.files) {
    numbers.push_back(file.num_rows);
    paths.push_back(file.path);
  }
  comm::broadcast(comm, numbers);
  broadcast_strings(comm, paths);
  broadcast_strings(comm, corpus.class_names);
  broadcast_strings(comm, corpus.vote_names);
  broadcast_strings(comm, corpus.prob_names);
  broadcast_strings(comm, corpus.sources);
  broadcast_strings(comm, corpus.notes);
  for (Slices& slice : corpus.slices) {
    broadcast_strings(comm, slice.names);
  }
  broadcast_strings(comm, found.text_columns);
  comm::broadcast(comm, found.prob_file);
  corpus.num_items = numbers[0];
  corpus.dim = numbers[1];
  corpus.type = static_cast<io::ElementType>(numbers[2]);
  corpus.id_kind = static_cast<IdKind>(numbers[3]);
  found.prob_classes = numbers[4];
  found.largest_seed_label = numbers[5];
  corpus.files.resize(paths.size());  // rank 0 keeps their numbers
  Count first = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    FileExtent& file = corpus.files[i];
    file.path = paths[i];
    file.first_row = GlobalId{first};
    file.num_rows = numbers[6 + i];
    first += file.num_rows;
  }
  broadcast_numbers(comm, corpus);
}

/// Collective. Largest label of a column over all ranks; checks every label on the way.
Count scan_labels(const comm::Communicator& comm, const Corpus& corpus,
                  const std::string& dataset) {
  if (dataset.empty()) {
    return -1;
  }
  const Count mine = comm::locally(comm, [&] {
    return largest_label(corpus, dataset, rows_of(corpus.num_items, comm.rank(), comm.size()),
                         count_of(corpus.class_names));
  });
  return comm::max_over_ranks(comm, mine);
}

/// Collective. A corpus beyond all memory is said now, not by whoever asks for too much first.
void require_census_memory(const comm::Communicator& comm, const Corpus& corpus) {
  comm::locally(comm, [&] {
    const Count rows = corpus.num_items / comm.size();
    if (rows > memory_limit() / kCensusBytes) {
      fail(
          "{}: {}: with {} items in all a rank has {}, too many for the {} of memory of this "
          "machine",
          corpus.files[0].path, corpus.embeddings, corpus.num_items, rows,
          io::format_bytes(memory_limit()));
    }
  });
}

/// Collective. Columns of strings: the names in them become the classes, if no others are given,
/// and the groups.
void collect_names(const comm::Communicator& comm, Inspection& found, const CorpusConfig& config) {
  Corpus& corpus = found.corpus;
  std::vector<std::string> columns = class_columns(config);
  std::erase_if(columns, [&](const std::string& column) { return !found.is_text(column); });
  if (corpus.class_names.empty() && !columns.empty()) {
    corpus.class_names = distinct_names(comm, corpus, columns, kMostUnnamedClasses);
  }
  for (Slices& slice : corpus.slices) {
    if (found.is_text(slice.dataset)) {
      slice.names = distinct_names(comm, corpus, std::span{&slice.dataset, 1}, kMostGroups);
    }
  }
}

void name_classes(const comm::Communicator& comm, Inspection& found, const CorpusConfig& config) {
  Corpus& corpus = found.corpus;
  Count largest = found.largest_seed_label;
  largest = std::max(largest, scan_labels(comm, corpus, config.labels));
  largest = std::max(largest, scan_labels(comm, corpus, config.gold));
  if (corpus.class_names.empty()) {
    comm::locally(comm, [&] {
      if (largest < 0 && !config.has_seeds() && found.prob_classes == 0) {
        fail("corpus.classes is not set, and without seeds nothing else says what the classes are");
      }
      if (largest < 0 && config.has_seeds()) {
        fail("no seed at all: neither corpus.labels nor corpus.seeds names a label");
      }
      if (largest >= kMostUnnamedClasses) {
        fail("label {}: more than {} classes need names in corpus.classes", largest,
             kMostUnnamedClasses);
      }
    });
    comm::locally(comm, [&] {
      if (found.prob_classes > kMostUnnamedClasses) {
        fail("{}: {}: more than {} classes need names in corpus.classes", found.prob_file,
             config.probs, kMostUnnamedClasses);
      }
    });
    corpus.class_names = numbered_classes(std::max(largest + 1, found.prob_classes));
  }
  comm::locally(comm, [&] {
    if (found.prob_classes != 0 && found.prob_classes != corpus.num_classes()) {
      fail("{}: {}: is of {} classes, expected {}", found.prob_file, config.probs,
           found.prob_classes, corpus.num_classes());
    }
  });
}

}  // namespace

Corpus describe(const comm::Communicator& comm, const CorpusConfig& config) {
  Inspection found;
  comm::on_root(comm, [&] { found = inspect(config); });
  found.corpus.slices.resize(config.slices.size());
  broadcast_inspection(comm, found);
  for (std::size_t slice = 0; slice < config.slices.size(); ++slice) {
    found.corpus.slices[slice].dataset = config.slices[slice];
  }
  found.corpus.metric = config.metric;
  found.corpus.embeddings = config.embeddings;
  require_census_memory(comm, found.corpus);
  collect_names(comm, found, config);
  name_classes(comm, found, config);
  return found.corpus;
}

}  // namespace kith::corpus
