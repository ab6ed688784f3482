/// FAISS factory strings, tried before a run rests on them.
#pragma once

#include <optional>
#include <string>

#include "kith/core/types.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::knn {

/// The index that `knn.method = faiss:FACTORY` would build on a rank.
struct FaissTrial {
  std::string factory;
  Count dim = 0;
  corpus::Metric metric = corpus::Metric::l2;
  Count num_vectors = 0;  // of a rank
  int k = 0;
};

/// For main(), before MPI begins. If this process was started by try_faiss(), does what it was
/// started for and returns the exit status. Else none, and try_faiss() may start this program.
[[nodiscard]] std::optional<int> serve_faiss_trial(int argc, char** argv);

/// Not collective. Builds the index over some random vectors and searches it, in a process of its
/// own: some strings make FAISS abort or crash. Throws Error with what it says. Does nothing in a
/// program whose main() does not call serve_faiss_trial(). Takes under a second for most indexes;
/// after 15 s it gives up with a warning.
void try_faiss(const FaissTrial& trial);

}  // namespace kith::knn
