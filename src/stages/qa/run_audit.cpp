#include "stages/qa/run_audit.hpp"

#include <algorithm>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/io/files.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/qa/audit_design.hpp"
#include "kith/statistics/grouping.hpp"

#include "stages/cells/cells_output.hpp"

namespace kith::stages {
namespace {

struct Drawn {
  Count row;
  std::int32_t stratum;
  float confidence;
};

/// Collective. Mean and variance of 1 - probability over the items of each stratum.
void add_forecasts(const comm::Communicator& comm, std::span<const std::int32_t> strata,
                   std::span<const float> probability, std::vector<review::AuditStratum>& result) {
  std::vector<ExactSum> sums(2 * result.size());
  for (std::size_t i = 0; i < strata.size(); ++i) {
    if (strata[i] >= 0) {
      const double f = 1 - double{probability[i]};
      sums[2 * to_size(strata[i])].add(f);
      sums[2 * to_size(strata[i]) + 1].add(f * f);
    }
  }
  comm::sum_over_ranks(comm, sums);
  for (std::size_t h = 0; h < result.size(); ++h) {
    const auto items = static_cast<double>(result[h].items);
    const double mean = sums[2 * h].value() / items;
    result[h].forecast_mean = mean;
    result[h].forecast_variance = std::max(0.0, sums[2 * h + 1].value() / items - mean * mean);
  }
}

/// Throws Error unless the audit can be one of this corpus.
void require_fit(const review::Audit& audit, const corpus::Corpus& corpus,
                 const std::string& path) {
  for (const review::AuditEntry& entry : audit.entries) {
    if (entry.row < 0 || entry.row >= corpus.num_items ||
        entry.truth.value() >= corpus.num_classes()) {
      fail("{}: row {} with label {}: the corpus has {} rows and {} classes", path, entry.row,
           entry.truth.value(), corpus.num_items, corpus.num_classes());
    }
  }
}

}  // namespace

review::Audit draw_audit(const comm::Communicator& comm, const corpus::Corpus& corpus,
                         const config::Config& config, const LabeledRows& rows, Count budget) {
  std::vector<Label> predicted;
  std::vector<GlobalId> ids;
  for (std::size_t i = 0; i < rows.best.size(); ++i) {
    predicted.emplace_back(rows.best[i]);
    ids.emplace_back(rows.block.begin.value() + static_cast<Count>(i));
  }
  const std::vector<std::string>& datasets = config.corpus.slices;
  const statistics::Grouping groups =
      datasets.empty() ? statistics::Grouping{}
                       : statistics::read_grouping(comm, corpus, datasets[0], rows.block);
  // Items in no group are a group of their own.
  const auto no_group = static_cast<std::int32_t>(groups.numbers.size());
  std::vector<std::int32_t> slices(predicted.size(), no_group);
  std::transform(groups.of_row.begin(), groups.of_row.end(), slices.begin(),
                 [&](std::int32_t group) { return group < 0 ? no_group : group; });
  qa::StrataConfig strata_config;
  strata_config.num_slices = no_group + 1;
  const qa::Stratification design = qa::stratify(comm, {predicted, rows.probability, slices},
                                                 corpus.num_classes(), strata_config);
  const std::vector<Count> wanted = qa::allocate(design.strata, budget, config.qa.audit_allocation);
  std::vector<std::int32_t> strata;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    strata.push_back(design.stratum_of(predicted[i], double{rows.probability[i]}, slices[i]));
  }
  const auto flags = qa::draw_audit(comm, ids, strata, wanted, config.run.seed);
  std::vector<Drawn> mine;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) {
      mine.push_back({ids[i].value(), strata[i], rows.probability[i]});
    }
  }
  review::Audit audit;
  for (std::size_t h = 0; h < design.strata.size(); ++h) {
    audit.strata.push_back({design.strata[h].predicted, design.strata[h].items, wanted[h], 0, 0});
  }
  add_forecasts(comm, strata, rows.probability, audit.strata);
  std::vector<Count> drawn_rows;
  for (const Drawn& drawn : comm::gather_to_all<Drawn>(comm, mine).items) {  // blocks: by row
    audit.entries.push_back({drawn.row, {}, drawn.stratum, double{drawn.confidence}, {}});
    drawn_rows.push_back(drawn.row);
  }
  const std::vector<std::string> texts = layout::id_texts(comm, corpus, config.corpus, drawn_rows);
  for (std::size_t e = 0; e < texts.size(); ++e) {
    audit.entries[e].id = texts[e];
  }
  return audit;
}

std::optional<review::Audit> read_audit(const comm::Communicator& comm,
                                        const config::Config& config,
                                        const corpus::Corpus& corpus) {
  const std::string path = (std::filesystem::path{config.run.directory} / kAuditFile).string();
  std::string text;
  comm::on_root(comm, [&] {
    std::error_code unknown;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, unknown))) {
      text = io::json_text(io::read_json(path), -1);
    }
  });
  comm::broadcast(comm, text);
  if (text.empty()) {
    return std::nullopt;
  }
  return comm::locally(comm, [&] {
    review::Audit audit = review::from_json(text, path);
    require_fit(audit, corpus, path);
    return audit;
  });
}

}  // namespace kith::stages
