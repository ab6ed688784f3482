#include "kith/comm/agree.hpp"

#include <vector>

#include "kith/comm/collectives.hpp"

namespace kith::comm {

void throw_if_any_failed(const Communicator& comm, const std::optional<std::string>& failure,
                         Where where) {
  expect_same_call(comm, {"locally", where});
  const Count mine = failure ? comm.rank().value() : comm.size();
  Count first = 0;
  check(MPI_Allreduce(&mine, &first, 1, MPI_INT64_T, MPI_MIN, comm.raw()), "MPI_Allreduce");
  if (first == comm.size()) {
    return;
  }
  const Rank speaker{static_cast<int>(first)};
  std::vector<char> text;
  if (comm.rank() == speaker) {
    text.assign(failure->begin(), failure->end());
  }
  broadcast(comm, text, speaker, where);
  throw CollectiveError{std::string(text.begin(), text.end())};
}

}  // namespace kith::comm
