#include "kith/io/snapshots.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <tuple>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/random.hpp"
#include "kith/core/stop.hpp"
#include "kith/io/files.hpp"

namespace kith::io {
namespace {

constexpr const char* kChecksum = "checksum";
constexpr double kAfterFailure_s = 60;
constexpr double kMostShare = 0.03;            // of the run that saving may take
constexpr Count kProbeBytes = Count{8} << 20;  // of a rank, to see how fast files are written

Count row_bytes_of(const std::vector<Count>& shape, Count element_bytes) {
  Count bytes = element_bytes;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    bytes *= shape[axis];
  }
  return bytes;
}

/// Of the snapshot and the dataset: rows of another one are not taken for this one's.
std::uint64_t place_hash(const std::string& seal, const std::string& dataset) {
  const std::string place = seal + " " + dataset;
  return hash_bytes(place.data(), place.size()).low;
}

std::string seal_of(const std::string& fingerprint, Count number) {
  return fmt::format("{} {}", fingerprint, number);
}

/// Collective. Sum over rows of a hash of place, number and bytes: the same however ranks share the
/// rows. place: of the dataset.
std::int64_t checksum(const comm::Communicator& comm, std::uint64_t place,
                      std::span<const std::byte> mine, Count first_row, Count row_bytes) {
  std::uint64_t sum = comm.is_root() ? place : 0;  // a dataset without rows has one too
  const Count num_rows = row_bytes > 0 ? count_of(mine) / row_bytes : 0;
  for (Count row = 0; row < num_rows; ++row) {
    const auto bytes = mine.subspan(to_size(row * row_bytes), to_size(row_bytes));
    const std::array<std::uint64_t, 3> sealed{hash_bytes(bytes.data(), bytes.size()).low,
                                              static_cast<std::uint64_t>(first_row + row), place};
    sum += hash_bytes(sealed.data(), sizeof(sealed)).low;
  }
  // Halves, because a sum of counts must not overflow.
  std::array<Count, 2> halves{static_cast<Count>(sum >> 32U),
                              static_cast<Count>(sum & 0xFFFFFFFFU)};
  comm::sum_over_ranks(comm, halves);
  const auto total =
      (static_cast<std::uint64_t>(halves[0]) << 32U) + static_cast<std::uint64_t>(halves[1]);
  return static_cast<std::int64_t>(total);
}

/// Local. Throws Error if the file cannot hold what the dataset's shape promises.
DatasetInfo describe_whole(const InputFile& file, const std::string& name) {
  DatasetInfo info = file.describe(name);
  const auto file_bytes = static_cast<Count>(std::filesystem::file_size(file.path()));
  if (std::any_of(info.shape.begin(), info.shape.end(),
                  [&](Count size) { return size > file_bytes; })) {
    fail("{}: {}: is larger than its file", file.path(), name);
  }
  return info;
}

struct Found {
  Count number = -1;  // none
  int slot = 0;
};

/// Local. The number of a snapshot of this fingerprint; -1 if there is none.
Count number_of(const std::string& path, const std::string& fingerprint) {
  if (!std::filesystem::exists(path)) {
    return -1;
  }
  try {
    const InputFile file{path};
    const auto prints = file.attribute_strings("/", "fingerprint");
    return prints.size() == 1 && prints.front() == fingerprint
               ? file.attribute<std::int64_t>("/", "number")
               : -1;
  } catch (const Error&) {
    return -1;  // no file of ours
  }
}

}  // namespace

void SnapshotWriter::write(const std::string& name, ElementType type,
                           std::span<const std::byte> mine, Count first_row,
                           const std::vector<Count>& shape_of_whole) {
  const Count row_bytes = row_bytes_of(shape_of_whole, element_bytes(type));
  num_bytes_ += shape_of_whole.front() * row_bytes;
  if (file_ != nullptr) {
    file_->write_rows(name, type, mine, first_row, shape_of_whole);
    file_->set_attribute(name, kChecksum,
                         checksum(*comm_, place_hash(seal_, name), mine, first_row, row_bytes));
  }
}

void SnapshotWriter::write_rows(const std::string& name, std::span<const std::byte> mine,
                                Count first_row, Count num_rows, Count row_bytes) {
  write(name, element_type_of<std::uint8_t>(), mine, first_row, {num_rows, row_bytes});
}

void SnapshotWriter::write_numbers(const std::string& name, std::span<const double> numbers) {
  const auto mine = comm_->is_root() ? numbers : numbers.first(0);
  write(name, element_type_of<double>(), std::as_bytes(mine), 0, {count_of(numbers)});
}

void SnapshotWriter::write_counts(const std::string& name, std::span<const Count> counts) {
  const auto mine = comm_->is_root() ? counts : counts.first(0);
  write(name, element_type_of<Count>(), std::as_bytes(mine), 0, {count_of(counts)});
}

void SnapshotReader::read_rows(const std::string& name, std::span<std::byte> mine, Count first_row,
                               Count /*row_bytes*/) const {
  read(name, element_type_of<std::uint8_t>(), first_row, mine);
}

/// Collective. All elements, on every rank.
template <class T>
std::vector<T> SnapshotReader::read_whole(const std::string& name) const {
  std::vector<T> data(
      to_size(comm::locally(*comm_, [&] { return describe_whole(*file_, name).num_rows(); })));
  const std::span<T> mine{data.data(), comm_->is_root() ? data.size() : 0};
  read(name, element_type_of<T>(), 0, std::as_writable_bytes(mine));
  comm::broadcast(*comm_, data);
  return data;
}

std::vector<double> SnapshotReader::read_numbers(const std::string& name) const {
  return read_whole<double>(name);
}

std::vector<Count> SnapshotReader::read_counts(const std::string& name) const {
  return read_whole<Count>(name);
}

void SnapshotReader::read(const std::string& name, ElementType type, Count first_row,
                          std::span<std::byte> mine) const {
  Count row_bytes = 0;
  const auto sealed = comm::locally(*comm_, [&] {
    const DatasetInfo info = describe_whole(*file_, name);
    if (info.type == type && !info.shape.empty()) {
      row_bytes = row_bytes_of(info.shape, element_bytes(type));
    }
    if (row_bytes <= 0 || count_of(mine) % row_bytes != 0) {
      fail("{}: {}: is not what was expected", file_->path(), name);
    }
    file_->read_raw(name, first_row, count_of(mine) / row_bytes, mine);
    return file_->attribute<std::int64_t>(name, kChecksum);
  });
  if (checksum(*comm_, place_hash(seal_, name), mine, first_row, row_bytes) != sealed) {
    throw comm::CollectiveError{
        fmt::format("{}: {}: does not have its checksum", file_->path(), name)};
  }
}

Snapshots::Snapshots(const comm::Communicator& comm, const std::string& directory,
                     const std::string& name, std::string fingerprint, double interval_s)
    : comm_{&comm},
      stem_{(std::filesystem::path{directory} / name).string()},
      fingerprint_{std::move(fingerprint)},
      interval_s_{interval_s},
      wait_s_{interval_s} {
}

std::string Snapshots::path(int slot) const {
  return fmt::format("{}.{}.h5", stem_, slot);
}

bool Snapshots::resume(const std::function<void(const comm::StateReader&)>& load) {
  std::vector<Found> found(2);
  comm::on_root(*comm_, [&] {
    for (int slot = 0; slot < 2; ++slot) {
      found[to_size(slot)] = {number_of(path(slot), fingerprint_), slot};
    }
  });
  comm::broadcast(*comm_, found);
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.number > b.number; });
  for (const Found& snapshot : found) {
    if (snapshot.number < 0) {
      continue;
    }
    try {
      const InputFile file = comm::locally(*comm_, [&] { return InputFile{path(snapshot.slot)}; });
      load(SnapshotReader{file, *comm_, seal_of(fingerprint_, snapshot.number)});
      number_ = snapshot.number + 1;
      next_slot_ = 1 - snapshot.slot;
      last_ = Clock::now();
      return true;
    } catch (const comm::CollectiveError& error) {
      log::info("warning: a snapshot is passed over: {}", error.what());
    }
  }
  return false;
}

void Snapshots::offer(const std::function<void(comm::StateWriter&)>& save_state) {
  constexpr Count kTime = 1;
  constexpr Count kStop = 2;
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - last_).count();
  const Count mine = stop_was_asked() ? kStop : elapsed_s >= wait_s_ ? kTime : 0;
  const Count agreed = comm::max_over_ranks(*comm_, mine);
  if (agreed == kStop || (agreed == kTime && pays(save_state))) {
    save(save_state);
  }
  if (agreed == kStop) {
    throw comm::Stopped{};
  }
}

/// Collective, before the first snapshot: whether it would take a small share of the time so far;
/// if not, sets when it will.
bool Snapshots::pays(const std::function<void(comm::StateWriter&)>& save_state) {
  if (saved_ > 0 || interval_s_ == 0) {
    return true;
  }
  SnapshotWriter counter{*comm_};
  save_state(counter);
  if (counter.num_bytes() <= kProbeBytes) {
    return true;
  }
  const double expected_s = static_cast<double>(counter.num_bytes()) / measure_rate();
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - last_).count();
  wait_s_ = comm::max_over_ranks(*comm_, std::max(interval_s_, expected_s / kMostShare));
  return comm::any_rank(*comm_, elapsed_s >= wait_s_);
}

/// Collective. Bytes that all ranks write in a second, without end if they cannot.
double Snapshots::measure_rate() const {
  constexpr Count kRowBytes = 64;
  const Clock::time_point start = Clock::now();
  const std::vector<std::byte> mine(to_size(kProbeBytes), std::byte{1});
  const Count num_rows = kProbeBytes / kRowBytes;
  try {
    OutputFile file = OutputFile::create(*comm_, probe_path());
    try {
      SnapshotWriter{file, *comm_, ""}.write_rows("/bytes", mine, num_rows * comm_->rank().value(),
                                                  num_rows * comm_->size(), kRowBytes);
      file.commit();
    } catch (const comm::CollectiveError&) {
      file.discard();
      throw;
    }
  } catch (const comm::CollectiveError&) {
    return std::numeric_limits<double>::infinity();  // saving will say why
  }
  const double took_s = std::chrono::duration<double>(Clock::now() - start).count();
  comm::on_root(*comm_, [&] {
    std::error_code ignored;
    std::filesystem::remove(probe_path(), ignored);
  });
  return static_cast<double>(kProbeBytes * comm_->size()) / comm::max_over_ranks(*comm_, took_s);
}

void Snapshots::save(const std::function<void(comm::StateWriter&)>& save_state) {
  const Clock::time_point start = Clock::now();
  bool is_saved = false;
  try {
    OutputFile file = OutputFile::create(*comm_, path(next_slot_));
    try {
      file.set_attribute("/", "fingerprint", fingerprint_);
      file.set_attribute("/", "number", number_);
      SnapshotWriter writer{file, *comm_, seal_of(fingerprint_, number_)};
      save_state(writer);
      file.commit();
      saved_bytes_ += writer.num_bytes();
    } catch (const comm::CollectiveError&) {
      file.discard();
      throw;
    }
    ++number_;
    ++saved_;
    next_slot_ = 1 - next_slot_;
    is_saved = true;
  } catch (const comm::CollectiveError& error) {
    log::info("warning: no snapshot could be written: {}", error.what());
  }
  last_ = Clock::now();
  const double took_s = std::chrono::duration<double>(last_ - start).count();
  saving_s_ += took_s;
  wait_s_ = std::max(interval_s_, interval_s_ > 0 ? took_s / kMostShare : 0.0);
  if (!is_saved) {
    wait_s_ = std::max(wait_s_, kAfterFailure_s);
  }
}

void Snapshots::clear() {
  if (saved_ > 0) {
    log::info("stage={} snapshots={} saving_s={:.2f} snapshot_mib={}",
              std::filesystem::path{stem_}.filename().string(), saved_, saving_s_,
              (saved_bytes_ / saved_) >> 20);
  }
  comm::on_root(*comm_, [&] {
    std::error_code ignored;
    for (int slot = 0; slot < 2; ++slot) {
      std::filesystem::remove(path(slot), ignored);
      std::filesystem::remove(part_path(path(slot)), ignored);
    }
    std::filesystem::remove(probe_path(), ignored);
    std::filesystem::remove(part_path(probe_path()), ignored);
  });
}

}  // namespace kith::io
