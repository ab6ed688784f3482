#include <optional>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"

#include "support/mpi_world.hpp"

namespace {

std::optional<kith::comm::Communicator> shared_world;

}  // namespace

const kith::comm::Communicator& kith::test::world() {
  return *shared_world;
}

int main(int argc, char** argv) {
  const kith::comm::Environment mpi{argc, argv};
  testing::InitGoogleTest(&argc, argv);
  shared_world.emplace(kith::comm::Communicator::duplicate(MPI_COMM_WORLD));
  if (!shared_world->is_root()) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new testing::EmptyTestEventListener);
  }
  const int failed = RUN_ALL_TESTS();
  const bool any_failed = kith::comm::any_rank(*shared_world, failed != 0);
  if (failed != 0 && !shared_world->is_root()) {
    std::fprintf(stderr, "rank %d: tests failed here\n", shared_world->rank().value());
  }
  shared_world.reset();
  return any_failed ? 1 : 0;
}
