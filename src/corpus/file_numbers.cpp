#include "corpus/file_numbers.hpp"

#include <algorithm>
#include <span>

#include "kith/comm/collectives.hpp"

namespace kith::corpus {
namespace {

using Numbers = std::vector<std::int32_t>;

void write(const Numbers& numbers, std::vector<std::int32_t>& out) {
  out.push_back(static_cast<std::int32_t>(numbers.size()));
  out.insert(out.end(), numbers.begin(), numbers.end());
}

Numbers take(std::span<const std::int32_t>& in) {
  const auto size = to_size(in.front());
  Numbers numbers(in.begin() + 1, in.begin() + 1 + static_cast<Count>(size));
  in = in.subspan(1 + size);
  return numbers;
}

}  // namespace

void broadcast_numbers(const comm::Communicator& comm, Corpus& corpus) {
  std::vector<std::int32_t> numbers;
  if (comm.is_root()) {
    for (const FileExtent& file : corpus.files) {
      write(file.numbers.classes, numbers);
      write(file.numbers.voters, numbers);
      write(file.numbers.prob_voters, numbers);
      std::for_each(file.numbers.slices.begin(), file.numbers.slices.end(),
                    [&](const Numbers& slice) { write(slice, numbers); });
    }
  }
  comm::broadcast(comm, numbers);
  std::span<const std::int32_t> rest = numbers;
  for (FileExtent& file : corpus.files) {
    file.numbers.classes = take(rest);
    file.numbers.voters = take(rest);
    file.numbers.prob_voters = take(rest);
    file.numbers.slices.resize(corpus.slices.size());
    for (Numbers& slice : file.numbers.slices) {
      slice = take(rest);
    }
  }
}

}  // namespace kith::corpus
