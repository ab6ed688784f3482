#include "statistics/consensus_summary.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "kith/calibrate/label_noise.hpp"
#include "kith/comm/collectives.hpp"

#include "statistics/calibration_json.hpp"
#include "statistics/json_forms.hpp"
#include "statistics/known_labels.hpp"
#include "statistics/seed_errors.hpp"

namespace kith::statistics {
namespace {

constexpr int kBins = 20;

/// Collective. Bins over [0, top]; the last one holds what is above.
Histogram histogram(const comm::Communicator& comm, std::span<const float> values, double top) {
  Histogram result;
  result.counts.assign(kBins, 0);
  for (int edge = 0; edge <= kBins; ++edge) {
    result.edges.push_back(top * edge / kBins);
  }
  for (const float value : values) {
    const auto bin = static_cast<int>(double{value} / top * kBins);
    ++result.counts[to_size(std::clamp(bin, 0, kBins - 1))];
  }
  comm::sum_over_ranks(comm, result.counts);
  return result;
}

io::Json histogram_json(const Histogram& histogram) {
  return {{"edges", histogram.edges}, {"counts", histogram.counts}};
}

io::Json accuracy_json(const qa::Confusion& confusion,
                       const std::vector<std::string>& class_names) {
  const qa::Accuracy accuracy = qa::measure_accuracy(confusion);
  io::Json json;
  json["accuracy"] = to_json(accuracy.overall);
  json["abstained"] = accuracy.abstained;
  json["macro_f1"] = number(accuracy.macro_f1);
  json["per_class"] = io::Json::array();
  for (std::size_t k = 0; k < accuracy.classes.size(); ++k) {
    json["per_class"].push_back({{"class", class_names[k]},
                                 {"precision", to_json(accuracy.classes[k].precision)},
                                 {"recall", to_json(accuracy.classes[k].recall)},
                                 {"f1", number(accuracy.classes[k].f1)}});
  }
  if (confusion.num_classes() <= qa::kTableClasses) {
    json["confusion"] = confusion.table();
  }
  return json;
}

/// The held-out accuracy if wrong seeds were right; its interval holds for all likely rates.
io::Json without_noise_json(const qa::Confusion& held_out, const SeedErrors& seeds) {
  const qa::Proportion agreeing = qa::measure_accuracy(held_out).overall;
  const auto corrected = [&](double share, double rate) {
    return calibrate::accuracy_without_noise(share, rate, held_out.num_classes());
  };
  const Interval rate = seeds.suspicion().rate;
  io::Json json;
  json["value"] =
      number(agreeing.value ? std::optional{corrected(*agreeing.value, seeds.noise().rate)}
                            : std::nullopt);
  json["low"] = corrected(agreeing.interval.low, rate.low);
  json["high"] = corrected(agreeing.interval.high, std::min(0.5, rate.high));
  json["trials"] = agreeing.trials;
  return json;
}

/// What holds for the corpus: the labels' accuracy, the classes' shares, and how that is known.
io::Json corpus_json(const ensemble::Consensus& consensus,
                     const std::vector<std::string>& class_names) {
  const qa::ClassShares& shares = consensus.shares;
  io::Json json;
  json["accuracy"] = {{"value", number(consensus.accuracy.value)},
                      {"low", consensus.accuracy.interval.low},
                      {"high", consensus.accuracy.interval.high}};
  json["seed_design"] = qa::to_string(shares.design);
  json["shares_from"] = qa::to_string(shares.origin);
  json["weights_fitted"] = consensus.fits_weights;
  json["shares_known"] = shares.is_known;
  json["auto_threshold"] = number(consensus.auto_threshold);
  json["shares"] = io::Json::array();
  for (std::size_t k = 0; k < shares.shares.size(); ++k) {
    const Interval interval = shares.interval(k);
    json["shares"].push_back(
        {{"class", class_names[k]},
         {"share", shares.shares[k]},
         {"low", interval.low},
         {"high", interval.high},
         {"by_confusion",
          number(shares.confusion.empty() ? std::nullopt : std::optional{shares.confusion[k]})}});
  }
  return json;
}

/// Collective. A table of K x (K + 1); with many classes the pairs that occur instead.
void write_confusion(io::OutputFile& file, const std::string& name,
                     const qa::Confusion& confusion) {
  std::vector<Count> flat;
  if (confusion.num_classes() > qa::kTableClasses) {
    for (const qa::ConfusionCount& count : confusion.counts()) {
      flat.insert(flat.end(), {count.truth.value(), count.stated.value(), count.items});
    }
    file.write_whole<Count>(name, flat, {count_of(flat) / 3, 3});
    file.set_attribute(name, "columns", std::string{"true class,stated class,items"});
    return;
  }
  for (const std::vector<Count>& row : confusion.table()) {
    flat.insert(flat.end(), row.begin(), row.end());
  }
  file.write_whole<Count>(name, flat, {confusion.num_classes(), confusion.num_classes() + 1});
}

}  // namespace

void ConsensusSummary::compute(const RunResults& run, const Computed& /*earlier*/) {
  const ItemColumns& items = run.items;
  status_counts_.assign(ensemble::kNumStatuses, 0);
  class_counts_.assign(to_size(run.num_classes()), 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    ++status_counts_[items.status[i]];
    if (items.best[i] >= 0) {
      ++class_counts_[to_size(items.best[i])];
    }
  }
  comm::sum_over_ranks(run.comm, status_counts_);
  comm::sum_over_ranks(run.comm, class_counts_);
  const double most_classes =
      std::min<double>(run.num_classes(), static_cast<double>(run.members.size()));
  const double most_entropy = std::log(std::max(2.0, most_classes));
  probability_ = histogram(run.comm, items.probability, 1.0);
  vote_entropy_ = histogram(run.comm, items.vote_entropy, most_entropy);
  bald_ = histogram(run.comm, items.bald, most_entropy);
  margin_ = histogram(run.comm, items.margin, 1.0);
  held_out_ = held_out_confusion(run, run.held_out.consensus);
  if (has_gold(run)) {
    gold_ = gold_confusion(run, [&](std::size_t i) { return items.best[i]; });
    gold_auto_ = gold_confusion(run, [&](std::size_t i) {
      return items.is(i, ensemble::Status::automatic) ? items.best[i] : -1;
    });
  }
}

io::Json ConsensusSummary::json(const RunResults& run, const Computed& all) const {
  const std::vector<std::string>& names = run.corpus.class_names;
  io::Json json;
  json["class_counts"] = class_counts_;
  json["status_counts"] = io::Json::object();
  for (int status = 0; status < ensemble::kNumStatuses; ++status) {
    json["status_counts"][ensemble::to_string(static_cast<ensemble::Status>(status))] =
        status_counts_[to_size(status)];
  }
  json["probability_histogram"] = histogram_json(probability_);
  json["vote_entropy_histogram"] = histogram_json(vote_entropy_);
  json["bald_histogram"] = histogram_json(bald_);
  json["margin_histogram"] = histogram_json(margin_);
  json["held_out"] = accuracy_json(held_out_, names);
  json["held_out"]["accuracy_without_noise"] = without_noise_json(held_out_, all.get<SeedErrors>());
  json["temperature"] = run.consensus.temperature;
  json["corpus"] = corpus_json(run.consensus, names);
  json["held_out"]["calibration_before"] =
      calibration_json(run.held_out.raw_pool, run.held_out.truth);
  json["held_out"]["calibration_after"] =
      calibration_json(run.held_out.of_seeds, run.held_out.truth);
  if (gold_) {
    json["gold"] = accuracy_json(*gold_, names);
    json["gold_auto"] = accuracy_json(gold_auto_, names);
  }
  return json;
}

void ConsensusSummary::write_tables(const RunResults& /*run*/, io::OutputFile& file) const {
  write_confusion(file, "/confusion/held_out", held_out_);
  if (gold_) {
    write_confusion(file, "/confusion/gold", *gold_);
    write_confusion(file, "/confusion/gold_auto", gold_auto_);
  }
}

}  // namespace kith::statistics
