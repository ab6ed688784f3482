#include "refine.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <span>

#include "kith/comm/agree.hpp"
#include "kith/core/parallel.hpp"

#include "scan.hpp"
#include "shared_progress.hpp"
#include "wave_lists.hpp"

namespace kith::knn {
namespace {

/// What a cell is to the row that is refined.
enum class CellState : std::uint8_t {
  foreign,  // not in the home cell's neighborhood
  unseen,   // in it, but the row did not scan it
  scanned,
};

/// Memory of one thread, kept from block to block.
struct Scratch {
  std::vector<CellState> states;    // by slot
  std::vector<std::int32_t> nodes;  // to compare the row with
  Candidates candidates;            // the same, with distances
  std::vector<Entry> entries;       // what may enter the row's list
  std::vector<float> query_floats;
};

class Refine {
 public:
  Refine(const cells::Shard& shard, const Neighborhoods& neighborhoods, const Wave& wave,
         const WaveLists& lists)
      : shard_{shard}, neighborhoods_{neighborhoods}, wave_{wave}, lists_{lists} {}

  /// Returns the distances computed.
  Count run(const HomeBlock& block, RoundLists& after, Scratch& scratch) const {
    scratch.states.assign(to_size(lists_.no_slot()) + 1, CellState::foreign);
    for (const CellId cell : neighborhoods_.of(block.home)) {
      scratch.states[to_size(wave_.slot_of(cell))] = CellState::unseen;
    }
    Count num_distances = 0;
    for (std::int32_t row = block.first_row; row < block.first_row + block.num_rows; ++row) {
      set_probed(row, CellState::scanned, scratch);
      collect(row, scratch);
      set_probed(row, CellState::unseen, scratch);
      num_distances += count_of(scratch.nodes);
      rate_candidates(row, scratch);
      write(row, after, scratch);
    }
    return num_distances;
  }

 private:
  void set_probed(std::int32_t row, CellState state, Scratch& scratch) const {
    for (int probe = 0; probe < shard_.num_probes; ++probe) {
      const CellId cell = shard_.probes[to_size(Count{row} * shard_.num_probes + probe)];
      if (!cell.is_none()) {
        scratch.states[to_size(wave_.slot_of(cell))] = state;
      }
    }
  }

  [[nodiscard]] static CellState state_of(EdgeEnd end, const Scratch& scratch) {
    return scratch.states[to_size(end.slot())];
  }

  /// Nodes to compare the row with; reverse neighbors go to the entries at once, their distance
  /// being known. The row itself is in a cell that it scanned.
  void collect(std::int32_t row, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    scratch.entries.clear();
    scratch.nodes.resize(to_size((lists_.k() + kMostReverse) * lists_.k()));
    std::size_t size = 0;
    const auto add_neighbors_of = [&](EdgeEnd through) {
      if (!through.is_new() && !lists_.has_new(through.node())) {
        return;  // the last round looked at them all
      }
      for (const EdgeEnd end : lists_.ends(through.node())) {
        const bool is_candidate = state_of(end, scratch) == CellState::unseen;
        scratch.nodes[size] = end.node();  // without a branch: most are none
        size += static_cast<std::size_t>(is_candidate) &
                static_cast<std::size_t>(through.is_new() || end.is_new());
      }
    };
    for (const EdgeEnd end : lists_.ends(self)) {
      if (state_of(end, scratch) != CellState::foreign) {
        add_neighbors_of(end);
      }
    }
    int num_reverse = 0;
    for (const ReverseEdge& edge : lists_.edges_into(row)) {
      const CellState state = state_of(edge.from, scratch);
      if (state == CellState::unseen) {
        const Entry& known = lists_.entry(edge.from.node(), edge.place);
        scratch.entries.push_back({wave_.position(edge.from.node()), known.key, known.distance});
      }
      if (state != CellState::foreign && num_reverse < kMostReverse) {
        add_neighbors_of(edge.from);
        ++num_reverse;
      }
    }
    scratch.nodes.resize(size);
    std::sort(scratch.nodes.begin(), scratch.nodes.end());
    scratch.nodes.erase(std::unique(scratch.nodes.begin(), scratch.nodes.end()),
                        scratch.nodes.end());
  }

  /// Adds to the entries those candidates that may enter the list.
  void rate_candidates(std::int32_t row, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    scratch.candidates.clear();
    for (const std::int32_t node : scratch.nodes) {
      scratch.candidates.add(wave_.position(node), wave_.row(node));
    }
    scratch.candidates.rate(nearness_of(shard_.metric), shard_.vectors.type(),
                            shard_.vectors.floats(row, 1, scratch.query_floats));
    const float farthest = lists_.entry(self, lists_.k() - 1).key;
    const auto rated = scratch.candidates.entries();
    std::copy_if(rated.begin(), rated.end(), std::back_inserter(scratch.entries),
                 [&](const Entry& entry) { return entry.key <= farthest; });
  }

  /// Merges the list of the last round with the new entries.
  void write(std::int32_t row, RoundLists& after, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    auto& entries = scratch.entries;
    std::sort(entries.begin(), entries.end(), is_nearer);
    const auto list = after.lists.of(row);
    const auto is_new = std::span{after.is_new}.subspan(to_size(Count{row} * lists_.k()));
    std::size_t next = 0;
    int old = 0;
    for (std::size_t place = 0; place < list.size(); ++place) {
      const Entry& known = lists_.entry(self, old);
      while (next < entries.size() && entries[next].position == known.position) {
        ++next;  // the same key, so it stands right here
      }
      const bool takes_new = next < entries.size() && is_nearer(entries[next], known);
      list[place] = takes_new ? entries[next] : known;
      is_new[place] = takes_new ? 1 : 0;
      if (takes_new) {
        const Position taken = entries[next].position;
        while (next < entries.size() && entries[next].position == taken) {
          ++next;
        }
      } else {
        ++old;
      }
    }
  }

  /// Reverse neighbors, nearest first, whose lists are looked through: hubs have thousands.
  static constexpr int kMostReverse = 16;

  const cells::Shard& shard_;
  const Neighborhoods& neighborhoods_;
  const Wave& wave_;
  const WaveLists& lists_;
};

}  // namespace

Count refine_wave(const cells::Shard& shard, const Neighborhoods& neighborhoods, const Wave& wave,
                  const RoundLists& before, RoundLists& after, Progress& progress,
                  const Meanwhile& meanwhile) {
  constexpr Count kMostRows = 256;
  const WaveLists lists{shard, wave, before};
  return comm::locally(*shard.comm, [&] {
    const std::vector<HomeBlock> blocks = cut_homes(shard, wave.homes(), kMostRows);
    const Refine refine{shard, neighborhoods, wave, lists};
    std::vector<Scratch> scratch(to_size(num_threads()));
    std::atomic<Count> num_distances{0};
    SharedProgress shared{progress};
    parallel_for(count_of(blocks), 1, [&](Count begin, Count) {
      const HomeBlock& block = blocks[to_size(begin)];
      num_distances += refine.run(block, after, scratch[to_size(thread_index())]);
      shared.advance(block.num_rows);
      if (thread_index() == 0) {
        meanwhile();
      }
    });
    return num_distances.load();
  });
}

}  // namespace kith::knn
