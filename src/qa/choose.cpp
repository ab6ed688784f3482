#include "kith/qa/choose.hpp"

#include <bit>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

namespace kith::qa {
namespace {

constexpr int kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr int kKeyLevels = 3;   // 32 bits
constexpr int kWordLevels = 6;  // 64 bits
constexpr int kLevels = kKeyLevels + 2 * kWordLevels;

/// Unsigned integers in the order of the floats; -0 and 0 are one.
std::uint32_t sortable(float key) {
  const auto bits = std::bit_cast<std::uint32_t>(key == 0 ? 0.0F : key);
  return (bits >> 31U) != 0 ? ~bits : bits | 0x80000000U;
}

/// The most significant digit first.
std::size_t digit_of(std::uint64_t word, int level, int levels) {
  return (word >> static_cast<unsigned>(kDigitBits * (levels - 1 - level))) & (kDigits - 1);
}

/// The digit of (key, hash, id), read as one long number.
std::size_t digit(const Candidate& candidate, int level, std::uint64_t seed) {
  if (level < kKeyLevels) {
    return digit_of(sortable(candidate.key), level, kKeyLevels);
  }
  if (level < kKeyLevels + kWordLevels) {
    const std::uint64_t hash = random_bits(seed, Purpose::tie, candidate.id);
    return digit_of(hash, level - kKeyLevels, kWordLevels);
  }
  return digit_of(static_cast<std::uint64_t>(candidate.id), level - kKeyLevels - kWordLevels,
                  kWordLevels);
}

/// Where the choice in a group stands: digits below `cut` are in, above it out.
struct Group {
  Count missing = 0;       // still to choose among the undecided
  std::size_t cut = 0;     // of this level
  bool takes_cut = false;  // the candidates at the cut are all in
  bool is_open = true;
};

void place_cut(std::span<const Count> histogram, Group& group) {
  group.takes_cut = true;
  for (group.cut = 0; group.cut + 1 < kDigits; ++group.cut) {
    if (histogram[group.cut] >= group.missing) {
      break;
    }
    group.missing -= histogram[group.cut];
  }
  group.takes_cut = histogram[group.cut] <= group.missing;
  group.is_open = !group.takes_cut && group.missing > 0;
}

}  // namespace

std::vector<std::uint8_t> choose_smallest(const comm::Communicator& comm,
                                          std::span<const Candidate> candidates,
                                          std::span<const Count> wanted, std::uint64_t seed) {
  std::vector<Group> groups(wanted.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g].missing = wanted[g];
    groups[g].is_open = wanted[g] > 0;
  }
  std::vector<std::uint8_t> chosen(candidates.size(), 0);
  std::vector<std::size_t> undecided;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (groups[to_size(candidates[i].group)].is_open) {
      undecided.push_back(i);
    }
  }
  std::vector<Count> histogram(groups.size() * kDigits);
  for (int level = 0; level < kLevels; ++level) {
    if (comm::sum_over_ranks(comm, count_of(undecided)) == 0) {
      break;
    }
    histogram.assign(histogram.size(), 0);
    for (const std::size_t i : undecided) {
      ++histogram[to_size(candidates[i].group) * kDigits + digit(candidates[i], level, seed)];
    }
    comm::sum_over_ranks(comm, histogram);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (groups[g].is_open) {
        place_cut(std::span{histogram}.subspan(g * kDigits, kDigits), groups[g]);
      }
    }
    std::erase_if(undecided, [&](std::size_t i) {
      const Group& group = groups[to_size(candidates[i].group)];
      const std::size_t at = digit(candidates[i], level, seed);
      chosen[i] = at < group.cut || (at == group.cut && group.takes_cut) ? 1 : 0;
      return at != group.cut || !group.is_open;
    });
  }
  return chosen;
}

}  // namespace kith::qa
