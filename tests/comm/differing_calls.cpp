// Ranks that do not make the same call, which ends the job: a test reads the sentence.
#include <string_view>
#include <vector>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"

int main(int argc, char** argv) {
  const kith::comm::Environment mpi{argc, argv};
  const auto world = kith::comm::Communicator::duplicate(MPI_COMM_WORLD);
  const std::string_view differs = argc > 1 ? argv[1] : "";
  const bool is_last = world.rank().value() + 1 == world.size();
  kith::comm::barrier(world);
  if (differs == "place") {
    if (is_last) {
      (void)kith::comm::any_rank(world, true);
    } else {
      kith::comm::locally(world, [] {});
    }
  }
  if (differs == "count") {
    std::vector<kith::Count> values(is_last ? 3 : 2);
    kith::comm::sum_over_ranks(world, values);
  }
  if (differs == "turns") {
    for (int turn = 0; turn < (is_last ? 2 : 3); ++turn) {
      (void)kith::comm::any_rank(world, true);
    }
    kith::comm::barrier(world);
  }
  return 0;
}
