#include "kith/io/dataset_hash.hpp"

#include <algorithm>
#include <optional>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/io/input_file.hpp"

namespace kith::io {
namespace {

constexpr Count kWholeBytes = Count{64} << 20;  // up to here every value is read
constexpr Count kBlockBytes = Count{64} << 10;
constexpr Count kLargeBlockBytes = Count{4} << 20;  // where every value is read
constexpr Count kSampledBlocks = 256;
constexpr Count kTextBytes = 64;  // of a string, about

/// What rank 0 finds out of a dataset.
struct Extent {
  Count num_rows = 0;
  Count row_bytes = 0;  // 0: nothing to read
  bool has_strings = false;
  Hash128 head{};  // of all but the values
};

/// Rows of one dataset that one rank hashes.
struct Block {
  std::size_t place;
  Count first_row;
  Count num_rows;
};

struct BlockHash {
  Count number;
  Hash128 hash;
};

Hash128 hash_text(const std::string& text) {
  return hash_bytes(text.data(), text.size());
}

Extent look_at(const DatasetPlace& place) {
  const InputFile file{place.path};
  const DatasetInfo info = file.describe(place.dataset);
  std::string head = fmt::format("{} {}", info.type_name, fmt::join(info.shape, " "));
  for (const EnumMember& member : info.members) {
    head += fmt::format("\n{}={}", member.name, member.value);
  }
  if (file.has_attribute(place.dataset, "names")) {
    head += fmt::format("\n{}", fmt::join(file.attribute_strings(place.dataset, "names"), "\n"));
  }
  Extent extent;
  extent.num_rows = info.shape.empty() ? 1 : info.num_rows();
  extent.has_strings = info.has_strings;
  extent.row_bytes = info.has_strings ? kTextBytes
                     : info.type      ? info.row_size() * element_bytes(*info.type)
                                      : 0;
  extent.head = hash_text(head);
  return extent;
}

void append_blocks(std::size_t place, const Extent& extent, bool all_values,
                   std::vector<Block>& blocks) {
  if (extent.row_bytes == 0) {
    return;
  }
  const bool is_whole = all_values || extent.num_rows * extent.row_bytes <= kWholeBytes;
  const Count bytes = is_whole ? kLargeBlockBytes : kBlockBytes;
  const Count rows =
      std::clamp<Count>(bytes / extent.row_bytes, 1, std::max<Count>(1, extent.num_rows));
  const Count all = (extent.num_rows + rows - 1) / rows;
  const Count taken = is_whole ? all : std::min(all, kSampledBlocks);
  for (Count i = 0; i < taken; ++i) {
    const Count block = taken == all ? i : i * (all - 1) / (taken - 1);  // the first and the last
    blocks.push_back({place, block * rows, std::min(rows, extent.num_rows - block * rows)});
  }
}

Hash128 hash_block(const InputFile& file, const std::string& dataset, const Extent& extent,
                   const Block& block) {
  if (extent.has_strings) {
    std::string text;
    for (const std::string& one : file.read_strings(dataset, block.first_row, block.num_rows)) {
      text += one + '\0';
    }
    return hash_text(text);
  }
  std::vector<std::byte> bytes(to_size(block.num_rows * extent.row_bytes));
  file.read_raw(dataset, block.first_row, block.num_rows, bytes);
  return hash_bytes(bytes.data(), bytes.size());
}

/// Collective.
std::vector<Extent> look_at_all(const comm::Communicator& comm,
                                std::span<const DatasetPlace> places) {
  std::vector<Extent> extents(places.size());
  comm::on_root(comm,
                [&] { std::transform(places.begin(), places.end(), extents.begin(), look_at); });
  comm::broadcast(comm, extents);
  return extents;
}

}  // namespace

std::vector<std::string> hash_datasets(const comm::Communicator& comm,
                                       std::span<const DatasetPlace> places) {
  const std::vector<Extent> extents = look_at_all(comm, places);
  std::vector<Block> blocks;
  for (std::size_t place = 0; place < places.size(); ++place) {
    append_blocks(place, extents[place], !places[place].may_sample, blocks);
  }
  std::vector<BlockHash> mine;
  comm::locally(comm, [&] {
    std::optional<InputFile> file;
    for (Count i = comm.rank().value(); i < count_of(blocks); i += comm.size()) {
      const Block& block = blocks[to_size(i)];
      const DatasetPlace& place = places[block.place];
      if (!file || file->path() != place.path) {
        file.emplace(place.path);
      }
      mine.push_back({i, hash_block(*file, place.dataset, extents[block.place], block)});
    }
  });
  std::vector<std::vector<Hash128>> found(places.size());
  for (std::size_t place = 0; place < places.size(); ++place) {
    found[place].push_back(extents[place].head);
  }
  std::vector<Hash128> hashes(blocks.size());
  for (const BlockHash& one : comm::gather_to_all<BlockHash>(comm, mine).items) {
    hashes[to_size(one.number)] = one.hash;
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    found[blocks[i].place].push_back(hashes[i]);
  }
  std::vector<std::string> texts;
  for (const std::vector<Hash128>& parts : found) {
    const Hash128 whole = hash_bytes(parts.data(), parts.size() * sizeof(Hash128));
    texts.push_back(fmt::format("{:016x}{:016x}", whole.high, whole.low));
  }
  return texts;
}

}  // namespace kith::io
