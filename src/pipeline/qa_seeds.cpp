#include "pipeline/qa_seeds.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "kith/qa/accuracy.hpp"

#include "pipeline/item_ids.hpp"
#include "pipeline/node_maps.hpp"
#include "pipeline/report_json.hpp"
#include "pipeline/stages.hpp"

namespace kith::pipeline {
namespace {

constexpr std::array kFilters{qa::LabelErrorFilter::predicted_neq_given,
                              qa::LabelErrorFilter::confident_learning,
                              qa::LabelErrorFilter::prune_by_class,
                              qa::LabelErrorFilter::prune_by_noise_rate,
                              qa::LabelErrorFilter::both,
                              qa::LabelErrorFilter::low_self_confidence,
                              qa::LabelErrorFilter::likely_wrong};
constexpr std::array kFilterNames{
    "predicted_neq_given", "confident_learning", "prune_by_class", "prune_by_noise_rate", "both",
    "low_self_confidence", "likely_wrong"};

/// Collective. The corpus rows of the held-out seeds. Folded seeds are sorted by node and label.
std::vector<Count> held_out_rows(const Workspace& workspace) {
  const auto placed = seeds_on_nodes(*workspace.shard, workspace.items, workspace.seeds);
  std::vector<std::size_t> order(placed.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(placed[a].node, placed[a].label, a) <
           std::tie(placed[b].node, placed[b].label, b);
  });
  std::vector<Count> rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (workspace.folded[i].fold >= 0) {
      rows.push_back(workspace.seeds[order[i]].row.value());
    }
  }
  return rows;
}

Label most_probable(const LabelRow<float>& row) {
  const auto best = std::max_element(row.values.begin(), row.values.end());
  return row.values.empty() ? Label{} : row.label(to_size(best - row.values.begin()));
}

LabelRows<float> to_floats(const LabelRows<double>& rows) {
  LabelRows<float> result{rows.num_classes, rows.width};
  result.values.assign(rows.values.begin(), rows.values.end());
  result.labels = rows.labels;
  result.other.assign(rows.other.begin(), rows.other.end());
  return result;
}

std::size_t configured_filter(const Workspace& workspace) {
  const auto found = std::find(kFilters.begin(), kFilters.end(), workspace.config.qa.seed_filter);
  return static_cast<std::size_t>(found - kFilters.begin());
}

/// All classes of the rows [first, first + size).
std::vector<float> spread_rows(const LabelRows<float>& rows, std::size_t first, std::size_t size) {
  const ensemble::Candidates all{rows.num_classes};
  std::vector<double> one(all.width());
  std::vector<float> values;
  for (std::size_t i = first; i < first + size; ++i) {
    all.spread(rows[i], one);
    values.insert(values.end(), one.begin(), one.end());
  }
  return values;
}

/// Collective. What needs a table of class by class: the joint of confident learning, its filters.
void learn_confidently(const Workspace& workspace, const LabelRows<float>& probabilities,
                       SeedCheck& check) {
  const comm::Communicator& comm = workspace.comm;
  const std::vector<GlobalId> ids(check.rows.begin(), check.rows.end());
  // The seeds are on every rank: an even share of them is each one's own.
  const IdRange<GlobalId> mine = corpus::rows_of(count_of(ids), comm.rank(), comm.size());
  const auto first = to_size(mine.begin.value());
  const auto size = to_size(mine.size());
  const std::vector<float> rows = spread_rows(probabilities, first, size);
  const qa::GivenLabels labels{
      std::span{ids}.subspan(first, size),
      std::span{std::as_const(check.given)}.subspan(first, size), rows, workspace.num_classes(),
      std::span{std::as_const(check.suspicion.wrong)}.subspan(first, size)};
  check.joint = qa::confident_joint(comm, labels, qa::Weighing::by_chance);
  for (const qa::LabelErrorFilter filter : kFilters) {
    const auto flags =
        qa::find_label_errors(comm, labels, *check.joint, filter, workspace.config.run.seed);
    if (filter == workspace.config.qa.seed_filter) {
      check.health = qa::measure_label_health(comm, labels, *check.joint, flags);
    }
    check.flags.push_back(comm::gather_to_all<std::uint8_t>(comm, flags).items);
  }
}

/// The two filters that need no table; those that do flag nothing and are not written.
void flag_without_tables(const Workspace& workspace, SeedCheck& check) {
  check.flags.resize(kFilters.size());
  check.health.classes.resize(to_size(workspace.num_classes()));
  for (std::size_t filter = 0; filter < kFilters.size(); ++filter) {
    const bool is_plain = kFilters.at(filter) == qa::LabelErrorFilter::predicted_neq_given;
    if (needs_class_tables(kFilters.at(filter))) {
      continue;
    }
    for (std::size_t i = 0; i < check.given.size(); ++i) {
      const bool is_flagged =
          is_plain ? check.suggested[i] != check.given[i] : check.suspicion.wrong[i] > 0.5;
      check.flags[filter].push_back(is_flagged ? 1 : 0);
    }
  }
  const std::vector<std::uint8_t>& chosen = check.flags[configured_filter(workspace)];
  for (std::size_t i = 0; i < check.given.size(); ++i) {
    qa::ClassHealth& health = check.health.classes[to_size(check.given[i])];
    ++health.given;
    health.flagged += chosen[i];
  }
  check.health.flagged =
      qa::proportion(std::count(chosen.begin(), chosen.end(), std::uint8_t{1}), count_of(chosen));
}

template <class Number>
std::vector<Number> flatten(const std::vector<std::vector<Number>>& rows) {
  std::vector<Number> flat;
  for (const std::vector<Number>& row : rows) {
    flat.insert(flat.end(), row.begin(), row.end());
  }
  return flat;
}

io::Json suspects_json(const Workspace& workspace, const SeedCheck& check,
                       std::span<const std::uint8_t> flags) {
  const std::vector<std::string>& names = workspace.corpus.class_names;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) {
      order.push_back(i);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(check.suspicion.wrong[b], check.self_confidence[a], check.rows[a]) <
           std::tie(check.suspicion.wrong[a], check.self_confidence[b], check.rows[b]);
  });
  io::Json suspects = io::Json::array();
  for (const std::size_t i : order) {
    io::Json suspect;
    suspect["row"] = check.rows[i];
    if (!check.ids.empty()) {
      suspect["id"] = check.ids[i];
    }
    suspect["given"] = names[to_size(check.given[i])];
    suspect["suggested"] = names[to_size(check.suggested[i])];
    suspect["wrong"] = check.suspicion.wrong[i];
    suspect["self_confidence"] = check.self_confidence[i];
    suspect["normalized_margin"] = check.normalized_margin[i];
    suspects.push_back(suspect);
  }
  return suspects;
}

/// A number of one class; null without a joint.
io::Json of_joint(const std::optional<qa::ConfidentJoint>& joint, std::size_t label,
                  std::vector<double> qa::ConfidentJoint::*field) {
  return joint ? number((*joint.*field)[label]) : io::Json(nullptr);
}

}  // namespace

bool needs_class_tables(qa::LabelErrorFilter filter) {
  return filter != qa::LabelErrorFilter::predicted_neq_given &&
         filter != qa::LabelErrorFilter::likely_wrong;
}

SeedCheck check_seeds(const Workspace& workspace, const ensemble::HeldOut& judged) {
  SeedCheck check;
  check.rows = held_out_rows(workspace);
  check.ids = id_texts(workspace.comm, workspace.corpus, workspace.config.corpus, check.rows);
  check.given = judged.truth;
  const LabelRows<float> probabilities = to_floats(judged.probabilities);
  for (std::size_t i = 0; i < check.given.size(); ++i) {
    const LabelRow<float> row = probabilities[i];
    check.suggested.push_back(most_probable(row));
    check.self_confidence.push_back(qa::self_confidence(row, check.given[i]));
    check.normalized_margin.push_back(qa::normalized_margin(row, check.given[i]));
    check.weighted_entropy.push_back(qa::confidence_weighted_entropy(row, check.given[i]));
  }
  check.noise = qa::fit_label_noise(judged.probabilities, check.given);
  check.suspicion = qa::suspect_labels(judged.probabilities, check.given);
  if (workspace.num_classes() <= qa::kTableClasses) {
    learn_confidently(workspace, probabilities, check);
  } else {
    flag_without_tables(workspace, check);
  }
  return check;
}

void write_seed_check(io::OutputFile& file, const SeedCheck& check) {
  const Count num_seeds = count_of(check.rows);
  file.write_whole<Count>("/seeds/row", check.rows, {num_seeds});
  file.write_whole<std::int32_t>("/seeds/given", label_numbers(check.given), {num_seeds});
  file.write_whole<std::int32_t>("/seeds/suggested", label_numbers(check.suggested), {num_seeds});
  file.write_whole<double>("/seeds/self_confidence", check.self_confidence, {num_seeds});
  file.write_whole<double>("/seeds/normalized_margin", check.normalized_margin, {num_seeds});
  file.write_whole<double>("/seeds/confidence_weighted_entropy", check.weighted_entropy,
                           {num_seeds});
  file.write_whole<double>("/seeds/wrong", check.suspicion.wrong, {num_seeds});
  for (std::size_t filter = 0; filter < kFilters.size(); ++filter) {
    if (!check.joint && needs_class_tables(kFilters.at(filter))) {
      continue;
    }
    file.write_whole<std::uint8_t>(std::string{"/seeds/flags/"} + kFilterNames[filter],
                                   check.flags[filter], {num_seeds});
  }
  if (!check.joint) {
    return;
  }
  const Count num_classes = count_of(check.joint->given);
  const std::vector<Count> square{num_classes, num_classes};
  file.write_whole<Count>("/seeds/confident_counts", flatten(check.joint->counts), square);
  file.write_whole<double>("/seeds/joint", flatten(check.joint->joint), square);
  file.write_whole<double>("/seeds/noise", flatten(check.joint->noise), square);
  file.write_whole<double>("/seeds/inverse_noise", flatten(check.joint->inverse_noise), square);
}

io::Json seed_check_json(const Workspace& workspace, const SeedCheck& check) {
  const std::vector<std::string>& names = workspace.corpus.class_names;
  const std::size_t filter = configured_filter(workspace);
  io::Json json;
  json["held_out"] = count_of(check.rows);
  json["filter"] = kFilterNames[filter];
  json["noise_rate"] = {
      {"value", number(check.rows.empty() ? std::nullopt : std::optional{check.noise.rate})},
      {"low", check.suspicion.rate.low},
      {"high", check.suspicion.rate.high}};
  json["flagged"] = to_json(check.health.flagged);
  json["suspects"] = suspects_json(workspace, check, check.flags[filter]);
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < check.health.classes.size(); ++k) {
    const qa::ClassHealth& health = check.health.classes[k];
    json["per_class"].push_back(
        {{"class", names[k]},
         {"given", health.given},
         {"flagged", health.flagged},
         {"quality", number(health.quality)},
         {"noise", number(health.noise)},
         {"missed", number(health.missed)},
         {"threshold", of_joint(check.joint, k, &qa::ConfidentJoint::thresholds)},
         {"true_share", of_joint(check.joint, k, &qa::ConfidentJoint::true_shares)}});
  }
  json["overlaps"] = io::Json::array();
  if (!check.joint) {
    return json;
  }
  json["joint"] = check.joint->joint;
  for (const qa::ClassOverlap& overlap : qa::overlapping_classes(*check.joint)) {
    json["overlaps"].push_back({{"first", names[to_size(overlap.first)]},
                                {"second", names[to_size(overlap.second)]},
                                {"share", overlap.share}});
  }
  return json;
}

}  // namespace kith::pipeline
