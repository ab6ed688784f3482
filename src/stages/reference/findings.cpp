#include "stages/reference/findings.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/label_rows.hpp"
#include "kith/core/quote.hpp"
#include "kith/heads/heads.hpp"
#include "kith/qa/class_shares.hpp"
#include "kith/run/reference.hpp"

#include "stages/folds.hpp"
#include "stages/reference/reference.hpp"

namespace kith::stages {
namespace {

/// Rows at even steps, with their labels.
heads::TrainingSet thin(const run::Workspace& workspace, const ReferenceRows& rows, Count wanted) {
  heads::TrainingSet training;
  training.dim = workspace.corpus.dim;
  training.num_classes = workspace.num_classes();
  const Count num_rows = count_of(rows.vectors) / training.dim;
  const Count count = std::min(num_rows, wanted);
  std::vector<std::int32_t> numbers(to_size(num_rows), -1);
  for (Count i = 0; i < count; ++i) {
    const Count row = num_rows * i / count;
    numbers[to_size(row)] = static_cast<std::int32_t>(i);
    const auto vector =
        std::span{rows.vectors}.subspan(to_size(row * training.dim), to_size(training.dim));
    training.vectors.insert(training.vectors.end(), vector.begin(), vector.end());
  }
  for (const heads::SeedLabel& entry : rows.labels) {
    if (const std::int32_t number = numbers[to_size(entry.row)]; number >= 0) {
      training.labels.push_back({number, entry.label, entry.weight});
    }
  }
  training.folds = own_folds(workspace, count);
  return training;
}

std::vector<double> predict(const heads::Model& model, std::span<const float> vectors) {
  LabelRows<float> said{model.num_classes, model.num_classes};
  said.resize(vectors.size() / to_size(model.dim));
  heads::Predictor{model}.predict(distance::RowType::f32, std::as_bytes(vectors), said, 0);
  return {said.values.begin(), said.values.end()};
}

/// What is said of items by models that have not learned from them.
struct HeldOut {
  std::vector<double> probabilities;
  std::vector<Label> truth;
};

HeldOut predict_folds(const heads::TrainingSet& training, std::span<const heads::Model> folds) {
  HeldOut held_out;
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    std::vector<float> vectors;
    for (std::size_t i = 0; i < training.labels.size(); ++i) {
      const heads::SeedLabel& entry = training.labels[i];
      const bool is_first = i == 0 || training.labels[i - 1].row != entry.row;  // the heaviest
      if (is_first && training.folds[to_size(entry.row)] == static_cast<int>(fold)) {
        const auto row = training.row(entry.row);
        vectors.insert(vectors.end(), row.begin(), row.end());
        held_out.truth.push_back(entry.label);
      }
    }
    const std::vector<double> said = predict(folds[fold], vectors);
    held_out.probabilities.insert(held_out.probabilities.end(), said.begin(), said.end());
  }
  return held_out;
}

/// In nats.
double entropy(std::span<const double> shares) {
  return std::accumulate(shares.begin(), shares.end(), 0.0, [](double sum, double share) {
    return share > 0 ? sum - share * std::log(share) : sum;
  });
}

/// How much predictions say of the class: the share of the classes' entropy that they take away.
double information(std::span<const double> probabilities, std::span<const double> shares) {
  const std::size_t width = shares.size();
  const std::size_t num_rows = probabilities.size() / width;
  const auto rows = static_cast<double>(num_rows);
  double left = 0;
  for (std::size_t first = 0; first < probabilities.size(); first += width) {
    left += entropy(probabilities.subspan(first, width)) / rows;
  }
  const double all = entropy(shares);
  return rows > 0 && all > 0 ? 1 - left / all : 0;
}

/// How sure of the most probable class, and, where it is known, how often right.
HeadView view_of(std::span<const double> probabilities, std::size_t width,
                 std::span<const Label> truth) {
  HeadView view;
  const std::size_t num_rows = probabilities.size() / width;
  const auto rows = static_cast<double>(num_rows);
  for (std::size_t first = 0; first < probabilities.size(); first += width) {
    const auto row = probabilities.subspan(first, width);
    const auto best = std::max_element(row.begin(), row.end());
    view.mean_probability += *best / rows;
    const bool is_right =
        !truth.empty() && best - row.begin() == Count{truth[first / width].value()};
    view.accuracy += is_right ? 1 / rows : 0;
  }
  return view;
}

/// Local. What softmax_regression says that has learned from the reference, and the shares that the
/// classes then seem to have in the corpus: shares_by_maximum() around those of the reference. The
/// less the head's predictions say of the class, the more these hold: with little said, shares
/// collapse onto rare classes. Of the heads it is the one whose probabilities are true enough; and
/// kStrength over the information was as good as the best fixed strength on each of four corpora
/// thinned to other shares, from a quarter to four times as many labels as they had items.
void look_with_head(const run::Workspace& workspace, const ReferenceRows& rows,
                    std::span<const float> sample, bool unit_rows, Findings& findings) {
  constexpr Count kEnoughRows = 5000;
  constexpr double kStrength = 0.05;
  constexpr double kLeastInformation = 1e-3;
  const heads::TrainingSet training = thin(workspace, rows, kEnoughRows);
  heads::FitConfig config;
  config.unit_rows = unit_rows;
  const heads::Fits fits = heads::find_method("softmax_regression")->fit(training, config);
  const HeldOut held_out = predict_folds(training, fits.folds);
  const std::vector<double> here = predict(fits.model, sample);
  const std::vector<double> source =
      shares_of(weights_of_classes(training.labels, training.num_classes));
  const double said = information(held_out.probabilities, source);
  findings.shares =
      qa::shares_by_maximum(here, source, source, kStrength / std::max(said, kLeastInformation));
  findings.there = view_of(held_out.probabilities, source.size(), held_out.truth);
  findings.here = view_of(here, source.size(), {});
}

io::Json classes_json(const run::Workspace& workspace, const Findings& findings,
                      std::span<const double> learned) {
  io::Json json = io::Json::array();
  for (std::size_t k = 0; k < learned.size(); ++k) {
    io::Json of_class;
    of_class["name"] = workspace.corpus.class_names[k];
    of_class["share_of_reference"] = findings.reference_shares[k];
    of_class["learned_share"] = learned[k];
    if (!findings.shares.empty()) {
      of_class["estimated_share"] = findings.shares[k];
    }
    json.push_back(of_class);
  }
  return json;
}

io::Json shift_json(const std::optional<VectorShift>& shift) {
  if (!shift) {
    return nullptr;
  }
  return {{"novel_share", shift->novel_share},
          {"same_vector_share", shift->same_vector_share},
          {"own_neighbors", shift->own_neighbors},
          {"own_neighbors_if_alike", shift->own_if_alike},
          {"separation", shift->separation()}};
}

io::Json head_json(const Findings& findings) {
  if (findings.shares.empty() || findings.there.mean_probability == 0) {
    return nullptr;  // many classes, or too few items to hold some out
  }
  return {{"held_out_accuracy", findings.there.accuracy},
          {"held_out_mean_probability", findings.there.mean_probability},
          {"mean_probability", findings.here.mean_probability}};
}

/// Classes of the reference that the corpus has not.
std::vector<std::string> foreign_classes(const run::Workspace& workspace) {
  const std::vector<Label> classes = run::match_classes(*workspace.reference, workspace.corpus);
  std::vector<std::string> names;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (classes[k].is_none()) {
      names.push_back(workspace.reference->class_names[k]);
    }
  }
  return names;
}

std::string named(std::span<const std::string> names) {
  constexpr std::size_t kNamed = 5;
  return fmt::format(
      "{}{}",
      quote(fmt::format("{}", fmt::join(names.first(std::min(names.size(), kNamed)), ", "))),
      names.size() > kNamed ? ", ..." : "");
}

}  // namespace

Findings compare(const run::Workspace& workspace, const ReferenceRows& rows,
                 std::span<const float> sample, bool unit_rows) {
  Findings findings;
  std::vector<VectorShift> shift;  // one or none
  std::vector<HeadView> views(2);
  comm::on_root(workspace.comm, [&] {
    if (const auto found = measure_shift(sample, rows.vectors, workspace.corpus.dim)) {
      shift.push_back(*found);
    }
    if (workspace.num_classes() <= ensemble::kMostDenseClasses) {
      look_with_head(workspace, rows, sample, unit_rows, findings);
      views = {findings.there, findings.here};
    }
  });
  comm::broadcast(workspace.comm, shift);
  comm::broadcast(workspace.comm, findings.shares);
  comm::broadcast(workspace.comm, views);
  findings.there = views[0];
  findings.here = views[1];
  if (!shift.empty()) {
    findings.shift = shift.front();
  }
  findings.reference_shares = shares_of(weights_of_classes(rows.labels, workspace.num_classes()));
  findings.foreign = foreign_classes(workspace);
  return findings;
}

void find_classes(const run::Workspace& workspace, const ReferenceRows& rows,
                  const TeachingWeight& chosen, Findings& findings) {
  const auto width = to_size(workspace.num_classes());
  const std::vector<double> there = weights_of_classes(rows.labels, workspace.num_classes());
  std::vector<Count> seeds(width, 0);
  std::vector<Count> weak(width, 0);
  for (const corpus::Seed& seed : workspace.seeds) {
    ++seeds[to_size(seed.label)];
  }
  for (const propagate::NodeSeed& seed : workspace.outputs.get<WeakNodes>().seeds) {
    ++weak[to_size(seed.label)];
  }
  for (std::size_t k = 0; k < width; ++k) {
    const bool teaches = chosen.weight > 0 && there[k] > 0;
    if (seeds[k] == 0 && weak[k] == 0 && !teaches) {
      findings.untaught.push_back(workspace.corpus.class_names[k]);
    } else if (seeds[k] == 0 && teaches && !workspace.seeds.empty()) {
      findings.unmeasured.push_back(workspace.corpus.class_names[k]);
    }
  }
}

std::vector<std::string> find_warnings(const Findings& findings, const TeachingWeight& chosen) {
  constexpr double kMuchNovel = 0.1;
  constexpr double kFarApart = 0.3;
  constexpr double kMuchSame = 0.01;
  const std::optional<VectorShift>& shift = findings.shift;
  const std::vector<std::string>& untaught = findings.untaught;
  std::vector<std::string> warnings;
  if (shift && shift->novel_share > kMuchNovel) {
    warnings.push_back(fmt::format(
        "{:.0f} % of the items are farther from every labeled item of the reference than 99 % of "
        "those are from each other: what it says of them is a guess",
        100 * shift->novel_share));
  }
  if (shift && shift->separation() > kFarApart) {
    warnings.push_back(fmt::format(
        "{:.0f} % of the nearest neighbors of an item are of its own corpus, {:.0f} % would be if "
        "corpus and reference were alike: their vectors differ, and labels carried over may be "
        "wrong; "
        "both must be made by the same program with the same settings",
        100 * shift->own_neighbors, 100 * shift->own_if_alike));
  }
  if (shift && shift->same_vector_share > kMuchSame) {
    warnings.push_back(fmt::format(
        "{:.0f} % of the items have the very vector of a labeled item of the reference: held-out "
        "seeds among them seem easier than others",
        100 * shift->same_vector_share));
  }
  if (!untaught.empty()) {
    warnings.push_back(fmt::format(
        "nothing that teaches is labeled with {} of the classes ({}): no item will have {}",
        untaught.size(), named(untaught), untaught.size() == 1 ? "it" : "them"));
  }
  if (!findings.unmeasured.empty()) {
    warnings.push_back(fmt::format(
        "only the reference labels {} of the classes ({}): members that learn from seeds alone "
        "never say {}, few items will have {}, and the estimates leave that out; a few seeds of "
        "each help",
        findings.unmeasured.size(), named(findings.unmeasured),
        findings.unmeasured.size() == 1 ? "it" : "them",
        findings.unmeasured.size() == 1 ? "it" : "them"));
  }
  if (chosen.weight == 0) {
    warnings.emplace_back(
        "the reference teaches nothing: seeds that were held out are predicted best without it");
  }
  return warnings;
}

io::Json to_json(const run::Workspace& workspace, const Findings& findings,
                 const ReferenceRows& rows, const TeachingWeight& chosen) {
  io::Json facts;
  facts["labeled_items"] = rows.num_labeled;
  facts["of_known_classes"] = rows.num_known;
  facts["learned_from"] = count_of(rows.vectors) / workspace.corpus.dim;
  facts["head"] = head_json(findings);
  facts["classes"] = classes_json(
      workspace, findings, shares_of(weights_of_classes(rows.labels, workspace.num_classes())));
  facts["foreign_classes"] = findings.foreign;
  facts["shift"] = shift_json(findings.shift);
  facts["weight"] = to_json(chosen);
  facts["warnings"] = find_warnings(findings, chosen);
  return facts;
}

}  // namespace kith::stages
