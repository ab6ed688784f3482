#include "kith/comm/same_call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/random.hpp"

namespace kith::comm {
namespace {

using Text = std::array<char, 256>;  // of a call; ends with a zero

/// A file's path from the root of the source.
std::string_view short_path(std::string_view file) {
  constexpr std::string_view kMine = __FILE__;
  constexpr std::string_view kMineFromRoot = "src/comm/same_call.cpp";
  const std::string_view root = kMine.substr(0, kMine.size() - kMineFromRoot.size());
  return file.starts_with(root) ? file.substr(root.size()) : file;
}

Text to_text(const Call& call) {
  Text text{};
  const std::string elements =
      call.count == Call::kOwn ? "" : fmt::format("{} elements of ", call.count);
  const std::string what =
      call.element_bytes == 0 ? "" : fmt::format(" ({}{} bytes)", elements, call.element_bytes);
  (void)fmt::format_to_n(text.begin(), text.size() - 1, "{} at {}:{}{}", call.operation,
                         short_path(call.where.file), call.where.line, what);
  return text;
}

std::uint64_t hash_of(const Call& call) {
  const std::string_view operation{call.operation};
  const std::string_view file{call.where.file};
  const std::array<std::uint64_t, 5> parts{
      hash_bytes(operation.data(), operation.size()).low, hash_bytes(file.data(), file.size()).low,
      static_cast<std::uint64_t>(call.where.line), static_cast<std::uint64_t>(call.element_bytes),
      static_cast<std::uint64_t>(call.count)};
  return hash_bytes(parts.data(), sizeof(parts)).low;
}

/// Collective. Rank 0 says who differs; the others wait for their end.
[[noreturn]] void end_job(const Communicator& comm, const Call& call) {
  const Text mine = to_text(call);
  std::vector<Text> all(to_size(comm.size()));
  check(MPI_Allgather(mine.data(), sizeof(Text), MPI_BYTE, all.data(), sizeof(Text), MPI_BYTE,
                      comm.raw_for_calls()),
        "MPI_Allgather");
  if (comm.is_root()) {
    const auto other =
        std::find_if(all.begin(), all.end(), [&](const Text& text) { return text != mine; });
    abort_job(fmt::format("ranks call different collectives: rank 0 {}, rank {} {}", mine.data(),
                          other - all.begin(), other->data()));
  }
  MPI_Barrier(comm.raw_for_calls());  // rank 0 does not come
  abort_job("ranks call different collectives");
}

}  // namespace

void detail::compare_calls(const Communicator& comm, const Call& call) {
  const std::uint64_t mine = hash_of(call);
  std::array<std::uint64_t, 2> largest{mine, ~mine};  // ~ of the smallest in the second
  check(MPI_Allreduce(MPI_IN_PLACE, largest.data(), 2, MPI_UINT64_T, MPI_MAX, comm.raw_for_calls()),
        "MPI_Allreduce");
  if (largest[0] != ~largest[1]) {
    end_job(comm, call);
  }
}

}  // namespace kith::comm
