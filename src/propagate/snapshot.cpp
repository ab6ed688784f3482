#include "propagate/snapshot.hpp"

#include <fmt/format.h>

#include <optional>

#include "kith/comm/collectives.hpp"
#include "kith/propagate/propagate.hpp"

#include "propagate/state_numbers.hpp"

namespace kith::propagate {
namespace {

/// held: it has ended, but may go back to the best sweep of its group.
enum class Status { waiting, running, held, ended };

Status status_of(const LiveRun* run) {
  if (run == nullptr) {
    return Status::ended;
  }
  if (!run->run->running) {
    return Status::held;
  }
  return run->run->sweep > 0 ? Status::running : Status::waiting;
}

constexpr double kUnknown = -1;  // where no measure is negative

void put_line(const SweepTrace& line, StateNumbers& numbers) {
  numbers.put(line.sweep);
  numbers.put(line.residual);
  numbers.put(line.flips);
  numbers.put(line.reached);
  numbers.put_all(std::span{line.class_counts});
  numbers.put(line.held_out.value_or(kUnknown));
  numbers.put_all(std::span{line.class_mass});
  numbers.put(line.energy.value_or(kUnknown));
}

SweepTrace take_line(StateNumbers& numbers) {
  const auto optional = [&] {
    const auto value = numbers.take<double>();
    return value == kUnknown ? std::nullopt : std::optional{value};
  };
  SweepTrace line;
  line.sweep = numbers.take<int>();
  line.residual = numbers.take<double>();
  line.flips = numbers.take<Count>();
  line.reached = numbers.take<Count>();
  line.class_counts = numbers.take_all<Count>();
  line.held_out = optional();
  line.class_mass = numbers.take_all<double>();
  line.energy = optional();
  return line;
}

/// Everything of a result but scores of owned nodes.
void put_result(const TaskResult& result, bool has_scores, bool validates, StateNumbers& numbers) {
  numbers.put(static_cast<int>(result.stop));
  numbers.put(result.sweeps);
  numbers.put(result.trace.size());
  for (const SweepTrace& line : result.trace) {
    put_line(line, numbers);
  }
  numbers.put_all(std::span{result.class_mass});
  numbers.put(result.mean_residual_mass.value_or(kUnknown));
  numbers.put(result.largest_residual_mass);
  const bool is_here = has_scores && validates;
  numbers.put_all(is_here ? std::span{result.scores} : std::span<const float>{});
  numbers.put_all(is_here ? std::span{result.other} : std::span<const float>{});
  numbers.put(is_here ? result.labels.size() : std::size_t{0});
  for (std::size_t i = 0; is_here && i < result.labels.size(); ++i) {
    numbers.put(result.labels[i].value());
  }
}

TaskResult take_result(StateNumbers& numbers) {
  TaskResult result;
  result.stop = static_cast<StopReason>(numbers.take<int>());
  result.sweeps = numbers.take<int>();
  const auto num_lines = numbers.take<std::size_t>();
  for (std::size_t line = 0; line < num_lines; ++line) {
    result.trace.push_back(take_line(numbers));
  }
  result.class_mass = numbers.take_all<double>();
  const auto mean_residual_mass = numbers.take<double>();
  result.mean_residual_mass =
      mean_residual_mass == kUnknown ? std::nullopt : std::optional{mean_residual_mass};
  result.largest_residual_mass = numbers.take<double>();
  result.scores = numbers.take_all<float>();
  result.other = numbers.take_all<float>();
  for (auto left = numbers.take<std::size_t>(); left > 0; --left) {
    result.labels.emplace_back(numbers.take<std::int32_t>());
  }
  return result;
}

void put_run(const Run& run, StateNumbers& numbers) {
  numbers.put(run.phase);
  numbers.put(run.sweeps_before);
  numbers.put(run.sweep);
  numbers.put(run.quiet_checks);
  numbers.put(run.right);
  numbers.put(run.leads);
  numbers.put(run.running);
  numbers.put(run.group.num_nodes);
  numbers.put(run.group.right_of_ended);
  numbers.put(run.group.best_right);
  numbers.put(run.group.best_sweep);
  numbers.put(run.group.checks_since);
}

Run take_run(StateNumbers& numbers) {
  Run run{};
  run.phase = numbers.take<int>();
  run.sweeps_before = numbers.take<int>();
  run.sweep = numbers.take<int>();
  run.quiet_checks = numbers.take<int>();
  run.right = numbers.take<Count>();
  run.leads = numbers.take<bool>();
  run.running = numbers.take<bool>();
  run.group.num_nodes = numbers.take<Count>();
  run.group.right_of_ended = numbers.take<Count>();
  run.group.best_right = numbers.take<Count>();
  run.group.best_sweep = numbers.take<int>();
  run.group.checks_since = numbers.take<int>();
  return run;
}

/// Rows of owned nodes, of one task.
std::string name_of(const char* what, std::size_t task) {
  return fmt::format("/{}/{}", what, task);
}

void write_owned(const graph::Graph& graph, const std::string& name,
                 std::span<const std::byte> rows, Count row_bytes, comm::StateWriter& writer) {
  writer.write_rows(name, rows, graph.owned().begin.value(), graph.num_nodes(), row_bytes);
}

template <class T>
std::vector<T> read_owned(const graph::Graph& graph, const std::string& name, Count row_bytes,
                          const comm::StateReader& reader) {
  std::vector<T> rows(to_size(graph.num_owned() * row_bytes) / sizeof(T));
  reader.read_rows(name, std::as_writable_bytes(std::span{rows}), graph.owned().begin.value(),
                   row_bytes);
  return rows;
}

/// Of the engine that the run is in, or of the snapshot that it still has to go on from.
std::vector<std::byte> rows_of(const graph::Graph& graph, const LiveRun& run) {
  if (run.engine == nullptr) {
    return run.run->rows;
  }
  std::vector<std::byte> rows(to_size(graph.num_owned() * run.engine->saved_row_bytes(run.index)));
  run.engine->save_rows(run.index, rows);
  return rows;
}

/// Puts results where snapshots of one graph and form of rows have them, and takes them back.
class Results {
 public:
  Results(const graph::Graph& graph, const RowShape& shape)
      : graph_{&graph},
        names_labels_{shape.names_labels},
        row_bytes_{shape.width * static_cast<Count>(sizeof(float))} {}

  void save(const TaskResult& result, const std::string& name, bool validates,
            StateNumbers& numbers, comm::StateWriter& writer) const {
    put_result(result, true, validates, numbers);
    if (validates) {
      return;
    }
    save_scores(result.scores, name, writer);
    if (names_labels_) {
      write_owned(*graph_, name + "_labels", std::as_bytes(std::span{result.labels}), row_bytes_,
                  writer);
      write_owned(*graph_, name + "_other", std::as_bytes(std::span{result.other}), sizeof(float),
                  writer);
    }
  }
  [[nodiscard]] TaskResult load(const std::string& name, bool validates, StateNumbers& numbers,
                                const comm::StateReader& reader) const {
    TaskResult result = take_result(numbers);
    if (validates) {
      return result;
    }
    result.scores = load_scores(name, reader);
    if (names_labels_) {
      result.labels = read_owned<Label>(*graph_, name + "_labels", row_bytes_, reader);
      result.other = read_owned<float>(*graph_, name + "_other", sizeof(float), reader);
    }
    return result;
  }
  void save_scores(std::span<const float> scores, const std::string& name,
                   comm::StateWriter& writer) const {
    write_owned(*graph_, name, std::as_bytes(scores), row_bytes_, writer);
  }
  [[nodiscard]] std::vector<float> load_scores(const std::string& name,
                                               const comm::StateReader& reader) const {
    return read_owned<float>(*graph_, name, row_bytes_, reader);
  }

 private:
  const graph::Graph* graph_;
  bool names_labels_;
  Count row_bytes_;
};

}  // namespace

void save_result(const graph::Graph& graph, const TaskResult& result, bool validates,
                 const RowShape& shape, const std::string& name, comm::StateWriter& writer) {
  StateNumbers numbers;
  Results{graph, shape}.save(result, name + "/scores", validates, numbers, writer);
  numbers.save(writer, name);
}

TaskResult load_result(const graph::Graph& graph, bool validates, const RowShape& shape,
                       const std::string& name, const comm::StateReader& reader) {
  StateNumbers numbers{reader, name};
  return Results{graph, shape}.load(name + "/scores", validates, numbers, reader);
}

void save_runs(const graph::Graph& graph, std::span<const Task> tasks,
               std::span<const TaskResult> results, std::span<const LiveRun> live,
               const RowShape& shape, comm::StateWriter& writer) {
  std::vector<const LiveRun*> of_task(tasks.size(), nullptr);
  for (const LiveRun& run : live) {
    of_task[static_cast<std::size_t>(run.run->task - tasks.data())] = &run;
  }
  const Results stored{graph, shape};
  StateNumbers numbers;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    const LiveRun* live_run = of_task[task];
    const bool validates = !tasks[task].validation_nodes.empty();
    const Status status = status_of(live_run);
    numbers.put(static_cast<int>(status));
    if (status == Status::ended || status == Status::held) {
      stored.save(results[task], name_of("scores", task), validates, numbers, writer);
    } else {
      put_result(results[task], false, validates, numbers);
    }
    if (status == Status::ended) {
      continue;
    }
    const Run& run = *live_run->run;
    put_run(run, numbers);
    if (run.phase > 0) {
      stored.save_scores(run.state, name_of("state", task), writer);
    }
    if (run.group.best_right >= 0) {
      stored.save(run.best, name_of("best", task), validates, numbers, writer);
    }
    if (status == Status::running) {
      const std::vector<std::byte> rows = rows_of(graph, *live_run);
      // The same on every rank, also on one without nodes.
      const Count row_bytes = comm::max_over_ranks(
          graph.comm(), graph.num_owned() > 0 ? count_of(rows) / graph.num_owned() : 0);
      write_owned(graph, name_of("rows", task), rows, row_bytes, writer);
      numbers.put(row_bytes);
      numbers.put_all<double>(live_run->engine == nullptr
                                  ? run.numbers
                                  : live_run->engine->save_numbers(live_run->index));
    }
  }
  numbers.save(writer, "/tasks");
}

std::vector<Run> load_runs(const graph::Graph& graph, std::span<const Task> tasks,
                           std::span<TaskResult> results, const RowShape& shape,
                           const comm::StateReader& reader) {
  const Results stored{graph, shape};
  StateNumbers numbers{reader, "/tasks"};
  std::vector<Run> runs;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    const bool validates = !tasks[task].validation_nodes.empty();
    const auto status = static_cast<Status>(numbers.take<int>());
    results[task] = status == Status::ended || status == Status::held
                        ? stored.load(name_of("scores", task), validates, numbers, reader)
                        : take_result(numbers);
    if (status == Status::ended) {
      continue;
    }
    Run run = take_run(numbers);
    run.task = &tasks[task];
    run.result = &results[task];
    if (run.phase > 0) {
      run.state = stored.load_scores(name_of("state", task), reader);
    }
    if (run.group.best_right >= 0) {
      run.best = stored.load(name_of("best", task), validates, numbers, reader);
    }
    if (status == Status::running) {
      const auto row_bytes = numbers.take<Count>();
      run.rows = read_owned<std::byte>(graph, name_of("rows", task), row_bytes, reader);
      run.numbers = numbers.take_all<double>();
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace kith::propagate
