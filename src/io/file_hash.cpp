#include "kith/io/file_hash.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"

#include "io/descriptor.hpp"

namespace kith::io {
namespace {

constexpr Count kSegmentBytes = Count{64} << 20;
constexpr Count kBlockBytes = Count{64} << 10;
constexpr Count kSampledBlocks = 16;

/// A part of one file that one rank hashes.
struct Segment {
  Count file;
  Count offset;
  Count bytes;
};

struct SegmentHash {
  Count number;
  Hash128 hash;
};

Count size_of(const std::string& path) {
  struct stat state {};
  if (::stat(path.c_str(), &state) != 0) {
    fail_errno(path);
  }
  return static_cast<Count>(state.st_size);
}

void append_all(Count file, Count bytes, std::vector<Segment>& segments) {
  for (Count offset = 0; offset < bytes; offset += kSegmentBytes) {
    segments.push_back({file, offset, std::min(kSegmentBytes, bytes - offset)});
  }
}

/// The first block and the last one are among the sampled.
void append_sampled(Count file, Count bytes, std::vector<Segment>& segments) {
  if (bytes <= kSampledBlocks * kBlockBytes) {
    append_all(file, bytes, segments);
    return;
  }
  for (Count block = 0; block < kSampledBlocks; ++block) {
    const double share = static_cast<double>(block) / static_cast<double>(kSampledBlocks - 1);
    const auto offset = static_cast<Count>(share * static_cast<double>(bytes - kBlockBytes));
    segments.push_back({file, offset, kBlockBytes});
  }
}

Hash128 hash_segment(const std::string& path, const Segment& segment) {
  const Descriptor file = Descriptor::open(path, O_RDONLY);
  std::vector<char> bytes(to_size(segment.bytes));
  Count done = 0;
  while (done < segment.bytes) {
    const ssize_t got = ::pread(file.raw(), bytes.data() + done, to_size(segment.bytes - done),
                                segment.offset + done);
    if (got < 0 && errno != EINTR) {
      fail_errno(path);
    }
    if (got == 0) {
      fail("{}: became shorter while it was read", path);
    }
    done += std::max<Count>(got, 0);
  }
  return hash_bytes(bytes.data(), bytes.size());
}

template <class Append>
std::vector<FileHash> hash(const comm::Communicator& comm, std::span<const std::string> paths,
                           Append&& append) {
  std::vector<Count> sizes(paths.size());
  comm::on_root(comm, [&] { std::transform(paths.begin(), paths.end(), sizes.begin(), size_of); });
  comm::broadcast(comm, sizes);
  std::vector<Segment> segments;
  for (std::size_t file = 0; file < sizes.size(); ++file) {
    append(static_cast<Count>(file), sizes[file], segments);
  }
  std::vector<SegmentHash> mine;
  comm::locally(comm, [&] {
    for (Count i = comm.rank().value(); i < count_of(segments); i += comm.size()) {
      const Segment& segment = segments[to_size(i)];
      mine.push_back({i, hash_segment(paths[to_size(segment.file)], segment)});
    }
  });
  std::vector<Hash128> hashes(segments.size());
  for (const SegmentHash& found : comm::gather_to_all<SegmentHash>(comm, mine).items) {
    hashes[to_size(found.number)] = found.hash;
  }
  std::vector<FileHash> result;
  std::size_t next = 0;
  for (std::size_t file = 0; file < sizes.size(); ++file) {
    const std::size_t first = next;
    while (next < segments.size() && segments[next].file == static_cast<Count>(file)) {
      ++next;
    }
    const Hash128 whole = hash_bytes(hashes.data() + first, (next - first) * sizeof(Hash128));
    result.push_back({sizes[file], fmt::format("{:016x}{:016x}", whole.high, whole.low)});
  }
  return result;
}

}  // namespace

std::vector<FileHash> hash_files(const comm::Communicator& comm,
                                 std::span<const std::string> paths) {
  return hash(comm, paths, append_all);
}

std::vector<FileHash> sample_files(const comm::Communicator& comm,
                                   std::span<const std::string> paths) {
  return hash(comm, paths, append_sampled);
}

}  // namespace kith::io
