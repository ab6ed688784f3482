#include "kith/comm/launcher.hpp"

#include <map>

#include <gtest/gtest.h>

namespace kith::comm {
namespace {

std::optional<LonelyCopies> found_with(std::map<std::string, std::string> set, int num_ranks = 1) {
  return find_lonely_copies(num_ranks, [&](const char* name) -> const char* {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

TEST(Launcher, RefusesTasksOfAStepThatMpiDoesNotJoin) {
  std::map<std::string, std::string> task{{"SLURM_JOB_ID", "7"},
                                          {"SLURM_NTASKS", "4"},
                                          {"SLURM_STEP_ID", "0"},
                                          {"SLURM_STEP_NUM_TASKS", "4"},
                                          {"SLURM_PROCID", "0"}};
  const auto first = found_with(task);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->is_first);
  EXPECT_EQ(first->sentence,
            "srun started 4 tasks, but MPI joins none of them: use srun --mpi=pmix, or what srun "
            "--mpi=list names for the MPI library of kith");
  task["SLURM_PROCID"] = "3";
  EXPECT_FALSE(found_with(task)->is_first);
  EXPECT_FALSE(found_with(task, 4).has_value());  // MPI does
}

TEST(Launcher, RefusesProcessesOfAnotherLibrarysLauncher) {
  const auto found = found_with({{"PMI_SIZE", "2"}, {"PMI_RANK", "1"}});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->is_first);
  EXPECT_EQ(
      found->sentence,
      "2 processes were started (PMI_SIZE), but MPI joins none of them: use the mpirun of the "
      "MPI library that kith was built with");
  EXPECT_TRUE(found_with({{"OMPI_COMM_WORLD_SIZE", "2"}}).has_value());
}

TEST(Launcher, AllowsOneProcessWhereverItWasStarted) {
  EXPECT_FALSE(found_with({}).has_value());
  const std::map<std::string, std::string> script{
      {"SLURM_JOB_ID", "7"}, {"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}};
  EXPECT_FALSE(found_with(script).has_value());
  std::map<std::string, std::string> one_task = script;  // srun -n1, an interactive step
  one_task["SLURM_STEP_NUM_TASKS"] = "1";
  EXPECT_FALSE(found_with(one_task).has_value());
  std::map<std::string, std::string> one_rank = script;  // mpirun -n 1 in a task of a step
  one_rank["SLURM_STEP_NUM_TASKS"] = "4";
  one_rank["OMPI_COMM_WORLD_SIZE"] = "1";
  EXPECT_FALSE(found_with(one_rank).has_value());
}

}  // namespace
}  // namespace kith::comm
