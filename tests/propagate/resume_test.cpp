// Going on from a checkpoint: the results are those of an undisturbed run.
#include <array>
#include <map>

#include <gtest/gtest.h>

#include "kith/comm/stop.hpp"
#include "kith/propagate/propagate.hpp"

#include "propagate/made_graph.hpp"
#include "support/mpi_world.hpp"

namespace kith::propagate {
namespace {

using kith::test::world;
using namespace test;  // NOLINT(google-build-using-namespace): the helpers of this folder

/// In memory, whole on every rank. Stops the run at each `stop_at`-th offer.
class Held : public comm::Checkpoint {
 public:
  explicit Held(int stop_at) : stop_at_{stop_at} {}

  /// Whose rows are saved from now on.
  void set_ranks(const comm::Communicator& comm) { comm_ = &comm; }

  bool resume(const std::function<void(const comm::StateReader&)>& load) override {
    if (rows_.empty() && counts_.empty()) {
      return false;
    }
    load(Reader{*this});
    return true;
  }
  void offer(const std::function<void(comm::StateWriter&)>& save) override {
    if (++offers_ % stop_at_ != 0) {
      return;
    }
    rows_.clear();
    numbers_.clear();
    counts_.clear();
    Writer writer{*this};
    save(writer);
    throw comm::Stopped{};
  }

 private:
  class Writer : public comm::StateWriter {
   public:
    explicit Writer(Held& held) : held_{&held} {}
    void write_rows(const std::string& name, std::span<const std::byte> mine, Count /*first_row*/,
                    Count num_rows, Count row_bytes) override {
      held_->rows_[name] = comm::gather_to_all<std::byte>(*held_->comm_, mine).items;
      EXPECT_EQ(count_of(held_->rows_[name]), num_rows * row_bytes) << name;
    }
    void write_numbers(const std::string& name, std::span<const double> numbers) override {
      held_->numbers_[name].assign(numbers.begin(), numbers.end());
    }
    void write_counts(const std::string& name, std::span<const Count> counts) override {
      held_->counts_[name].assign(counts.begin(), counts.end());
    }

   private:
    Held* held_;
  };
  class Reader : public comm::StateReader {
   public:
    explicit Reader(const Held& held) : held_{&held} {}
    void read_rows(const std::string& name, std::span<std::byte> mine, Count first_row,
                   Count row_bytes) const override {
      std::copy_n(held_->rows_.at(name).begin() + first_row * row_bytes, mine.size(), mine.begin());
    }
    [[nodiscard]] std::vector<double> read_numbers(const std::string& name) const override {
      return held_->numbers_.at(name);
    }
    [[nodiscard]] std::vector<Count> read_counts(const std::string& name) const override {
      return held_->counts_.at(name);
    }

   private:
    const Held* held_;
  };

  int stop_at_;
  int offers_ = 0;
  const comm::Communicator* comm_ = nullptr;
  std::map<std::string, std::vector<std::byte>> rows_;
  std::map<std::string, std::vector<double>> numbers_;
  std::map<std::string, std::vector<Count>> counts_;
};

constexpr int kCount = 90;

/// Every method by its solvers, each as a group of one task and two that leave seeds out.
std::vector<Task> many_tasks() {
  std::vector<Task> tasks;
  int group = 0;
  for (const char* const name : {"harmonic", "spreading", "poisson", "adsorption", "poisson_volume",
                                 "wnll", "nearest_seed", "walk"}) {
    for (const Solver solver : {Solver::sweeps, Solver::chebyshev, Solver::conjugate_gradient}) {
      const bool to_limit = solver != Solver::sweeps;
      Task task = make_task(name, kCount);
      task.solver.max_sweeps = 40;
      task.solver.solver = solver;
      task.solver.early_stop = !to_limit && std::string_view{name} == "walk";
      if (!method(name).has(solver)) {
        continue;
      }
      task.group = group++;
      tasks.push_back(task);
      for (int fold = 0; fold < 2; ++fold) {
        Task held_out = task;
        held_out.solver.tolerance = fold == 0 ? 1e-1 : 1e-5;  // one ends long before the other
        for (std::size_t i = to_size(fold); i < task.seeds.size(); i += 3) {
          held_out.validation_nodes.push_back(task.seeds[i].node);
          held_out.truth.push_back(task.seeds[i].label);
        }
        std::erase_if(held_out.seeds, [&](const NodeSeed& seed) {
          return std::find(held_out.validation_nodes.begin(), held_out.validation_nodes.end(),
                           seed.node) != held_out.validation_nodes.end();
        });
        tasks.push_back(held_out);
      }
    }
  }
  return tasks;
}

void expect_same(const std::vector<TaskResult>& results, const std::vector<TaskResult>& expected) {
  ASSERT_EQ(results.size(), expected.size());
  for (std::size_t task = 0; task < results.size(); ++task) {
    EXPECT_EQ(results[task].scores, expected[task].scores) << task;
    EXPECT_EQ(results[task].labels, expected[task].labels) << task;
    EXPECT_EQ(results[task].other, expected[task].other) << task;
    EXPECT_EQ(results[task].mean_residual_mass, expected[task].mean_residual_mass) << task;
    EXPECT_EQ(results[task].largest_residual_mass, expected[task].largest_residual_mass) << task;
    EXPECT_EQ(results[task].class_mass, expected[task].class_mass) << task;
    EXPECT_EQ(results[task].stop, expected[task].stop) << task;
    EXPECT_EQ(results[task].sweeps, expected[task].sweeps) << task;
    ASSERT_EQ(results[task].trace.size(), expected[task].trace.size()) << task;
    for (std::size_t i = 0; i < results[task].trace.size(); ++i) {
      const SweepTrace& line = results[task].trace[i];
      const SweepTrace& other = expected[task].trace[i];
      EXPECT_EQ(line.sweep, other.sweep) << task;
      EXPECT_EQ(line.residual, other.residual) << task;
      EXPECT_EQ(line.flips, other.flips) << task << " sweep " << line.sweep;
      EXPECT_EQ(line.class_counts, other.class_counts) << task;
      EXPECT_EQ(line.held_out, other.held_out) << task << " sweep " << line.sweep;
      EXPECT_EQ(line.class_mass, other.class_mass) << task;
      EXPECT_EQ(line.energy, other.energy) << task;
    }
  }
}

/// Stops at every stop_at-th offer until there is a result, on other ranks every `starts` starts.
/// run(graph, checkpoint, stops): as propagate().
template <class Run>
void expect_going_on(std::initializer_list<int> stops_at, int starts, Run&& run) {
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const std::array<const comm::Communicator*, 2> ranks{&world(), &self};
  const std::array graphs{make_graph(world(), Points{kCount, 2}),
                          make_graph(self, Points{kCount, 2})};
  const std::array<std::vector<TaskResult>, 2> expected{run(graphs[0], nullptr, 0),
                                                        run(graphs[1], nullptr, 0)};
  for (const int stop_at : stops_at) {
    Held held{stop_at};
    int stops = 0;
    while (true) {
      try {
        const auto at = to_size(stops / starts % 2);
        held.set_ranks(*ranks.at(at));
        expect_same(run(graphs.at(at), &held, stops), expected.at(at));
        break;
      } catch (const comm::Stopped&) {
        ++stops;
        ASSERT_LT(stops, 1000);
      }
    }
    EXPECT_GT(stops, 2);
  }
}

TEST(Resume, GoesOnFromAnyCheckOnAnyNumberOfRanks) {
  const std::vector<Task> tasks = many_tasks();
  expect_going_on({3, 7, 43}, 2, [&](const graph::Graph& graph, Held* held, int stops) {
    // Memory differs from start to start, and so do the passes.
    const Count memory_bytes = stops % 2 == 0 ? 0 : kCount * 16 * 8;
    return propagate(graph, tasks, {kClasses, 0, memory_bytes, held});
  });
}

TEST(Resume, GoesOnWithRowsOfFewLabels) {
  std::vector<Task> tasks;
  for (const Task& task : many_tasks()) {
    if (task.solver.solver == Solver::sweeps && task.solver.method->facts().has_truncated_form) {
      tasks.push_back(task);
    }
  }
  constexpr int kTop = 2;
  static_assert(kTop < kClasses);
  expect_going_on({1, 5, 17}, 1, [&](const graph::Graph& graph, Held* held, int /*stops*/) {
    return propagate(graph, tasks, {kClasses, kTop, 0, held});
  });
}

}  // namespace
}  // namespace kith::propagate
