#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"

#include "propagate/truncated.hpp"

namespace kith::propagate {
namespace {

/// Share of each label among the seeds, by weight.
std::map<std::int32_t, double> label_shares(const Task& task) {
  std::map<std::int32_t, double> shares;
  const double total = total_weight(task);
  for (const NodeSeed& seed : task.seeds) {
    shares[seed.label.value()] += seed.weight;
  }
  for (auto& [label, share] : shares) {
    share /= total;
  }
  return shares;
}

/// Reads rows as the task's method means them: distributions, or potentials that are centered here,
/// u_k = v_k - ybar_k sum_l v_l, since v without the mean has no negative entries.
class RowReader {
 public:
  RowReader(const TruncatedTask& of, const ReadEntries& read)
      : read_{&read},
        num_classes_{of.num_classes},
        top_{of.top},
        is_centered_{of.plan.seeds->is_centered} {
    if (is_centered_) {
      shares_ = label_shares(of.task);
    }
  }

  /// The labels that are kept, largest first; empty where no label came.
  struct Row {
    std::span<const LabelValue> entries;
    float other = 0;      // value of each other class
    double residual = 0;  // mass over the row's
  };
  Row read(Count row) {
    const double residual = (*read_)(row, entries_);
    if (entries_.empty()) {
      return {};
    }
    double sum = residual;
    for (const LabelValue& entry : entries_) {
      sum += entry.value;
    }
    for (LabelValue& entry : entries_) {
      entry.value = is_centered_ ? static_cast<float>(entry.value - shares_.at(entry.label) * sum)
                                 : static_cast<float>(entry.value / sum);
    }
    const auto kept = std::span{entries_}.first(put_largest_first(entries_, top_));
    double cut = residual / sum;
    for (std::size_t i = kept.size(); i < entries_.size(); ++i) {
      cut += is_centered_ ? 0.0 : entries_[i].value;
    }
    double of_others = is_centered_ ? 0.0 : cut;
    for (const LabelValue& entry : kept) {
      of_others -= is_centered_ ? entry.value : 0.0F;  // potentials sum to 0
    }
    const auto others = static_cast<double>(std::max<Count>(1, num_classes_ - count_of(kept)));
    return {kept, static_cast<float>(of_others / others), cut};
  }

 private:
  const ReadEntries* read_;
  int num_classes_;
  int top_;
  bool is_centered_;
  std::map<std::int32_t, double> shares_;
  std::vector<LabelValue> entries_;
};

/// Rows of a result, empty ones.
void make_rows(TaskResult& result, std::size_t rows, int top) {
  result.scores.assign(rows * to_size(top), 0.0F);
  result.labels.assign(rows * to_size(top), Label{});
  result.other.assign(rows, 0.0F);
}

void put_entry(TaskResult& result, std::size_t at, const LabelValue& entry) {
  result.scores[at] = entry.value;
  result.labels[at] = Label{entry.label};
}

/// Adds up rows of nodes that are no seed: what each class has.
class ClassMassSum {
 public:
  explicit ClassMassSum(int num_classes) : named_(to_size(num_classes)) {}

  void add(const RowReader::Row& row) {
    of_each_.add(double{row.other});
    for (const LabelValue& entry : row.entries) {
      named_[to_size(entry.label)].add(double{entry.value} - double{row.other});
    }
  }
  /// Collective.
  std::vector<double> over_ranks(const comm::Communicator& comm) {
    for (ExactSum& sum : named_) {
      sum.add(of_each_);
    }
    comm::sum_over_ranks(comm, named_);
    std::vector<double> mass;
    for (const ExactSum& sum : named_) {
      mass.push_back(sum.value());
    }
    return mass;
  }

 private:
  std::vector<ExactSum> named_;
  ExactSum of_each_;  // what a class has where no row names it
};

/// Collective. Scores of owned nodes, class masses, and what truncation hid.
void read_owned(const TruncatedTask& of, RowReader& reader, TaskResult& result) {
  const graph::Graph& graph = of.graph;
  const Task& task = of.task;
  const bool keeps_rows = task.validation_nodes.empty();
  make_rows(result, keeps_rows ? to_size(graph.num_owned()) : 0, of.top);
  std::set<Position> seeded;
  for (const NodeSeed& seed : task.seeds) {
    seeded.insert(seed.node);
  }
  ClassMassSum mass{of.num_classes};
  std::vector<ExactSum> sums(2);  // residual masses, reached rows
  double largest = 0;
  for (Count index = 0; index < graph.num_owned(); ++index) {
    const RowReader::Row row = reader.read(index);
    if (row.entries.empty()) {
      continue;
    }
    sums[0].add(row.residual);
    sums[1].add(1.0);
    largest = std::max(largest, row.residual);
    if (!seeded.contains(Position{graph.owned().begin.value() + index})) {
      mass.add(row);
    }
    if (keeps_rows) {
      result.other[to_size(index)] = row.other;
      for (std::size_t i = 0; i < row.entries.size(); ++i) {
        put_entry(result, to_size(index * of.top) + i, row.entries[i]);
      }
    }
  }
  comm::sum_over_ranks(graph.comm(), std::span{sums});
  result.mean_residual_mass = sums[1].value() > 0 ? sums[0].value() / sums[1].value() : 0.0;
  result.largest_residual_mass = comm::max_over_ranks(graph.comm(), largest);
  if (of.plan.normalizes_rows) {
    result.class_mass = mass.over_ranks(graph.comm());
  }
}

/// Collective. Scores of the validation nodes, on every rank.
void read_validation(const TruncatedTask& of, RowReader& reader, TaskResult& result) {
  const graph::Graph& graph = of.graph;
  const Task& task = of.task;
  struct Found {
    Count at;  // row x top + entry; of `other` the row
    LabelValue entry;
  };
  constexpr std::int32_t kOther = -1;
  std::vector<Found> mine;
  for (std::size_t i = 0; i < task.validation_nodes.size(); ++i) {
    if (!graph.owned().contains(task.validation_nodes[i])) {
      continue;
    }
    const RowReader::Row row = reader.read(graph.local_id(task.validation_nodes[i]).value());
    const auto at = static_cast<Count>(i);
    mine.push_back({at, {kOther, row.other}});
    for (std::size_t entry = 0; entry < row.entries.size(); ++entry) {
      mine.push_back({at * of.top + static_cast<Count>(entry), row.entries[entry]});
    }
  }
  make_rows(result, task.validation_nodes.size(), of.top);
  for (const Found& found : comm::gather_to_all<Found>(graph.comm(), mine).items) {
    if (found.entry.label == kOther) {
      result.other[to_size(found.at)] = found.entry.value;
    } else {
      put_entry(result, to_size(found.at), found.entry);
    }
  }
}

}  // namespace

void collect_truncated(const TruncatedTask& of, const ReadEntries& read, TaskResult& result) {
  RowReader reader{of, read};
  read_owned(of, reader, result);
  if (!of.task.validation_nodes.empty()) {
    read_validation(of, reader, result);
  }
}

void collect_nothing(const graph::Graph& graph, const Task& task, int top, TaskResult& result) {
  make_rows(
      result,
      task.validation_nodes.empty() ? to_size(graph.num_owned()) : task.validation_nodes.size(),
      top);
  result.mean_residual_mass = 0;
}

}  // namespace kith::propagate
