/// Neighbor lists of a whole made corpus: from all ranks together, from one alone, and slow
/// references.
#pragma once

#include <string>

#include "knn/made_shard.hpp"

namespace kith::test {

/// Collective. Every rank's lists, in position order, on every rank.
[[nodiscard]] knn::NeighborLists gather(const knn::NeighborLists& mine);

/// Collective.
[[nodiscard]] knn::NeighborLists build_on_world(const MadeCorpus& corpus,
                                                const knn::KnnConfig& config,
                                                Dealing dealing = Dealing::even);

/// A rank alone with the whole corpus.
class Alone {
 public:
  explicit Alone(const MadeCorpus& corpus);

  [[nodiscard]] const cells::Shard& shard() const { return shard_; }
  [[nodiscard]] knn::NeighborLists build(const knn::KnnConfig& config) const;
  /// Reference: all others.
  [[nodiscard]] knn::NeighborLists all(int k) const;
  /// Reference: nodes in the probe cells only; none where they are too few.
  [[nodiscard]] knn::NeighborLists probed(int k) const;
  /// Reference: nodes in the probe cells, or all others where these are too few.
  [[nodiscard]] knn::NeighborLists probed_or_all(int k) const;

 private:
  comm::Communicator self_;
  cells::Shard shard_;
};

void expect_same(const knn::NeighborLists& lists, const knn::NeighborLists& expected,
                 const std::string& what);

/// Share of entries of `exact` that `lists` has.
[[nodiscard]] double share_found(const knn::NeighborLists& lists, const knn::NeighborLists& exact);

}  // namespace kith::test
