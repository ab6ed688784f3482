/// What a run will need, before it is run: `kith plan`.
#pragma once

#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::run {

class StageList;

/// The size of a run.
struct PlanInput {
  Count items = 0;
  Count dim = 0;
  Count element_bytes = 4;  // as stored
  int k = 10;
  int classes = 10;
  int top_labels = 0;                           // ensemble.top_labels
  bool is_cosine = false;                       // vectors are scaled, and then float32
  std::vector<ensemble::MemberConfig> members;  // at least one
  int folds = 5;                                // of held-out seeds
  int teaching_voters = 0;                      // of corpus.votes
  Count answer_bytes = 0;                       // of the file of corpus.answers, which teaches
  Count weak_seeds = 0;                         // items that teach by their votes, at most
  Count reference_items = 0;                    // of another corpus, that heads learn from, at most
  int searched_cells = 6;                       // probes a node
  int refine_rounds = 1;
  Count num_cells = 0;         // 0 = one for every 600 items
  Count sample_per_cell = 64;  // of the quantizer's training
  int ranks = 1;
  int threads = 1;  // a rank
  int ranks_per_node = 1;
  Count node_memory = 0;      // bytes; 0 = not known
  Count memory_per_rank = 0;  // run.memory_per_rank; 0 = no limit
  /// Neighbors may be anywhere: as many nodes of other ranks lie behind a rank's edges as can be,
  /// not as many as corpora usually have whose neighbors are near by.
  bool is_scattered = false;
};

/// Labels that a row of the propagation keeps: all classes, or the largest ones.
[[nodiscard]] int labels_of_row(const PlanInput& input);

/// Tasks that a member is propagated as: one with all seeds, and one for each fold.
[[nodiscard]] int tasks_a_member(const PlanInput& input);

/// Label columns of a task of this member; of rows that keep few labels: how many they keep.
[[nodiscard]] Count columns_of_task(const PlanInput& input, const ensemble::MemberConfig& member);

/// columns_of_task() of all tasks of all members.
[[nodiscard]] Count label_columns(const PlanInput& input);

/// What this machine does a second, with the threads of one rank.
///
/// Propagation is measured by propagating: a sweep's cost is that of the methods that are asked
/// for.
struct Rates {
  double scan_flops = 0;      // of the fused distance kernel
  double direct_flops = 0;    // of single distances, as refine needs them
  double memory_bytes = 0;    // read and written in a long loop
  double read_bytes = 0;      // of the corpus's first file, or of the run directory
  double exchange_bytes = 0;  // between ranks, sent by one of them
  double allreduce_s = 0;     // of one small allreduce
  double entries = 0;         // nodes x label columns of one sweep, its checks included
  double solver_entries = 0;  // the same of one step of conjugate gradient
};

/// What one stage takes.
struct StagePlan {
  std::string stage;
  Count memory_bytes = 0;  // of a rank, resident at most
  Count disk_bytes = 0;    // left in the run directory
  Count wire_bytes = 0;    // sent by all ranks together
  double seconds = 0;
};

/// Memory of a rank, disk, wire and time of each stage, in order. Pure.
[[nodiscard]] std::vector<StagePlan> plan_stages(const StageList& stages, const PlanInput& input,
                                                 const Rates& rates);

/// The smallest number of nodes on which every stage fits into node_memory, other things equal; 0
/// if none up to 100,000 does.
[[nodiscard]] int smallest_nodes(const StageList& stages, const PlanInput& input,
                                 const Rates& rates);

/// Collective. Measures for about `seconds`.
[[nodiscard]] Rates measure_rates(const comm::Communicator& comm, const PlanInput& input,
                                  const std::string& file, double seconds);

/// Collective. The size of a run of this configuration on these ranks.
[[nodiscard]] PlanInput plan_input(const comm::Communicator& comm, const config::Config& config,
                                   const corpus::Corpus& corpus);

/// Resident memory of a rank that does nothing yet: program, MPI, HDF5.
[[nodiscard]] Count base_memory();

/// Collective. The table that `kith plan` prints. arguments: "items=1e9 dim=128 type=f32 k=10
/// classes=100 members=7 sweeps=100 nodes=32 ranks_per_node=8 threads=4 node_memory=256GiB
/// network=100 storage=20" (Gbit/s a node, GB/s of all); what is not given comes from the
/// configuration and its corpus, or is measured. Throws CollectiveError.
[[nodiscard]] std::string plan(const comm::Communicator& comm, const StageList& stages,
                               const config::Config& config,
                               const std::vector<std::string>& arguments);

}  // namespace kith::run
