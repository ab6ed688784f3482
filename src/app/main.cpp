#include <exception>

#include "kith/comm/agree.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/stop.hpp"
#include "kith/core/streams.hpp"
#include "kith/knn/faiss_trial.hpp"

#include "app/commands.hpp"

int main(int argc, char** argv) {
  kith::hold_standard_streams();
  if (const auto status = kith::knn::serve_faiss_trial(argc, argv)) {
    return *status;
  }
  kith::listen_for_stop();  // before MPI starts: a signal until then is a wish to stop as well
  const kith::comm::Environment mpi{argc,
                                    argv};  // outside the try: no unwinding rank finalizes alone
  try {
    const auto world = kith::comm::Communicator::duplicate(MPI_COMM_WORLD);
    kith::log::set_speaker(world.is_root());
    kith::return_freed_arrays();
    try {
      return kith::app::dispatch(world, argc, argv);
    } catch (const kith::comm::Stopped& stop) {  // every rank is here
      kith::ignore_stop();
      if (world.is_root()) {
        kith::log::error(stop.what());
      }
      return kith::kStoppedStatus;
    } catch (const kith::comm::CollectiveError& error) {  // every rank is here
      if (world.is_root()) {
        kith::log::error(error.what());
      }
      return 1;
    }
  } catch (const std::exception& error) {  // perhaps only this rank is here
    kith::comm::abort_job(error.what());
  }
}
