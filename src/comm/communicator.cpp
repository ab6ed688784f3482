#include "kith/comm/communicator.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "kith/comm/same_call.hpp"
#include "kith/core/log.hpp"

namespace kith::comm {
namespace {

constexpr int kAbortStatus = 2;

int most_ranks_per_node = 0;
bool communicators_compare_calls = false;

/// As the environment has it, else as this program was built.
bool wants_to_compare_calls() {
  const char* wanted = std::getenv("KITH_CHECK_COLLECTIVES");
#ifdef KITH_CHECKS_COLLECTIVES
  return wanted == nullptr || std::string_view{wanted} != "0";
#else
  return wanted != nullptr && std::string_view{wanted} == "1";
#endif
}

}  // namespace

Environment::Environment(int& argc, char**& argv) {
  // Open MPI 4.1.4 writes the path of a file that it opens into 256 bytes for a way of sharing file
  // pointers that nothing here uses: longer paths crashed.
  static_cast<void>(setenv("OMPI_MCA_sharedfp", "individual", 0));
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int wanted = wants_to_compare_calls() ? 1 : 0;  // rank 0's counts: others may not have it
  MPI_Bcast(&wanted, 1, MPI_INT, 0, MPI_COMM_WORLD);
  communicators_compare_calls = wanted == 1;
}

Environment::~Environment() {
  MPI_Finalize();
}

Communicator Communicator::duplicate(MPI_Comm parent) {
  MPI_Comm copy = MPI_COMM_NULL;
  check(MPI_Comm_dup(parent, &copy), "MPI_Comm_dup");
  check(MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return Communicator{copy};
}

Communicator::Communicator(MPI_Comm owned) : comm_{owned} {
  int rank = 0;
  check(MPI_Comm_rank(comm_, &rank), "MPI_Comm_rank");
  check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  rank_ = Rank{rank};
  if (communicators_compare_calls) {
    check(MPI_Comm_dup(comm_, &calls_), "MPI_Comm_dup");
    check(MPI_Comm_set_errhandler(calls_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }
}

Communicator::~Communicator() {
  for (MPI_Comm* owned : {&comm_, &calls_}) {
    if (*owned != MPI_COMM_NULL) {
      MPI_Comm_free(owned);
    }
  }
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_{std::exchange(other.comm_, MPI_COMM_NULL)},
      calls_{std::exchange(other.calls_, MPI_COMM_NULL)},
      rank_{other.rank_},
      size_{other.size_} {
}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
  std::swap(comm_, other.comm_);
  std::swap(calls_, other.calls_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  return *this;
}

Communicator node_of(const Communicator& comm, Where where) {
  expect_same_call(comm, {"node_of", where});
  MPI_Comm node = MPI_COMM_NULL;
  check(MPI_Comm_split_type(comm.raw(), MPI_COMM_TYPE_SHARED, comm.rank().value(), MPI_INFO_NULL,
                            &node),
        "MPI_Comm_split_type");
  check(MPI_Comm_set_errhandler(node, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  Communicator whole{node};
  if (most_ranks_per_node == 0) {
    return whole;
  }
  MPI_Comm part = MPI_COMM_NULL;
  const int rank = whole.rank().value();
  check(MPI_Comm_split(node, rank / most_ranks_per_node, rank, &part), "MPI_Comm_split");
  check(MPI_Comm_set_errhandler(part, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return Communicator{part};
}

void set_ranks_per_node(int ranks) {
  most_ranks_per_node = ranks;
}

int ranks_on_node(const Communicator& comm, Where where) {
  return node_of(comm, where).size();
}

void abort_job(std::string_view message) {
  int rank = -1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  log::error(fmt::format("rank {}: {}", rank, message));
  MPI_Abort(MPI_COMM_WORLD, kAbortStatus);
  std::abort();
}

void check(int mpi_status, const char* call) {
  if (mpi_status == MPI_SUCCESS) {
    return;
  }
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(mpi_status, text.data(), &length);
  abort_job(fmt::format("{}: {}", call, std::string_view(text.data(), to_size(length))));
}

}  // namespace kith::comm
