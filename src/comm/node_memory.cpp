#include "kith/comm/node_memory.hpp"

#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <utility>

#include "kith/comm/collectives.hpp"

namespace kith::comm {
namespace {

/// Open MPI keeps windows in files there; writing to one beyond the free space is a bus error.
constexpr const char* kSharedMemoryFolder = "/dev/shm";

bool has_room_for(Count num_bytes) {
  struct statvfs folder {};
  if (statvfs(kSharedMemoryFolder, &folder) != 0) {
    return false;
  }
  const auto free_bytes =
      static_cast<double>(folder.f_bavail) * static_cast<double>(folder.f_frsize);
  return static_cast<double>(num_bytes) < 0.9 * free_bytes;
}

}  // namespace

NodeMemory::NodeMemory(const Communicator& comm, Count num_bytes, Where where)
    : comm_{&comm}, made_at_{where} {
  const Communicator node = node_of(comm, where);
  if (node.size() == 1 || !allocate_window(node, num_bytes)) {
    heap_ = std::make_unique_for_overwrite<std::byte[]>(
        to_size(num_bytes));  // NOLINT: no size of its own
    mine_ = {heap_.get(), to_size(num_bytes)};
    return;
  }
  find_others(comm, node);
}

bool NodeMemory::allocate_window(const Communicator& node, Count num_bytes) {
  const Count of_node = sum_over_ranks(node, num_bytes);
  if (any_rank(node, !has_room_for(of_node))) {
    return false;
  }
  MPI_Info info = MPI_INFO_NULL;
  check(MPI_Info_create(&info), "MPI_Info_create");
  check(MPI_Info_set(info, "alloc_shared_noncontig", "true"), "MPI_Info_set");  // whole pages
  void* memory = nullptr;
  const int status = MPI_Win_allocate_shared(num_bytes, 1, info, node.raw(),
                                             static_cast<void*>(&memory), &window_);
  check(MPI_Info_free(&info), "MPI_Info_free");
  if (any_rank(node, status != MPI_SUCCESS)) {
    window_ = MPI_WIN_NULL;
    return false;
  }
  mine_ = {static_cast<std::byte*>(memory), to_size(num_bytes)};
  return true;
}

void NodeMemory::find_others(const Communicator& comm, const Communicator& node) {
  others_.resize(to_size(comm.size()));
  const auto ranks = gather_to_all<int>(node, std::vector{comm.rank().value()}).items;
  const auto sizes = gather_to_all<Count>(node, std::vector{count_of(mine_)}).items;
  for (int other = 0; other < node.size(); ++other) {
    if (other == node.rank().value()) {
      continue;
    }
    MPI_Aint whole_pages = 0;
    int unit = 0;
    void* memory = nullptr;
    check(MPI_Win_shared_query(window_, other, &whole_pages, &unit, static_cast<void*>(&memory)),
          "MPI_Win_shared_query");
    others_[to_size(ranks[to_size(other)])] = {static_cast<const std::byte*>(memory),
                                               to_size(sizes[to_size(other)])};
  }
}

NodeMemory::NodeMemory(NodeMemory&& other) noexcept
    : comm_{std::exchange(other.comm_, nullptr)},
      made_at_{other.made_at_},
      window_{std::exchange(other.window_, MPI_WIN_NULL)},
      heap_{std::move(other.heap_)},
      mine_{std::exchange(other.mine_, {})},
      others_{std::move(other.others_)} {
}

NodeMemory& NodeMemory::operator=(NodeMemory&& other) noexcept {
  if (this != &other) {
    free();
    comm_ = std::exchange(other.comm_, nullptr);
    made_at_ = other.made_at_;
    window_ = std::exchange(other.window_, MPI_WIN_NULL);
    heap_ = std::move(other.heap_);
    mine_ = std::exchange(other.mine_, {});
    others_ = std::move(other.others_);
  }
  return *this;
}

NodeMemory::~NodeMemory() {
  if (std::uncaught_exceptions() == 0) {
    free();
  }
}

void NodeMemory::free() {
  if (comm_ != nullptr) {
    expect_same_call(*comm_, {"freeing NodeMemory", made_at_});
  }
  if (window_ != MPI_WIN_NULL) {
    check(MPI_Win_free(&window_), "MPI_Win_free");
  }
}

void NodeMemory::publish(Where where) const {
  expect_same_call(*comm_, {"NodeMemory::publish", where});
  if (window_ != MPI_WIN_NULL) {
    check(MPI_Win_fence(0, window_), "MPI_Win_fence");
  }
}

void NodeMemory::release_others() const {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const auto block : others_) {
    if (block.empty()) {
      continue;
    }
    // From the beginning of its first page: pages of a window stay as they are, whoever looks.
    const auto address =
        reinterpret_cast<std::uintptr_t>(block.data());  // NOLINT: its place in memory
    const std::uintptr_t before = address % page;
    void* memory =
        const_cast<std::byte*>(block.data() - before);  // NOLINT: what it holds is not changed
    madvise(memory, block.size() + before, MADV_DONTNEED);
  }
}

}  // namespace kith::comm
