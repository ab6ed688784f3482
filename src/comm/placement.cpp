#include "kith/comm/placement.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <map>

#include "kith/comm/collectives.hpp"

namespace kith::comm {
namespace {

/// All ranks of one host together.
struct NodeUse {
  std::vector<const RankPlace*> ranks;
  std::array<std::uint64_t, RankPlace::kMostCores / 64> cores{};  // of any of them
  int threads = 0;
  int cores_of_ranks = 0;  // counted once a rank

  [[nodiscard]] int num_cores() const {
    int number = 0;
    for (const std::uint64_t word : cores) {
      number += std::popcount(word);
    }
    return number;
  }
};

std::map<std::string, NodeUse> by_host(const Placement& placement) {
  std::map<std::string, NodeUse> nodes;
  for (const RankPlace& rank : placement.ranks) {
    NodeUse& node = nodes[rank.host.data()];
    node.ranks.push_back(&rank);
    node.threads += rank.threads;
    node.cores_of_ranks += rank.num_cores();
    for (std::size_t word = 0; word < node.cores.size(); ++word) {
      node.cores[word] |= rank.may_use[word];
    }
  }
  return nodes;
}

std::string range(int low, int high) {
  return low == high ? fmt::format("{}", low) : fmt::format("{}..{}", low, high);
}

template <class Get>
std::string range_over(const Placement& placement, Get&& get) {
  const auto [low, high] =
      std::minmax_element(placement.ranks.begin(), placement.ranks.end(),
                          [&](const RankPlace& a, const RankPlace& b) { return get(a) < get(b); });
  return range(get(*low), get(*high));
}

bool is_pinned(const RankPlace& rank) {
  return rank.num_cores() < rank.cores_of_node;
}

void warn_of_node(const std::string& host, const NodeUse& node, std::vector<std::string>& said) {
  const int cores = node.num_cores();
  const auto num_ranks = static_cast<int>(node.ranks.size());
  if (node.threads > cores) {
    said.push_back(fmt::format(
        "{}: {} ranks with {} threads share {} cores: fewer ranks a node or run.threads", host,
        num_ranks, node.threads, cores));
  } else if (node.cores_of_ranks > cores && is_pinned(*node.ranks.front())) {
    said.push_back(fmt::format(
        "{}: ranks are pinned to the same cores: srun --cpu-bind=cores, mpirun --bind-to none",
        host));
  }
  const auto narrow = std::find_if(node.ranks.begin(), node.ranks.end(), [](const RankPlace* rank) {
    return rank->threads > rank->num_cores();
  });
  if (narrow != node.ranks.end() && node.threads <= cores) {
    said.push_back(fmt::format(
        "{}: a rank has {} threads on {} cores: srun --cpus-per-task={}, mpirun --map-by "
        "slot:PE={}",
        host, (*narrow)->threads, (*narrow)->num_cores(), (*narrow)->threads, (*narrow)->threads));
  }
  int blas_threads = 0;
  for (const RankPlace* rank : node.ranks) {
    blas_threads += rank->blas_threads;
  }
  if (blas_threads > std::max(cores, node.threads)) {
    said.push_back(
        fmt::format("{}: BLAS would start {} threads on {} cores: OPENBLAS_NUM_THREADS=1", host,
                    blas_threads, cores));
  }
}

}  // namespace

int RankPlace::num_cores() const {
  int number = 0;
  for (const std::uint64_t word : may_use) {
    number += std::popcount(word);
  }
  return number;
}

std::vector<std::string> Placement::hosts() const {
  std::vector<std::string> names;
  for (const auto& [host, node] : by_host(*this)) {
    names.push_back(host);
  }
  return names;
}

Placement find_placement(const Communicator& comm, int threads, int blas_threads, Where where) {
  RankPlace mine;
  gethostname(mine.host.data(), mine.host.size() - 1);
  mine.threads = threads;
  mine.blas_threads = blas_threads;
  mine.cores_of_node = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof(cores), &cores);
  for (std::size_t core = 0; core < RankPlace::kMostCores; ++core) {
    if (CPU_ISSET(core, &cores)) {
      mine.may_use[core / 64] |= std::uint64_t{1} << (core % 64);
    }
  }
  return {gather_to_all<RankPlace>(comm, std::span{&mine, 1}, where).items};
}

std::string to_line(const Placement& placement) {
  int fewest = static_cast<int>(placement.ranks.size());
  int most = 0;
  const auto nodes = by_host(placement);
  for (const auto& [host, node] : nodes) {
    fewest = std::min(fewest, static_cast<int>(node.ranks.size()));
    most = std::max(most, static_cast<int>(node.ranks.size()));
  }
  const bool pinned = std::all_of(placement.ranks.begin(), placement.ranks.end(), is_pinned);
  return fmt::format("nodes={} ranks={} ranks_per_node={} threads={} cores_per_rank={} pinned={}",
                     nodes.size(), placement.ranks.size(), range(fewest, most),
                     range_over(placement, [](const RankPlace& rank) { return rank.threads; }),
                     range_over(placement, [](const RankPlace& rank) { return rank.num_cores(); }),
                     pinned ? "yes" : "no");
}

std::vector<std::string> warnings(const Placement& placement) {
  std::vector<std::string> said;
  for (const auto& [host, node] : by_host(placement)) {
    warn_of_node(host, node, said);
  }
  return said;
}

}  // namespace kith::comm
