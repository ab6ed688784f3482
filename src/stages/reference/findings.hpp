/// What is said of a reference before anything is learned from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/io/json.hpp"
#include "kith/run/workspace.hpp"

#include "stages/heads/teaching_weight.hpp"
#include "stages/reference/reference_rows.hpp"
#include "stages/reference/shift.hpp"

namespace kith::stages {

/// Of items, by a head.
struct HeadView {
  double mean_probability = 0;  // of the most probable class
  double accuracy = 0;          // where the class is known
};

/// How the corpus differs from the labeled items of a reference.
struct Findings {
  std::optional<VectorShift> shift;
  std::vector<double> reference_shares;  // of the classes there, by weight
  std::vector<double> shares;            // in the corpus, estimated; none with many classes
  HeadView there;  // of held-out items of the reference, by a head that learned from others
  HeadView here;   // of the corpus
  std::vector<std::string> foreign;     // classes of the reference that the corpus has not
  std::vector<std::string> untaught;    // classes of the corpus that nothing teaches
  std::vector<std::string> unmeasured;  // that the reference teaches and no seed, where there are
};

/// Collective. sample: vectors of items of the corpus, the same on every rank. Needs FoldedSeeds
/// and WeakNodes. The head is softmax_regression of at most 5,000 items of the reference.
[[nodiscard]] Findings compare(const run::Workspace& workspace, const ReferenceRows& rows,
                               std::span<const float> sample, bool unit_rows);

/// Fills in `untaught` and `unmeasured`. Needs WeakNodes.
void find_classes(const run::Workspace& workspace, const ReferenceRows& rows,
                  const TeachingWeight& chosen, Findings& findings);

/// When labels had better not be carried over, and what else the user should know; each a sentence.
[[nodiscard]] std::vector<std::string> find_warnings(const Findings& findings,
                                                     const TeachingWeight& chosen);

/// As reference.json has it. rows: with the weights with which they teach, or would.
[[nodiscard]] io::Json to_json(const run::Workspace& workspace, const Findings& findings,
                               const ReferenceRows& rows, const TeachingWeight& chosen);

}  // namespace kith::stages
