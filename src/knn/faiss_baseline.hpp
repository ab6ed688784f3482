// FAISS as it is: the baseline of comparisons.
#pragma once

#include <memory>
#include <string>

#include <faiss/Index.h>

#include "kith/cells/cells.hpp"

#include "entry.hpp"
#include "wave.hpp"

namespace kith::knn {

/// An empty index. Throws faiss::FaissException if the string names none.
[[nodiscard]] std::unique_ptr<faiss::Index> make_faiss_index(const std::string& factory, Count dim,
                                                             corpus::Metric metric);

/// Builds the index that `factory` names over the wave's nodes, trained on the owned ones, and
/// searches it for the owned nodes. Not collective. Lists may stay short.
void search_with_faiss(const cells::Shard& shard, const Wave& wave, const std::string& factory,
                       EntryLists& lists);

}  // namespace kith::knn
