#include "kith/corpus/census.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"
#include "kith/core/quote.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/ids.hpp"

#include "corpus/column.hpp"
#include "corpus/duplicates.hpp"
#include "corpus/norms.hpp"
#include "corpus/seed_conflicts.hpp"

namespace kith::corpus {
namespace {

constexpr Count kBlockBytes = Count{16} << 20;
constexpr Count kGrainBytes = Count{128} << 10;
// Squared distances of the shortest vectors must not vanish.
constexpr double kShortestCorpus = 1e-15;
constexpr Count kNoRow = std::numeric_limits<Count>::max();

/// What is wrong with a vector; the first that holds.
enum class Fault : std::uint8_t { none, nan, infinite, too_long, zero };
constexpr std::size_t kNumFaults = 5;

/// How many rows have a fault, and the first of them.
struct FaultCount {
  Count num_rows = 0;
  Count first_row = kNoRow;
};

struct Pass {
  std::vector<Hash128> hashes;
  std::vector<float> norms;
  std::array<FaultCount, kNumFaults> faults;
  std::vector<float> vectors;  // of the block that is looked at
};

Fault fault_of(std::span<const float> vector, double norm) {
  if (std::isfinite(norm)) {  // a sum of squares is finite only if every value is
    return norm >= kNormLimit ? Fault::too_long : norm == 0 ? Fault::zero : Fault::none;
  }
  const bool has_nan =
      std::any_of(vector.begin(), vector.end(), [](float value) { return std::isnan(value); });
  return has_nan ? Fault::nan : Fault::infinite;
}

/// Scales as the metric asks and takes -0 as 0, in place, so that equal vectors have equal bytes.
Hash128 content_hash(std::span<float> vector, Metric metric) {
  if (metric == Metric::cosine) {
    scale_to_unit_length(vector);
  }
  for (float& value : vector) {
    value += 0.0F;
  }
  return hash_bytes(vector.data(), vector.size_bytes());
}

/// One block of rows, from `offset` of this rank's rows on. Local; throws Error if a file cannot be
/// read.
void look_at_block(const Corpus& corpus, RowReader& reader, IdRange<GlobalId> block, Count offset,
                   Pass& pass) {
  const Count dim = corpus.dim;
  const Count vector_bytes = dim * static_cast<Count>(sizeof(float));
  std::vector<Fault> faults(to_size(block.size()));
  pass.vectors.resize(to_size(block.size() * dim));
  reader.read_as_stored(block, pass.vectors);
  parallel_for(block.size(), kGrainBytes / vector_bytes, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      const auto vector = std::span{pass.vectors}.subspan(to_size(i * dim), to_size(dim));
      const double norm = std::sqrt(squared_norm(vector));
      faults[to_size(i)] = fault_of(vector, norm);
      pass.norms[to_size(offset + i)] = static_cast<float>(norm);
      pass.hashes[to_size(offset + i)] = content_hash(vector, corpus.metric);
    }
  });
  for (Count i = 0; i < block.size(); ++i) {
    FaultCount& fault = pass.faults[static_cast<std::size_t>(faults[to_size(i)])];
    ++fault.num_rows;
    fault.first_row = std::min(fault.first_row, block.begin.value() + i);
  }
}

/// Collective. Every rank reads its rows once; throws comm::Stopped between two blocks if a stop
/// was asked for.
Pass look_at_rows(const comm::Communicator& comm, const Corpus& corpus, RowReader& reader,
                  IdRange<GlobalId> rows) {
  Pass pass;
  pass.hashes.resize(to_size(rows.size()));
  pass.norms.resize(to_size(rows.size()));
  const Count vector_bytes = corpus.dim * static_cast<Count>(sizeof(float));
  const Count step = std::max<Count>(1, kBlockBytes / vector_bytes);
  const Count num_blocks = comm::max_over_ranks(comm, (rows.size() + step - 1) / step);
  Progress progress{"check", rows.size(), "items"};
  for (Count block = 0; block < num_blocks; ++block) {
    const Count first = std::min(block * step, rows.size());
    const Count last = std::min(first + step, rows.size());
    comm::locally(comm, [&] {
      const IdRange<GlobalId> here{GlobalId{rows.begin.value() + first},
                                   GlobalId{rows.begin.value() + last}};
      look_at_block(corpus, reader, here, first, pass);
    });
    progress.update(last);
    comm::stop_if_asked(comm);
  }
  pass.vectors = std::vector<float>{};  // an empty list would keep the memory
  return pass;
}

/// Collective. Fails on all ranks if any row has the fault; its block's rank words the sentence.
void refuse(const comm::Communicator& comm, const Corpus& corpus, const FaultCount& fault,
            const char* sentence) {
  comm::locally(comm, [&] {
    if (fault.first_row != kNoRow &&
        owner_of(GlobalId{fault.first_row}, corpus.num_items, comm.size()) == comm.rank()) {
      fail("{}: {} ({} such {} in the corpus)",
           corpus.place_of(GlobalId{fault.first_row}, corpus.embeddings), sentence, fault.num_rows,
           fault.num_rows == 1 ? "row" : "rows");
    }
  });
}

/// Collective. Adds up faults over ranks and throws for those that nothing can be built on.
/// Returns those that are zero.
FaultCount check_faults(const comm::Communicator& comm, const Corpus& corpus, const Pass& pass) {
  std::array<FaultCount, kNumFaults> all = pass.faults;
  for (FaultCount& fault : all) {
    fault.num_rows = comm::sum_over_ranks(comm, fault.num_rows);
    fault.first_row = comm::min_over_ranks(comm, fault.first_row);
  }
  const auto of = [&](Fault fault) { return all[static_cast<std::size_t>(fault)]; };
  refuse(comm, corpus, of(Fault::nan), "the vector holds NaN");
  refuse(comm, corpus, of(Fault::infinite),
         "the vector holds a value that is infinite in single precision");
  refuse(comm, corpus, of(Fault::too_long),
         "the vector has a norm of 1e15 or more, too long for squared distances in single "
         "precision: divide all vectors by a constant");
  if (corpus.metric == Metric::cosine) {
    refuse(comm, corpus, of(Fault::zero), "the vector is zero and has no direction under cosine");
  }
  return of(Fault::zero);
}

/// The same on every rank.
void refuse_vanishing(const comm::Communicator& comm, const Corpus& corpus, double longest) {
  comm::locally(comm, [&] {
    if (corpus.metric != Metric::cosine && longest > 0 && longest < kShortestCorpus) {
      fail(
          "{}: the longest vector has a norm of {:.3g}, too short for squared distances in single "
          "precision: multiply all vectors by a constant that makes it 1e-15 or more",
          corpus.embeddings, longest);
    }
  });
}

/// Collective. Every id is that of one row.
void check_ids(const comm::Communicator& comm, const Corpus& corpus, const CorpusConfig& config) {
  if (corpus.id_kind == IdKind::none) {
    return;
  }
  const auto ids = comm::locally(comm, [&] {
    return read_id_hashes(corpus, config, rows_of(corpus.num_items, comm.rank(), comm.size()));
  });
  const IdClash clash = find_id_clash(comm, corpus.num_items, ids);
  comm::locally(comm, [&] {
    if (!clash.later.is_none()) {
      const GlobalId next{clash.later.value() + 1};
      fail("{}: id {} is also that of {}", corpus.place_of(clash.later, config.ids),
           quote(read_id_texts(corpus, config, {clash.later, next}).front()),
           corpus.place_of(clash.earlier, config.ids));
    }
  });
}

}  // namespace

Census take_census(const comm::Communicator& comm, const Corpus& corpus, const CorpusConfig& config,
                   RowReader& reader, std::span<const Seed> seeds) {
  check_ids(comm, corpus, config);
  const IdRange<GlobalId> mine = rows_of(corpus.num_items, comm.rank(), comm.size());
  Pass pass = look_at_rows(comm, corpus, reader, mine);
  Census census;
  census.num_items = corpus.num_items;
  const FaultCount zero = check_faults(comm, corpus, pass);
  census.num_zero_vectors = zero.num_rows;
  census.first_zero_vector = zero.num_rows > 0 ? GlobalId{zero.first_row} : GlobalId{};
  census.norms = summarize_norms(comm, pass.norms);
  refuse_vanishing(comm, corpus, double{census.norms.max});
  pass.norms = std::vector<float>{};  // an empty list would keep the memory
  DuplicateGroups groups = find_duplicates(comm, corpus.num_items, pass.hashes);
  census.num_duplicate_groups = groups.num_groups;
  census.num_duplicate_items = groups.num_duplicates;
  census.largest_group = groups.largest_group;
  census.largest_group_row = groups.largest_group_row;
  census.duplicates = std::move(groups.mine);
  census.seed_conflicts = find_seed_conflicts(comm, census.duplicates, seeds);
  census.seeds_per_class.assign(corpus.class_names.size(), 0);
  for (const Seed& seed : seeds) {
    ++census.seeds_per_class[to_size(seed.label)];
  }
  return census;
}

}  // namespace kith::corpus
