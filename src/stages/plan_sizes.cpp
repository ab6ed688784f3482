#include "stages/plan_sizes.hpp"

namespace kith::stages {

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

double limited(double wanted, double there, const run::PlanInput& in, double share) {
  if (in.memory_per_rank == 0) {
    return wanted;
  }
  const double limit = static_cast<double>(in.memory_per_rank);
  return std::min(wanted, std::max(limit - there, limit / 16) * share);
}

double cache_bytes(const run::PlanInput& in, const Sizes& of) {
  const double all = of.nodes * of.stored_row;
  const double limit =
      in.memory_per_rank > 0 ? static_cast<double>(in.memory_per_rank) / 4 : kReaderCache;
  return all <= limit ? all : 0;
}

double shard_bytes(const Sizes& of, double probes) {
  return of.nodes * (kRowNumber + probes * kCellNumber + kItemOfNode);
}

double list_bytes(const Sizes& of) {
  return of.nodes * of.k * kNeighbor;
}

double learning_seconds(double items, const run::PlanInput& in, const run::Rates& rates) {
  constexpr double kModels = 6;
  const double products =
      kLearnProducts * kModels * items * static_cast<double>(in.dim) * in.classes;
  return std::max(kLearnHead_s, 2 * products / (rates.scan_flops / in.threads * kPredictShare));
}

double graph_bytes(const Sizes& of) {
  return shard_bytes(of, 0) + list_bytes(of) + of.edges * kEdge + of.nodes * kGraphRow +
         of.graph_ghosts * kGhost;
}

double exchanged(double bytes, const Sizes& of) {
  return bytes * (of.ranks - 1) / of.ranks;
}

double wire_seconds(const run::StagePlan& plan, const Sizes& of, const run::Rates& rates) {
  return static_cast<double>(plan.wire_bytes) / (rates.exchange_bytes * of.ranks);
}

run::StagePlan with_common(run::StagePlan plan, const Sizes& of, const run::Rates& rates) {
  plan.seconds += static_cast<double>(plan.disk_bytes) / (rates.read_bytes * of.ranks);
  plan.memory_bytes += run::base_memory() + static_cast<Count>(kLibraries);
  return plan;
}

}  // namespace kith::stages
