#include "stages/propagate/propagate_plan.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "kith/propagate/memory.hpp"

#include "stages/plan_sizes.hpp"

namespace kith::stages {

using namespace plan_constants;  // NOLINT(google-build-using-namespace)
using propagate::Solver;

namespace {

/// One engine's tasks.
struct Pass {
  propagate::ColumnBytes bytes;
  std::vector<Count> widths;       // columns of each task
  std::vector<Count> accelerated;  // the same of those that have panels of their own
  double columns = 0;
  double tasks = 0;
  double column_sweeps = 0;  // columns x how often they are swept
  double sweeps = 0;         // of the longest
};

enum Kind : std::size_t { sweeps, solver, paths };

Kind kind_of(const ensemble::MemberConfig& member) {
  return member.solver.method->facts().walk == propagate::Walk::shortest_paths ? paths
         : member.solver.solver == Solver::conjugate_gradient                  ? solver
                                                                               : sweeps;
}

double expected_sweeps(const ensemble::MemberConfig& member) {
  return member.solver.method->expected_sweeps(member.solver);
}

std::array<Pass, 3> passes_of(const run::PlanInput& in) {
  std::array<Pass, 3> passes;
  for (const ensemble::MemberConfig& member : in.members) {
    if (member.head != nullptr) {
      continue;
    }
    Pass& pass = passes[kind_of(member)];
    const Count of_task = columns_of_task(in, member);
    const int tasks = run::tasks_a_member(in);
    const auto columns = static_cast<double>(tasks * of_task);
    pass.bytes = propagate::column_bytes(member.solver);
    pass.columns += columns;
    std::vector<Count>& widths =
        member.solver.solver == Solver::chebyshev ? pass.accelerated : pass.widths;
    widths.insert(widths.end(), to_size(tasks), of_task);
    pass.tasks += tasks;
    pass.column_sweeps += columns * expected_sweeps(member);
    pass.sweeps = std::max(pass.sweeps, expected_sweeps(member));
  }
  return passes;
}

/// Bytes of label state of an engine, its messages included.
double state_bytes(const Pass& pass, Kind kind, const Sizes& of) {
  const auto in_panels = static_cast<double>(propagate::panel_columns(pass.widths) +
                                             propagate::panel_columns(pass.accelerated));
  const double columns = kind == paths ? pass.columns : in_panels;
  const double most_sent = propagate::kPanelColumns;
  const double sent = kind == paths ? columns : std::min(columns, most_sent);  // at a time
  const auto owned = static_cast<double>(pass.bytes.owned);
  const auto ghost = static_cast<double>(pass.bytes.ghost);
  const auto value = static_cast<double>(pass.bytes.value);
  return columns * (of.nodes * owned + of.graph_ghosts * ghost) +
         2 * value * sent * of.graph_ghosts +
         pass.tasks * of.nodes * (kTaskNode + (kind == solver ? kDiagonal : 0));
}

/// Bytes of label state of the largest task: sparse ones are done one after another.
double sparse_bytes(const run::PlanInput& in, const Sizes& of) {
  double most = 0;
  for (const ensemble::MemberConfig& member : in.members) {
    if (member.head != nullptr) {
      continue;
    }
    const auto row =
        static_cast<double>(propagate::truncated_row_bytes(member.solver, of.row_labels));
    most = std::max(most, of.nodes * 2 * row + of.graph_ghosts * 4 * row);
  }
  return most + of.nodes * kTaskNode;
}

/// Bytes of the probabilities that members start from, as rows of the corpus; by node as many
/// again.
double voter_bytes(const run::PlanInput& in, const Sizes& of) {
  const auto smoothed = static_cast<double>(
      std::count_if(in.members.begin(), in.members.end(),
                    [](const ensemble::MemberConfig& member) { return !member.voter.empty(); }));
  return smoothed * run::tasks_a_member(in) * of.nodes * in.classes * kFloat;
}

/// What every task has of the items that teach by their votes.
double weak_bytes(const run::PlanInput& in, const Sizes& of) {
  constexpr double kBytesALabel = 64;  // as a seed, and as a row of sources
  const auto members = static_cast<double>(
      std::count_if(in.members.begin(), in.members.end(), [](const ensemble::MemberConfig& member) {
        return member.head == nullptr && member.solver.method->facts().weighs_seeds;
      }));
  return members * run::tasks_a_member(in) * of.weak_seeds * kBytesALabel;
}

/// Of the vectors, while heads predict once more.
double vector_bytes(const run::PlanInput& in, const Sizes& of) {
  return voter_bytes(in, of) > 0 ? of.nodes * (of.row + kRequest) + kFetchBlocks * kFetchBlock +
                                       of.nodes * of.row_bytes(kFloat)
                                 : 0.0;
}

/// Of reading the vectors and of the predictions.
double voter_seconds(const run::PlanInput& in, const Sizes& of, const run::Rates& rates) {
  const double products = voter_bytes(in, of) / kFloat * of.dim;
  return 2 * products / (rates.scan_flops * kPredictShare) +
         (products > 0 ? of.nodes * of.stored_row / rates.read_bytes : 0.0);
}

}  // namespace

run::StagePlan plan_propagate(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const double voters = voter_bytes(in, of);
  const double before = graph_bytes(of) + 2 * voters + weak_bytes(in, of);
  const std::array<Pass, 3> passes = passes_of(in);
  run::StagePlan plan{"propagate", 0, 0, 0, 0};
  const double results = of.nodes * of.scores + of.held_out();
  double most = 0;
  double wire = 0;
  for (const Kind kind : {sweeps, solver, paths}) {
    const Pass& pass = passes.at(kind);
    most = std::max(most, of.is_sparse
                              ? sparse_bytes(in, of)
                              : limited(state_bytes(pass, kind, of), before + results, in, 1));
    const double value = kind != sweeps ? kDouble : of.is_sparse ? 2 * kFloat : kFloat;
    wire += of.ranks * of.graph_ghosts * pass.column_sweeps * value;
    const double entry_s = kind == solver  ? 1 / rates.solver_entries
                           : kind == paths ? kPathEntry_s / in.threads
                                           : 1 / rates.entries;
    plan.seconds += of.nodes * pass.column_sweeps * entry_s + pass.sweeps * rates.allreduce_s;
  }
  plan.memory_bytes = static_cast<Count>(
      std::max(graph_bytes(of) + voters + vector_bytes(in, of), before + results + most));
  plan.disk_bytes = static_cast<Count>(of.items * (of.scores + kRowNumber));
  plan.wire_bytes = static_cast<Count>(wire);
  plan.seconds += voter_seconds(in, of, rates) + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

}  // namespace kith::stages
