#include "kith/comm/launcher.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "kith/core/numbers.hpp"

namespace kith::comm {
namespace {

/// Variables in which a launcher tells its processes how many and which they are.
struct Launcher {
  const char* size;
  const char* rank;
};

// The nearest launcher first: a process of mpirun inside a step of Slurm has the variables of both.
// A batch script has SLURM_NTASKS, but only tasks of srun have SLURM_STEP_NUM_TASKS.
constexpr std::array kLaunchers{
    Launcher{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},  // Open MPI's mpirun
    Launcher{"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},    // MVAPICH2
    Launcher{"PMI_SIZE", "PMI_RANK"},                          // MPICH's and Intel's mpiexec, PALS
    Launcher{"JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK"},      // jsrun
    Launcher{"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};

std::optional<int> number_in(const Variables& variables, const char* name) {
  const char* text = variables(name);
  return text == nullptr ? std::nullopt : parse_number<int>(text);
}

std::string sentence_of(const Launcher& launcher, int started) {
  if (std::string_view{launcher.size}.starts_with("SLURM")) {
    return fmt::format(
        "srun started {} tasks, but MPI joins none of them: use srun --mpi=pmix, or what srun "
        "--mpi=list names for the MPI library of kith",
        started);
  }
  return fmt::format(
      "{} processes were started ({}), but MPI joins none of them: use the mpirun of the MPI "
      "library "
      "that kith was built with",
      started, launcher.size);
}

}  // namespace

std::optional<LonelyCopies> find_lonely_copies(int num_ranks, const Variables& variables) {
  for (const Launcher& launcher : kLaunchers) {
    const auto started = number_in(variables, launcher.size);
    if (num_ranks > 1 || !started) {
      continue;
    }
    if (*started <= 1) {
      return std::nullopt;
    }
    return LonelyCopies{sentence_of(launcher, *started),
                        number_in(variables, launcher.rank).value_or(0) == 0};
  }
  return std::nullopt;
}

}  // namespace kith::comm
