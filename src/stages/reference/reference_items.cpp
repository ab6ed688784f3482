#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/row_reader.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

#include "stages/folds.hpp"
#include "stages/reference/reference.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

/// Local.
ReferenceItems read_reference(const run::Workspace& workspace) {
  const io::InputFile file{workspace.path(kReferenceFile)};
  const Count num_rows = file.describe("/vectors").num_rows();
  const Count dim = workspace.corpus.dim;
  require_shape(file, "/vectors", {num_rows, dim});
  ReferenceItems items;
  items.vectors.resize(to_size(num_rows * dim));
  file.read_rows<float>("/vectors", 0, items.vectors);
  require_values<float>(file, "/vectors", items.vectors, 0, dim, "a number below 1e15",
                        [](float value) { return std::abs(value) < corpus::kNormLimit; });
  for (const RowLabel& entry :
       read_row_labels(file, num_rows, workspace.num_classes(), "a row of /vectors")) {
    items.labels.push_back(
        {static_cast<std::int32_t>(entry.row), Label{entry.label}, entry.weight});
  }
  return items;
}

/// Throws if there is not all of it.
ReferenceShares parse_shares(const io::Json& facts, int num_classes) {
  constexpr double kUnknown = 1;
  ReferenceShares shares;
  shares.corpus.design = qa::SeedDesign::by_class;
  shares.corpus.is_known = true;
  shares.is_calibrated = facts.at("learned_from").get<Count>() >= kEnoughForFolds;
  for (const io::Json& of_class : facts.at("classes")) {
    shares.learned.push_back(of_class.at("learned_share").get<double>());
    shares.corpus.is_known = shares.corpus.is_known && of_class.contains("estimated_share");
    shares.corpus.shares.push_back(of_class.value("estimated_share", shares.learned.back()));
    shares.corpus.deviations.push_back(kUnknown);
  }
  if (count_of(shares.learned) != num_classes) {
    fail("classes: {} of them, expected {}", shares.learned.size(), num_classes);
  }
  return shares;
}

}  // namespace

std::vector<double> weights_of_classes(std::span<const heads::SeedLabel> labels, int num_classes) {
  std::vector<double> weights(to_size(num_classes), 0.0);
  for (const heads::SeedLabel& entry : labels) {
    weights[to_size(entry.label)] += double{entry.weight};
  }
  return weights;
}

std::vector<double> shares_of(std::vector<double> weights) {
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight /= all;
  }
  return weights;
}

/// Which folds so many rows are in, where they are in folds of their own.
std::vector<int> own_folds(const run::Workspace& workspace, Count num_rows) {
  constexpr std::uint64_t kFolds = 5;
  std::vector<int> folds;
  for (Count row = 0; row < num_rows; ++row) {
    const auto hash = random_bits(workspace.config.run.seed, Purpose::reference_sample, row, 2);
    folds.push_back(num_rows >= kEnoughForFolds ? static_cast<int>(hash % kFolds) : -1);
  }
  return folds;
}

void write_reference(const run::Workspace& workspace, const ReferenceItems& items) {
  std::vector<RowLabel> labels;
  for (const heads::SeedLabel& entry : items.labels) {
    labels.push_back({entry.row, entry.label.value(), entry.weight});
  }
  const Count dim = workspace.corpus.dim;
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kReferenceFile));
  file.write_whole<float>("/vectors", items.vectors, {count_of(items.vectors) / dim, dim});
  write_row_labels(file, labels);
  file.commit();
}

void need_reference(run::Workspace& workspace) {
  if (!workspace.outputs.has<ReferenceItems>()) {
    workspace.outputs.put<ReferenceItems>(
        comm::locally(workspace.comm, [&] { return read_reference(workspace); }));
  }
}

void append_reference(const run::Workspace& workspace, heads::TrainingSet& training) {
  const ReferenceItems& items = workspace.outputs.get<ReferenceItems>();
  const auto first = static_cast<std::int32_t>(training.num_rows());
  const Count num_rows = count_of(items.vectors) / training.dim;
  const bool has_folds =
      std::any_of(training.folds.begin(), training.folds.end(), [](int fold) { return fold >= 0; });
  const std::vector<int> folds = has_folds || !workspace.seeds.empty()
                                     ? std::vector<int>(to_size(num_rows), -1)
                                     : own_folds(workspace, num_rows);
  training.vectors.insert(training.vectors.end(), items.vectors.begin(), items.vectors.end());
  training.folds.insert(training.folds.end(), folds.begin(), folds.end());
  for (const heads::SeedLabel& entry : items.labels) {
    training.labels.push_back({first + entry.row, entry.label, entry.weight});
  }
}

std::optional<ReferenceShares> shares_by_reference(const run::Workspace& workspace) {
  if (!config::learns_from_reference(workspace.config) || !workspace.seeds.empty() ||
      !workspace.outputs.get<WeakNodes>().seeds.empty()) {
    return std::nullopt;
  }
  const io::Json facts = read_facts(workspace, "reference");
  return comm::locally(workspace.comm, [&] {
    return io::interpret_json(facts_path(workspace, "reference"),
                              [&] { return parse_shares(facts, workspace.num_classes()); });
  });
}

}  // namespace kith::stages
