#include "kith/qa/accuracy.hpp"

#include "kith/comm/collectives.hpp"

namespace kith::qa {

void Confusion::add_all(std::span<const Label> truth, std::span<const Label> stated) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!truth[i].is_none()) {
      add(truth[i], stated[i].is_none() ? Label{} : stated[i]);
    }
  }
}

void Confusion::sum_over(const comm::Communicator& comm) {
  const std::vector<ConfusionCount> mine = counts();
  counts_.clear();
  for (const ConfusionCount& count : comm::gather_to_all<ConfusionCount>(comm, mine).items) {
    add(count.truth, count.stated, count.items);
  }
}

std::vector<ConfusionCount> Confusion::counts() const {
  std::vector<ConfusionCount> all;
  for (const auto& [pair, items] : counts_) {
    all.push_back({pair.first, pair.second, items});
  }
  return all;
}

std::vector<std::vector<Count>> Confusion::table() const {
  if (num_classes_ > kTableClasses) {
    return {};
  }
  std::vector<std::vector<Count>> table(to_size(num_classes_),
                                        std::vector<Count>(to_size(num_classes_) + 1, 0));
  for (const auto& [pair, items] : counts_) {
    std::vector<Count>& row = table[to_size(pair.first)];
    (pair.second.is_none() ? row.back() : row[to_size(pair.second)]) = items;
  }
  return table;
}

Accuracy measure_accuracy(const Confusion& confusion) {
  const std::size_t num_classes = to_size(confusion.num_classes());
  std::vector<Count> hits(num_classes, 0);
  std::vector<Count> true_items(num_classes, 0);
  std::vector<Count> stated_items(num_classes, 0);
  Accuracy accuracy;
  Count right = 0;
  Count stated = 0;
  for (const ConfusionCount& count : confusion.counts()) {
    true_items[to_size(count.truth)] += count.items;
    if (count.stated.is_none()) {
      accuracy.abstained += count.items;
      continue;
    }
    stated_items[to_size(count.stated)] += count.items;
    hits[to_size(count.truth)] += count.truth == count.stated ? count.items : 0;
    right += count.truth == count.stated ? count.items : 0;
    stated += count.items;
  }
  double f1_sum = 0;
  int num_occurring = 0;
  for (std::size_t k = 0; k < num_classes; ++k) {
    ClassAccuracy& of_class = accuracy.classes.emplace_back();
    of_class.precision = proportion(hits[k], stated_items[k]);
    of_class.recall = proportion(hits[k], true_items[k]);
    if (true_items[k] + stated_items[k] > 0) {
      of_class.f1 =
          2 * static_cast<double>(hits[k]) / static_cast<double>(true_items[k] + stated_items[k]);
      f1_sum += *of_class.f1;
      ++num_occurring;
    }
  }
  accuracy.overall = proportion(right, stated);
  if (num_occurring > 0) {
    accuracy.macro_f1 = f1_sum / num_occurring;
  }
  return accuracy;
}

}  // namespace kith::qa
