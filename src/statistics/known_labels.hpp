/// Items whose true label is known from somewhere else than the run: what errors are counted on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/statistics/statistic.hpp"

namespace kith::statistics {

/// One of this rank's rows.
struct KnownRow {
  std::size_t at;  // in ItemColumns
  Label truth;
  Label stated;          // by the run; of a held-out seed by members that had not seen it
  double inclusion = 1;  // probability with which it was drawn
};

/// The best source there is: gold labels, else an audit, else the held-out seeds.
struct KnownRows {
  std::string basis;  // "gold labels", "the audit" or "held-out seeds"
  bool is_weighted = false;
  std::vector<KnownRow> rows;  // this rank's
};

/// Collective. Asks for AuditAccuracy.
[[nodiscard]] KnownRows known_rows(const RunResults& run, const Computed& earlier);

/// Collective. Over all ranks.
[[nodiscard]] qa::Confusion confusion_of(const RunResults& run, const KnownRows& known);

/// Against the labels of the held-out seeds: the same on every rank.
[[nodiscard]] qa::Confusion held_out_confusion(const RunResults& run,
                                               std::span<const Label> stated);

/// Collective. Does the corpus have a column of gold labels?
[[nodiscard]] bool has_gold(const RunResults& run);

/// Collective. Against gold labels; label_of(row) is a class or -1.
template <class LabelOf>
[[nodiscard]] qa::Confusion gold_confusion(const RunResults& run, LabelOf&& label_of) {
  qa::Confusion counts{run.num_classes()};
  for (std::size_t i = 0; i < run.items.gold.size(); ++i) {
    if (!run.items.gold[i].is_none()) {
      counts.add(run.items.gold[i], Label{label_of(i)});
    }
  }
  counts.sum_over(run.comm);
  return counts;
}

}  // namespace kith::statistics
