#include "propagate/results.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <mutex>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {
namespace {

/// To a multiple of 2^-40, for |x| below 2^11.
double round_to_unit(double x) {
  constexpr double kShift = 0x1.8p12;  // its last bit is 2^-40
  return (x + kShift) - kShift;
}

}  // namespace

void to_scores(const Plan& plan, std::span<float> row) {
  if (!plan.normalizes_rows) {
    return;
  }
  float sum = 0;
  for (float& value : row) {
    value = std::max(value, 0.0F);
    sum += value;
  }
  const float scale = sum > 0 ? 1 / sum : 1.0F;
  if (std::isfinite(scale)) {
    for (float& value : row) {
      value *= scale;
    }
  } else {  // labels that came over the weakest edges only: 1e-40, say
    for (float& value : row) {
      value = static_cast<float>(double{value} / double{sum});
    }
  }
}

std::vector<float> collect_scores(const graph::Graph& graph, const Engine& engine,
                                  std::size_t index, const Task& task, const Plan& plan,
                                  int num_classes) {
  const auto width = to_size(num_classes);
  if (task.validation_nodes.empty()) {
    std::vector<float> scores(to_size(graph.num_owned()) * width);
    for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
      const auto one = std::span{scores}.subspan(to_size(row) * width, width);
      engine.read_row(index, row, one);
      to_scores(plan, one);
    }
    return scores;
  }
  struct Entry {
    Count slot;
    float value;
  };
  std::vector<Entry> mine;
  std::vector<float> one(width);
  for (std::size_t i = 0; i < task.validation_nodes.size(); ++i) {
    if (graph.owned().contains(task.validation_nodes[i])) {
      engine.read_row(index, graph.local_id(task.validation_nodes[i]), one);
      to_scores(plan, one);
      for (std::size_t label = 0; label < width; ++label) {
        mine.push_back({static_cast<Count>(i * width + label), one[label]});
      }
    }
  }
  std::vector<float> scores(task.validation_nodes.size() * width, 0.0F);
  for (const Entry& entry : comm::gather_to_all<Entry>(graph.comm(), mine).items) {
    scores[to_size(entry.slot)] = entry.value;
  }
  return scores;
}

void add_scores(const graph::Graph& graph, const Engine& engine, std::size_t index,
                const Plan& plan, bool with_seeds, std::span<ExactSum> sums) {
  std::mutex merging;
  parallel_for(graph.num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    std::vector<double> mine(sums.size(), 0.0);  // multiples of 2^-40 below 2^9: exact
    std::vector<float> scores(sums.size());
    auto seed = std::lower_bound(
        plan.sources.begin(), plan.sources.end(), begin,
        [](const SourceRow& source, Count row) { return source.row.value() < row; });
    for (Count row = begin; row < end; ++row) {
      if (seed != plan.sources.end() && seed->row.value() == row) {
        ++seed;
        if (!with_seeds) {
          continue;
        }
      }
      engine.read_row(index, LocalId{static_cast<std::int32_t>(row)}, scores);
      to_scores(plan, scores);
      for (std::size_t label = 0; label < mine.size(); ++label) {
        mine[label] += round_to_unit(double{scores[label]});
      }
    }
    const std::scoped_lock lock{merging};
    for (std::size_t label = 0; label < mine.size(); ++label) {
      sums[label].add(mine[label]);
    }
  });
}

std::vector<double> sum_class_mass(const graph::Graph& graph, const Engine& engine,
                                   std::size_t index, const Plan& plan, int num_classes) {
  std::vector<ExactSum> sums(to_size(num_classes));
  add_scores(graph, engine, index, plan, false, sums);
  comm::sum_over_ranks(graph.comm(), sums);
  std::vector<double> mass;
  std::transform(sums.begin(), sums.end(), std::back_inserter(mass),
                 [](const ExactSum& sum) { return sum.value(); });
  return mass;
}

void Engine::collect(std::size_t index, const Task& task, const Plan& plan,
                     TaskResult& result) const {
  result.scores = collect_scores(*graph_, *this, index, task, plan, num_classes_);
  if (plan.normalizes_rows) {
    result.class_mass = sum_class_mass(*graph_, *this, index, plan, num_classes_);
  }
}

std::vector<float> read_state(const graph::Graph& graph, const Engine& engine, std::size_t index,
                              int num_classes) {
  const auto width = to_size(num_classes);
  std::vector<float> state(to_size(graph.num_owned()) * width);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    engine.read_row(index, row, std::span{state}.subspan(to_size(row) * width, width));
  }
  return state;
}

}  // namespace kith::propagate
