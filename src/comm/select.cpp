#include "kith/comm/select.hpp"

#include <algorithm>
#include <bit>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

namespace kith::comm {
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

float from_sortable(std::uint32_t word) {
  return std::bit_cast<float>((word >> 31U) != 0 ? word & 0x7FFFFFFFU : ~word);
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

/// The digit that holds the rank-th smallest (from 1), the last if there are fewer, and its rank
/// among those with this digit.
struct Cut {
  std::size_t digit = 0;
  Count rank = 0;
};

Cut find_cut(std::span<const Count> histogram, Count rank) {
  Cut cut{0, rank};
  while (cut.digit + 1 < kDigits && histogram[cut.digit] < cut.rank) {
    cut.rank -= histogram[cut.digit++];
  }
  return cut;
}

/// The choice in a group: candidates with digits below the cut's are in, those above it out.
struct Group {
  Cut cut;                 // of this level; its rank: still to choose among the undecided
  bool takes_cut = false;  // the candidates at the cut are all in
  bool is_open = true;
};

void place_cut(std::span<const Count> histogram, Group& group) {
  group.cut = find_cut(histogram, group.cut.rank);
  group.takes_cut = histogram[group.cut.digit] <= group.cut.rank;
  group.is_open = !group.takes_cut && group.cut.rank > 0;
}

}  // namespace

std::vector<std::uint8_t> choose_smallest(const Communicator& comm,
                                          std::span<const Candidate> candidates,
                                          std::span<const Count> wanted, std::uint64_t seed) {
  std::vector<Group> groups(wanted.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    groups[g].cut.rank = wanted[g];
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
    if (sum_over_ranks(comm, count_of(undecided)) == 0) {
      break;
    }
    histogram.assign(histogram.size(), 0);
    for (const std::size_t i : undecided) {
      ++histogram[to_size(candidates[i].group) * kDigits + digit(candidates[i], level, seed)];
    }
    sum_over_ranks(comm, histogram);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (groups[g].is_open) {
        place_cut(std::span{histogram}.subspan(g * kDigits, kDigits), groups[g]);
      }
    }
    std::erase_if(undecided, [&](std::size_t i) {
      const Group& group = groups[to_size(candidates[i].group)];
      const std::size_t at = digit(candidates[i], level, seed);
      chosen[i] = at < group.cut.digit || (at == group.cut.digit && group.takes_cut) ? 1 : 0;
      return at != group.cut.digit || !group.is_open;
    });
  }
  return chosen;
}

std::vector<float> order_statistics(const Communicator& comm, std::span<const float> mine,
                                    std::span<const Count> indices) {
  std::vector<std::uint32_t> found(indices.size(), 0);  // the digits so far
  std::vector<Count> ranks(indices.begin(), indices.end());
  std::for_each(ranks.begin(), ranks.end(), [](Count& rank) { ++rank; });
  std::vector<Count> histogram(indices.size() * kDigits);
  for (int level = 0; level < kKeyLevels; ++level) {
    const int bits_below = kDigitBits * (kKeyLevels - 1 - level);
    std::fill(histogram.begin(), histogram.end(), 0);
    for (const float value : mine) {
      const std::uint64_t word = sortable(value);
      const std::uint64_t above = word >> static_cast<unsigned>(bits_below + kDigitBits);
      for (std::size_t i = 0; i < found.size(); ++i) {
        if (above == found[i]) {
          ++histogram[i * kDigits + digit_of(word, level, kKeyLevels)];
        }
      }
    }
    sum_over_ranks(comm, histogram);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Cut cut = find_cut(std::span{histogram}.subspan(i * kDigits, kDigits), ranks[i]);
      found[i] =
          found[i] << static_cast<unsigned>(kDigitBits) | static_cast<std::uint32_t>(cut.digit);
      ranks[i] = cut.rank;
    }
  }
  std::vector<float> values;
  std::transform(found.begin(), found.end(), std::back_inserter(values), from_sortable);
  return values;
}

}  // namespace kith::comm
