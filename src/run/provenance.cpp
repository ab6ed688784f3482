#include "run/provenance.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>

#include "kith/comm/collectives.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/json.hpp"
#include "kith/run/run.hpp"

#include "run/build_info.hpp"

namespace kith::run {
namespace {

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string version{text.data(), to_size(length)};
  return version.substr(0, version.find(','));
}

/// The value of the first line of /proc/cpuinfo with this key.
std::string cpu_model() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "unknown";
}

/// Collective. The different texts of all ranks, sorted.
std::vector<std::string> distinct(const comm::Communicator& comm, const std::string& mine) {
  const auto all = comm::gather_to_all<char>(comm, mine);
  std::set<std::string> texts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto text = all.from(Rank{rank});
    texts.emplace(text.begin(), text.end());
  }
  return {texts.begin(), texts.end()};
}

io::Json describe_slurm() {
  io::Json job;
  for (const char* name :
       {"SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID",
        "SLURM_RESTART_COUNT", "SLURM_JOB_PARTITION", "SLURM_JOB_NODELIST", "SLURM_NTASKS",
        "SLURM_CPUS_PER_TASK", "SLURM_CLUSTER_NAME"}) {
    if (const char* value = std::getenv(name); value != nullptr) {
      job[name] = value;
    }
  }
  return job;
}

}  // namespace

io::Json describe_program() {
  io::Json program;
  program["version"] = version();
  program["commit"] = build::kCommit;
  program["compiler"] = build::kCompiler;
  program["build_type"] = build::kType;
  program["system"] = build::kSystem;
  io::Json libraries;
  libraries["mpi"] = mpi_version();
  for (const auto& [name, number] : build::kLibraries) {
    libraries[name] = number;
  }
  program["libraries"] = libraries;
  return program;
}

io::Json describe_start(const comm::Communicator& comm, const comm::Placement& placement) {
  io::Json start;
  start["started"] = utc_now();
  start["status"] = "running";
  start["ranks"] = comm.size();
  start["threads"] = placement.ranks.front().threads;
  start["hosts"] = placement.hosts();
  start["cpu"] = distinct(comm, cpu_model());
  start["cpu_target"] = distinct(comm, distance::target_name());
  std::string job = describe_slurm().dump();
  comm::broadcast(comm, job);
  if (io::Json slurm = io::Json::parse(job); !slurm.empty()) {
    start["slurm"] = slurm;
  }
  return start;
}

int blas_threads() {
  // FAISS brings whichever BLAS the system has; only OpenBLAS can be asked.
  using Ask = int (*)();
  const auto ask = reinterpret_cast<Ask>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  return ask == nullptr ? 0 : ask();
}

ByteCounts bytes_moved() {
  ByteCounts counts;
  std::ifstream file{"/proc/self/io"};
  for (std::string key; file >> key;) {
    Count value = 0;
    file >> value;
    if (key == "rchar:") {
      counts.read = value;
    } else if (key == "wchar:") {
      counts.written = value;
    }
  }
  return counts;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace kith::run
