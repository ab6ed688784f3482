/// Neighbor lists of a whole made corpus: from all ranks together, from one alone, and slow
/// references.
#pragma once

#include <string>

#include "knn/made_shard.hpp"

namespace kith::test {

/// Collective. Every rank's lists, in position order, on every rank.
[[nodiscard]] NeighborLists gather(const NeighborLists& mine);

/// Collective.
[[nodiscard]] NeighborLists build_on_world(const MadeCorpus& corpus, const knn::KnnConfig& config,
                                           Dealing dealing = Dealing::even);

/// A rank alone with the whole corpus.
class Alone {
 public:
  explicit Alone(const MadeCorpus& corpus);

  [[nodiscard]] const cells::Shard& shard() const { return shard_; }
  [[nodiscard]] NeighborLists build(const knn::KnnConfig& config) const;
  /// Reference: all others.
  [[nodiscard]] NeighborLists all(int k) const;
  /// Reference: nodes in the probe cells only; none where they are too few.
  [[nodiscard]] NeighborLists probed(int k) const;
  /// Reference: nodes in the probe cells, or all others where these are too few.
  [[nodiscard]] NeighborLists probed_or_all(int k) const;

 private:
  comm::Communicator self_;
  cells::Shard shard_;
};

void expect_same(const NeighborLists& lists, const NeighborLists& expected,
                 const std::string& what);

/// Share of entries of `exact` that `lists` has.
[[nodiscard]] double share_found(const NeighborLists& lists, const NeighborLists& exact);

}  // namespace kith::test
