#include "kith/qa/accuracy.hpp"

#include <numeric>

#include "kith/comm/collectives.hpp"

namespace kith::qa {

Confusion empty_confusion(int num_classes) {
  return Confusion(to_size(num_classes), std::vector<Count>(to_size(num_classes) + 1, 0));
}

void count_confusion(std::span<const Label> truth, std::span<const Label> stated,
                     Confusion& confusion) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (!truth[i].is_none()) {
      std::vector<Count>& row = confusion[to_size(truth[i])];
      ++(stated[i].is_none() ? row.back() : row[to_size(stated[i])]);
    }
  }
}

void sum_confusion(const comm::Communicator& comm, Confusion& confusion) {
  for (std::vector<Count>& row : confusion) {
    comm::sum_over_ranks(comm, row);
  }
}

Accuracy measure_accuracy(const Confusion& confusion) {
  Accuracy accuracy;
  Count right = 0;
  Count stated = 0;
  double f1_sum = 0;
  int num_occurring = 0;
  for (std::size_t k = 0; k < confusion.size(); ++k) {
    const Count hits = confusion[k][k];
    const Count true_items = std::accumulate(confusion[k].begin(), confusion[k].end(), Count{0});
    Count stated_items = 0;
    for (const std::vector<Count>& row : confusion) {
      stated_items += row[k];
    }
    ClassAccuracy& of_class = accuracy.classes.emplace_back();
    of_class.precision = proportion(hits, stated_items);
    of_class.recall = proportion(hits, true_items);
    if (true_items + stated_items > 0) {
      of_class.f1 = 2 * static_cast<double>(hits) / static_cast<double>(true_items + stated_items);
      f1_sum += *of_class.f1;
      ++num_occurring;
    }
    right += hits;
    stated += true_items - confusion[k].back();
    accuracy.abstained += confusion[k].back();
  }
  accuracy.overall = proportion(right, stated);
  if (num_occurring > 0) {
    accuracy.macro_f1 = f1_sum / num_occurring;
  }
  return accuracy;
}

}  // namespace kith::qa
