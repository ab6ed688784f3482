#include "statistics/seed_errors.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "kith/comm/collectives.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/review/previews.hpp"

#include "statistics/json_forms.hpp"

namespace kith::statistics {
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

std::size_t configured_filter(const RunResults& run) {
  const auto found = std::find(kFilters.begin(), kFilters.end(), run.config.seed_filter);
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

/// A seed that no held-out member reaches, alone in its part of the graph, is no suspect.
std::vector<std::uint8_t> only_reached(std::vector<std::uint8_t> flags,
                                       std::span<const Label> suggested) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    flags[i] = suggested[i].is_none() ? std::uint8_t{0} : flags[i];
  }
  return flags;
}

template <class Number>
std::vector<Number> flatten(const std::vector<std::vector<Number>>& rows) {
  std::vector<Number> flat;
  for (const std::vector<Number>& row : rows) {
    flat.insert(flat.end(), row.begin(), row.end());
  }
  return flat;
}

/// A number of one class; null without a joint.
io::Json of_joint(const std::optional<qa::ConfidentJoint>& joint, std::size_t label,
                  std::vector<double> qa::ConfidentJoint::*field) {
  return joint ? number((*joint.*field)[label]) : io::Json(nullptr);
}

}  // namespace

void SeedErrors::learn_confidently(const RunResults& run, const LabelRows<float>& probabilities) {
  const comm::Communicator& comm = run.comm;
  const std::vector<GlobalId> ids(run.held_out_rows.begin(), run.held_out_rows.end());
  // The seeds are on every rank: an even share of them is each one's own.
  const IdRange<GlobalId> mine = corpus::rows_of(count_of(ids), comm.rank(), comm.size());
  const auto first = to_size(mine.begin.value());
  const auto size = to_size(mine.size());
  const std::vector<float> rows = spread_rows(probabilities, first, size);
  const qa::GivenLabels labels{std::span{ids}.subspan(first, size),
                               std::span{std::as_const(run.held_out.truth)}.subspan(first, size),
                               rows, run.num_classes(),
                               std::span{std::as_const(suspicion_.wrong)}.subspan(first, size)};
  joint_ = qa::confident_joint(comm, labels, qa::Weighing::by_chance);
  for (const qa::LabelErrorFilter filter : kFilters) {
    const auto flags = only_reached(qa::find_label_errors(comm, labels, *joint_, filter, run.seed),
                                    std::span{std::as_const(suggested_)}.subspan(first, size));
    if (filter == run.config.seed_filter) {
      health_ = qa::measure_label_health(comm, labels, *joint_, flags);
    }
    flags_.push_back(comm::gather_to_all<std::uint8_t>(comm, flags).items);
  }
}

void SeedErrors::flag_without_tables(const RunResults& run) {
  flags_.resize(kFilters.size());
  health_.classes.resize(to_size(run.num_classes()));
  for (std::size_t filter = 0; filter < kFilters.size(); ++filter) {
    const bool is_plain = kFilters.at(filter) == qa::LabelErrorFilter::predicted_neq_given;
    if (qa::needs_class_tables(kFilters.at(filter))) {
      continue;
    }
    for (std::size_t i = 0; i < run.held_out.truth.size(); ++i) {
      const bool is_flagged =
          is_plain ? suggested_[i] != run.held_out.truth[i] : suspicion_.wrong[i] > 0.5;
      flags_[filter].push_back(is_flagged ? 1 : 0);
    }
    flags_[filter] = only_reached(std::move(flags_[filter]), suggested_);
  }
  const std::vector<std::uint8_t>& chosen = flags_[configured_filter(run)];
  for (std::size_t i = 0; i < run.held_out.truth.size(); ++i) {
    qa::ClassHealth& health = health_.classes[to_size(run.held_out.truth[i])];
    ++health.given;
    health.flagged += chosen[i];
  }
  health_.flagged =
      qa::proportion(std::count(chosen.begin(), chosen.end(), std::uint8_t{1}), count_of(chosen));
}

io::Json SeedErrors::suspects_json(const RunResults& run,
                                   std::span<const std::uint8_t> flags) const {
  const std::vector<std::string>& names = run.corpus.class_names;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) {
      order.push_back(i);
    }
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(suspicion_.wrong[b], self_confidence_[a], run.held_out_rows[a]) <
           std::tie(suspicion_.wrong[a], self_confidence_[b], run.held_out_rows[b]);
  });
  constexpr std::size_t kMostShown = 100;  // with what they look like
  std::vector<Count> shown;
  for (std::size_t i = 0; i < std::min(order.size(), kMostShown); ++i) {
    shown.push_back(run.held_out_rows[order[i]]);
  }
  const auto previews = review::previews_of(run.comm, run.corpus, run.corpus_config, shown);
  io::Json suspects = io::Json::array();
  for (const std::size_t i : order) {
    io::Json suspect;
    suspect["row"] = run.held_out_rows[i];
    if (!ids_.empty()) {
      suspect["id"] = ids_[i];
    }
    suspect["given"] = names[to_size(run.held_out.truth[i])];
    suspect["suggested"] = names[to_size(suggested_[i])];
    suspect["wrong"] = suspicion_.wrong[i];
    suspect["self_confidence"] = self_confidence_[i];
    suspect["normalized_margin"] = normalized_margin_[i];
    if (suspects.size() < previews.size()) {
      review::add_preview(previews[suspects.size()], suspect);
    }
    suspects.push_back(suspect);
  }
  return suspects;
}

void SeedErrors::compute(const RunResults& run, const Computed& /*earlier*/) {
  ids_ = layout::id_texts(run.comm, run.corpus, run.corpus_config, run.held_out_rows);
  const LabelRows<float> probabilities = to_floats(run.held_out.of_seeds);
  for (std::size_t i = 0; i < run.held_out.truth.size(); ++i) {
    const LabelRow<float> row = probabilities[i];
    suggested_.push_back(most_probable(row));
    self_confidence_.push_back(qa::self_confidence(row, run.held_out.truth[i]));
    normalized_margin_.push_back(qa::normalized_margin(row, run.held_out.truth[i]));
    weighted_entropy_.push_back(qa::confidence_weighted_entropy(row, run.held_out.truth[i]));
  }
  noise_ = calibrate::fit_label_noise(run.held_out.of_seeds, run.held_out.truth);
  suspicion_ = calibrate::suspect_labels(run.held_out.of_seeds, run.held_out.truth);
  if (run.num_classes() <= qa::kTableClasses) {
    learn_confidently(run, probabilities);
  } else {
    flag_without_tables(run);
  }
}

void SeedErrors::write_tables(const RunResults& run, io::OutputFile& file) const {
  const Count num_seeds = count_of(run.held_out_rows);
  file.write_whole<Count>("/seeds/row", run.held_out_rows, {num_seeds});
  file.write_whole<std::int32_t>("/seeds/given", label_numbers(run.held_out.truth), {num_seeds});
  file.write_whole<std::int32_t>("/seeds/suggested", label_numbers(suggested_), {num_seeds});
  file.write_whole<double>("/seeds/self_confidence", self_confidence_, {num_seeds});
  file.write_whole<double>("/seeds/normalized_margin", normalized_margin_, {num_seeds});
  file.write_whole<double>("/seeds/confidence_weighted_entropy", weighted_entropy_, {num_seeds});
  file.write_whole<double>("/seeds/wrong", suspicion_.wrong, {num_seeds});
  for (std::size_t filter = 0; filter < kFilters.size(); ++filter) {
    if (!joint_ && qa::needs_class_tables(kFilters.at(filter))) {
      continue;
    }
    file.write_whole<std::uint8_t>(std::string{"/seeds/flags/"} + kFilterNames[filter],
                                   flags_[filter], {num_seeds});
  }
  if (!joint_) {
    return;
  }
  const Count num_classes = count_of(joint_->given);
  const std::vector<Count> square{num_classes, num_classes};
  file.write_whole<Count>("/seeds/confident_counts", flatten(joint_->counts), square);
  file.write_whole<double>("/seeds/joint", flatten(joint_->joint), square);
  file.write_whole<double>("/seeds/noise", flatten(joint_->noise), square);
  file.write_whole<double>("/seeds/inverse_noise", flatten(joint_->inverse_noise), square);
}

io::Json SeedErrors::json(const RunResults& run, const Computed& /*all*/) const {
  const std::vector<std::string>& names = run.corpus.class_names;
  const std::size_t filter = configured_filter(run);
  io::Json json;
  json["held_out"] = count_of(run.held_out_rows);
  json["filter"] = kFilterNames[filter];
  json["noise_rate"] = {
      {"value", number(run.held_out_rows.empty() ? std::nullopt : std::optional{noise_.rate})},
      {"low", suspicion_.rate.low},
      {"high", suspicion_.rate.high}};
  json["flagged"] = to_json(health_.flagged);
  json["suspects"] = suspects_json(run, flags_[filter]);
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < health_.classes.size(); ++k) {
    const qa::ClassHealth& health = health_.classes[k];
    json["per_class"].push_back(
        {{"class", names[k]},
         {"given", health.given},
         {"flagged", health.flagged},
         {"quality", number(health.quality)},
         {"noise", number(health.noise)},
         {"missed", number(health.missed)},
         {"threshold", of_joint(joint_, k, &qa::ConfidentJoint::thresholds)},
         {"true_share", of_joint(joint_, k, &qa::ConfidentJoint::true_shares)}});
  }
  json["overlaps"] = io::Json::array();
  if (!joint_) {
    return json;
  }
  json["joint"] = joint_->joint;
  for (const qa::ClassOverlap& overlap : qa::overlapping_classes(*joint_)) {
    json["overlaps"].push_back({{"first", names[to_size(overlap.first)]},
                                {"second", names[to_size(overlap.second)]},
                                {"share", overlap.share}});
  }
  return json;
}

}  // namespace kith::statistics
