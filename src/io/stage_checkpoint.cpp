#include "kith/io/snapshots.hpp"

namespace kith::io {
namespace {

template <class Byte>
auto as_u8(std::span<Byte> bytes) {
  using Stored = std::conditional_t<std::is_const_v<Byte>, const std::uint8_t, std::uint8_t>;
  return std::span<Stored>{reinterpret_cast<Stored*>(bytes.data()), bytes.size()};
}

class Writer : public comm::StateWriter {
 public:
  explicit Writer(SnapshotWriter& writer) : writer_{&writer} {}

  void write_rows(const std::string& name, std::span<const std::byte> mine, Count first_row,
                  Count num_rows, Count row_bytes) override {
    writer_->write_rows<std::uint8_t>(name, as_u8(mine), first_row, {num_rows, row_bytes});
  }
  void write_numbers(const std::string& name, std::span<const double> numbers) override {
    writer_->write_whole<double>(name, numbers);
  }

 private:
  SnapshotWriter* writer_;
};

class Reader : public comm::StateReader {
 public:
  explicit Reader(const SnapshotReader& reader) : reader_{&reader} {}

  void read_rows(const std::string& name, std::span<std::byte> mine, Count first_row,
                 Count /*row_bytes*/) const override {
    reader_->read_rows<std::uint8_t>(name, first_row, as_u8(mine));
  }
  [[nodiscard]] std::vector<double> read_numbers(const std::string& name) const override {
    return reader_->read_whole<double>(name);
  }

 private:
  const SnapshotReader* reader_;
};

}  // namespace

bool StageCheckpoint::resume(const std::function<void(const comm::StateReader&)>& load) {
  return snapshots_->resume([&](const SnapshotReader& reader) { load(Reader{reader}); });
}

void StageCheckpoint::offer(const std::function<void(comm::StateWriter&)>& save) {
  snapshots_->offer([&](SnapshotWriter& writer) {
    Writer state{writer};
    save(state);
  });
}

}  // namespace kith::io
