/// What each item's label is worth to those around it.
#pragma once

#include <string>
#include <vector>

#include "kith/io/output_file.hpp"

#include "pipeline/qa_rows.hpp"

namespace kith::pipeline {

/// A seed and its value.
struct SeedValue {
  Count row;
  Label label;
  double value;
};

/// kNN-Shapley values (R. Jia et al., VLDB 2019, with K* = k) of every labeled item, where every
/// item asks its k nearest others for its own label, times the number of items that ask: positive =
/// so many of them it helps to their label, negative = it speaks against the labels around it.
struct Values {
  Count queries = 0;
  int k = 0;
  std::vector<float> of_rows;    // this rank's; NaN where the item has no label
  std::vector<SeedValue> seeds;  // on every rank, by row
};

/// Collective. Streams over the neighbor lists: memory of one number a node and one a ghost
/// neighbor, cost O(nodes x k). Duplicates have their node's value.
[[nodiscard]] Values measure_values(Workspace& workspace, const QaRows& rows);

/// "seed_values" of report.json. Collective: looks up ids.
[[nodiscard]] io::Json values_json(const Workspace& workspace, const Values& values);

/// Collective. /value of qa.h5.
void write_values(io::OutputFile& file, const Workspace& workspace, IdRange<GlobalId> block,
                  const Values& values);

}  // namespace kith::pipeline
