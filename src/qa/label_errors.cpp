#include "kith/qa/label_errors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/parallel.hpp"

namespace kith::qa {
namespace {

constexpr double kThresholdSlack = 1e-6;  // a class of one item must reach its own mean
constexpr Count kGrain = 1 << 14;
constexpr Count kWholeItem = Count{1} << 24;  // fixed point: sums do not depend on ranks

Label largest(std::span<const float> row) {
  return Label{static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin())};
}

/// The most probable class among those whose threshold the row reaches; none if there is none.
Label confident_class(std::span<const float> row, std::span<const double> thresholds) {
  Label best;
  for (std::int32_t k = 0; k < static_cast<std::int32_t>(row.size()); ++k) {
    const float p = row[to_size(k)];
    if (double{p} >= thresholds[to_size(k)] - kThresholdSlack &&
        (best.is_none() || p > row[to_size(best)])) {
      best = Label{k};
    }
  }
  return best;
}

/// Calls work(item, counts) for the items of this rank that have a label; counts, `size` of them,
/// are added over threads and ranks.
template <class Work>
std::vector<Count> count_items(const comm::Communicator& comm, const GivenLabels& labels,
                               std::size_t size, Work&& work) {
  std::vector<std::vector<Count>> partial(to_size(num_threads()), std::vector<Count>(size, 0));
  parallel_for(count_of(labels.given), kGrain, [&](Count begin, Count end) {
    std::vector<Count>& counts = partial[to_size(thread_index())];
    for (auto i = to_size(begin); i < to_size(end); ++i) {
      if (!labels.given[i].is_none()) {
        work(i, counts);
      }
    }
  });
  for (std::size_t thread = 1; thread < partial.size(); ++thread) {
    std::transform(partial[0].begin(), partial[0].end(), partial[thread].begin(),
                   partial[0].begin(), std::plus<>{});
  }
  comm::sum_over_ranks(comm, partial[0]);
  return partial[0];
}

std::vector<double> class_thresholds(const comm::Communicator& comm, const GivenLabels& labels,
                                     std::span<const Count> given) {
  std::vector<std::vector<ExactSum>> partial(to_size(num_threads()),
                                             std::vector<ExactSum>(given.size()));
  parallel_for(count_of(labels.given), kGrain, [&](Count begin, Count end) {
    for (auto i = to_size(begin); i < to_size(end); ++i) {
      if (!labels.given[i].is_none()) {
        const std::size_t k = to_size(labels.given[i]);
        partial[to_size(thread_index())][k].add(double{labels.row(i)[k]});
      }
    }
  });
  for (std::size_t thread = 1; thread < partial.size(); ++thread) {
    for (std::size_t k = 0; k < given.size(); ++k) {
      partial[0][k].add(partial[thread][k]);
    }
  }
  comm::sum_over_ranks(comm, partial[0]);
  std::vector<double> thresholds;
  for (std::size_t k = 0; k < given.size(); ++k) {
    thresholds.push_back(given[k] > 0 ? partial[0][k].value() / static_cast<double>(given[k])
                                      : std::numeric_limits<double>::infinity());
  }
  return thresholds;
}

/// Confident items by given * K + confident class, in fixed point.
std::vector<Count> count_confident(const comm::Communicator& comm, const GivenLabels& labels,
                                   std::span<const double> thresholds, Weighing weighing) {
  const std::size_t num_classes = thresholds.size();
  return count_items(
      comm, labels, num_classes * num_classes, [&](std::size_t i, std::span<Count> counts) {
        const Label confident = confident_class(labels.row(i), thresholds);
        if (confident.is_none()) {
          return;
        }
        const std::size_t row = to_size(labels.given[i]) * num_classes;
        const Count moved = weighing == Weighing::by_chance
                                ? std::llround(labels.wrong[i] * static_cast<double>(kWholeItem))
                                : kWholeItem;
        counts[row + to_size(confident)] += moved;
        counts[row + to_size(labels.given[i])] += kWholeItem - moved;
      });
}

/// Rows of `counts`, in any unit, scaled to the number of items given the class.
Matrix calibrate(std::span<const Count> counts, std::span<const Count> given) {
  const std::size_t num_classes = given.size();
  Matrix calibrated;
  for (std::size_t i = 0; i < num_classes; ++i) {
    const auto row = counts.subspan(i * num_classes, num_classes);
    const double confident =
        std::accumulate(row.begin(), row.end(), 0.0,
                        [](double sum, Count count) { return sum + static_cast<double>(count); });
    std::vector<double>& scaled = calibrated.emplace_back(num_classes, 0.0);
    if (confident == 0) {
      scaled[i] = static_cast<double>(given[i]);
      continue;
    }
    for (std::size_t j = 0; j < num_classes; ++j) {
      scaled[j] = static_cast<double>(row[j]) * static_cast<double>(given[i]) / confident;
    }
  }
  return calibrated;
}

void derive_noise(ConfidentJoint& joint) {
  const std::size_t num_classes = joint.given.size();
  const auto zero = [&] { return Matrix(num_classes, std::vector<double>(num_classes, 0.0)); };
  joint.joint = zero();
  joint.noise = zero();
  joint.inverse_noise = zero();
  joint.true_shares.assign(num_classes, 0.0);
  if (joint.items == 0) {
    return;
  }
  for (std::size_t i = 0; i < num_classes; ++i) {
    for (std::size_t j = 0; j < num_classes; ++j) {
      joint.joint[i][j] = joint.calibrated[i][j] / static_cast<double>(joint.items);
      joint.true_shares[j] += joint.joint[i][j];
    }
  }
  for (std::size_t i = 0; i < num_classes; ++i) {
    for (std::size_t j = 0; j < num_classes; ++j) {
      if (joint.true_shares[j] > 0) {
        joint.noise[i][j] = joint.joint[i][j] / joint.true_shares[j];
      }
      if (joint.given[i] > 0) {
        joint.inverse_noise[i][j] = joint.calibrated[i][j] / static_cast<double>(joint.given[i]);
      }
    }
  }
}

/// Collective. Flags, in each group, the wanted items with the smallest keys. key and group of an
/// item are what `describe` writes; a group of -1 leaves the item out.
template <class Describe>
void flag_smallest(const comm::Communicator& comm, const GivenLabels& labels,
                   std::span<const Count> wanted, std::uint64_t seed, Describe&& describe,
                   std::span<std::uint8_t> flags) {
  std::vector<comm::Candidate> candidates;
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < labels.given.size(); ++i) {
    if (labels.given[i].is_none()) {
      continue;
    }
    const comm::Candidate candidate = describe(i);
    if (wanted[to_size(candidate.group)] > 0) {
      candidates.push_back(candidate);
      items.push_back(i);
    }
  }
  const std::vector<std::uint8_t> chosen = comm::choose_smallest(comm, candidates, wanted, seed);
  for (std::size_t c = 0; c < items.size(); ++c) {
    flags[items[c]] |= chosen[c];
  }
}

Count whole(double number) {
  return static_cast<Count>(std::llround(number));
}

void prune_by_class(const comm::Communicator& comm, const GivenLabels& labels,
                    const ConfidentJoint& joint, std::uint64_t seed,
                    std::span<std::uint8_t> flags) {
  std::vector<Count> wanted;
  for (std::size_t i = 0; i < joint.given.size(); ++i) {
    wanted.push_back(whole(static_cast<double>(joint.given[i]) - joint.calibrated[i][i]));
  }
  const auto describe = [&](std::size_t item) {
    const Label given = labels.given[item];
    return comm::Candidate{labels.row(item)[to_size(given)], given.value(),
                           labels.ids[item].value()};
  };
  flag_smallest(comm, labels, wanted, seed, describe, flags);
}

void prune_by_noise_rate(const comm::Communicator& comm, const GivenLabels& labels,
                         const ConfidentJoint& joint, std::uint64_t seed,
                         std::span<std::uint8_t> flags) {
  const std::size_t num_classes = joint.given.size();
  for (std::size_t j = 0; j < num_classes; ++j) {
    std::vector<Count> wanted(num_classes, 0);
    for (std::size_t i = 0; i < num_classes; ++i) {
      wanted[i] = i == j ? 0 : whole(joint.calibrated[i][j]);
    }
    const auto describe = [&](std::size_t item) {
      const Label given = labels.given[item];
      const auto row = labels.row(item);
      return comm::Candidate{row[to_size(given)] - row[j], given.value(), labels.ids[item].value()};
    };
    flag_smallest(comm, labels, wanted, seed, describe, flags);
  }
}

void lowest_self_confidence(const comm::Communicator& comm, const GivenLabels& labels,
                            const ConfidentJoint& joint, std::uint64_t seed,
                            std::span<std::uint8_t> flags) {
  double right = 0;
  for (std::size_t i = 0; i < joint.given.size(); ++i) {
    right += joint.calibrated[i][i];
  }
  const Count wanted = whole(static_cast<double>(joint.items) - right);
  const auto describe = [&](std::size_t item) {
    return comm::Candidate{labels.row(item)[to_size(labels.given[item])], 0,
                           labels.ids[item].value()};
  };
  flag_smallest(comm, labels, std::span{&wanted, 1}, seed, describe, flags);
}

}  // namespace

bool needs_class_tables(LabelErrorFilter filter) {
  return filter != LabelErrorFilter::predicted_neq_given &&
         filter != LabelErrorFilter::likely_wrong;
}

ConfidentJoint confident_joint(const comm::Communicator& comm, const GivenLabels& labels,
                               Weighing weighing) {
  const std::size_t num_classes = to_size(labels.num_classes);
  ConfidentJoint joint;
  joint.given = count_items(comm, labels, num_classes, [&](std::size_t i, std::span<Count> counts) {
    ++counts[to_size(labels.given[i])];
  });
  joint.items = std::accumulate(joint.given.begin(), joint.given.end(), Count{0});
  joint.thresholds = class_thresholds(comm, labels, joint.given);
  const std::vector<Count> plain = count_confident(comm, labels, joint.thresholds, Weighing::whole);
  for (std::size_t i = 0; i < num_classes; ++i) {
    std::vector<Count>& row = joint.counts.emplace_back();
    for (std::size_t j = 0; j < num_classes; ++j) {
      row.push_back(plain[i * num_classes + j] / kWholeItem);
    }
  }
  joint.calibrated =
      weighing == Weighing::whole
          ? calibrate(plain, joint.given)
          : calibrate(count_confident(comm, labels, joint.thresholds, weighing), joint.given);
  derive_noise(joint);
  return joint;
}

std::vector<std::uint8_t> find_label_errors(const comm::Communicator& comm,
                                            const GivenLabels& labels, const ConfidentJoint& joint,
                                            LabelErrorFilter filter, std::uint64_t seed) {
  std::vector<std::uint8_t> flags(labels.given.size(), 0);
  switch (filter) {
    case LabelErrorFilter::predicted_neq_given:
    case LabelErrorFilter::confident_learning:
      for (std::size_t i = 0; i < flags.size(); ++i) {
        const bool plain = filter == LabelErrorFilter::predicted_neq_given;
        const Label other =
            plain ? largest(labels.row(i)) : confident_class(labels.row(i), joint.thresholds);
        const Label given = labels.given[i];
        flags[i] = !given.is_none() && !other.is_none() && other != given ? 1 : 0;
      }
      break;
    case LabelErrorFilter::prune_by_class:
      prune_by_class(comm, labels, joint, seed, flags);
      break;
    case LabelErrorFilter::prune_by_noise_rate:
      prune_by_noise_rate(comm, labels, joint, seed, flags);
      break;
    case LabelErrorFilter::both: {
      std::vector<std::uint8_t> by_class(flags.size(), 0);
      prune_by_class(comm, labels, joint, seed, by_class);
      prune_by_noise_rate(comm, labels, joint, seed, flags);
      std::transform(flags.begin(), flags.end(), by_class.begin(), flags.begin(),
                     [](std::uint8_t a, std::uint8_t b) { return a != 0 && b != 0 ? 1 : 0; });
      break;
    }
    case LabelErrorFilter::low_self_confidence:
      lowest_self_confidence(comm, labels, joint, seed, flags);
      break;
    case LabelErrorFilter::likely_wrong:
      for (std::size_t i = 0; i < flags.size(); ++i) {
        flags[i] = !labels.given[i].is_none() && labels.wrong[i] > 0.5 ? 1 : 0;
      }
      break;
  }
  return flags;
}

LabelHealth measure_label_health(const comm::Communicator& comm, const GivenLabels& labels,
                                 const ConfidentJoint& joint, std::span<const std::uint8_t> flags) {
  const std::vector<Count> flagged =
      count_items(comm, labels, joint.given.size(), [&](std::size_t i, std::span<Count> counts) {
        counts[to_size(labels.given[i])] += flags[i];
      });
  LabelHealth health;
  health.flagged =
      proportion(std::accumulate(flagged.begin(), flagged.end(), Count{0}), joint.items);
  for (std::size_t k = 0; k < joint.given.size(); ++k) {
    ClassHealth& of_class = health.classes.emplace_back();
    of_class.given = joint.given[k];
    of_class.flagged = flagged[k];
    if (joint.given[k] > 0) {
      of_class.quality = joint.inverse_noise[k][k];
      of_class.noise = 1 - *of_class.quality;
    }
    if (joint.true_shares[k] > 0) {
      of_class.missed = 1 - joint.noise[k][k];
    }
  }
  return health;
}

std::vector<ClassOverlap> overlapping_classes(const ConfidentJoint& joint) {
  std::vector<ClassOverlap> overlaps;
  const auto num_classes = static_cast<std::int32_t>(joint.given.size());
  for (std::int32_t i = 0; i < num_classes; ++i) {
    for (std::int32_t j = i + 1; j < num_classes; ++j) {
      const double share =
          joint.joint[to_size(i)][to_size(j)] + joint.joint[to_size(j)][to_size(i)];
      if (share > 0) {
        overlaps.push_back({Label{i}, Label{j}, share});
      }
    }
  }
  std::stable_sort(overlaps.begin(), overlaps.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  return overlaps;
}

}  // namespace kith::qa
