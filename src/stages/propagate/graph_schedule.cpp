#include "stages/propagate/graph_schedule.hpp"

#include <fmt/format.h>

#include <utility>

#include "kith/comm/agree.hpp"

namespace kith::stages {
namespace {

constexpr const char* kGraphsDone = "/graphs_done";

std::string name_of(std::size_t task) {
  return fmt::format("/finished/{}", task);
}

int graphs_done(const comm::StateReader& reader) {
  return static_cast<int>(reader.read_counts(kGraphsDone).at(0));
}

}  // namespace

GraphSchedule::GraphSchedule(comm::Checkpoint& whole, const graph::Graph& shared,
                             const propagate::RowShape& shape, std::vector<ScheduledTask> tasks,
                             std::span<propagate::TaskResult> results)
    : whole_{&whole}, shared_{&shared}, shape_{shape}, tasks_{std::move(tasks)}, results_{results} {
}

int GraphSchedule::resume_finished() {
  const bool found = whole_->resume([&](const comm::StateReader& reader) {
    found_ = graphs_done(reader);
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      if (tasks_[task].graph < found_) {
        results_[task] =
            propagate::load_result(*shared_, tasks_[task].validates, shape_, name_of(task), reader);
      }
    }
  });
  found_ = found ? found_ : -1;
  return found ? found_ : 0;
}

bool GraphSchedule::resume(const std::function<void(const comm::StateReader&)>& load) {
  return graph_ == found_ && whole_->resume([&](const comm::StateReader& reader) {
    if (graphs_done(reader) != graph_) {  // the newest one is damaged in what was not read before
      throw comm::CollectiveError{"it is of the graph before"};
    }
    load(reader);
  });
}

void GraphSchedule::offer(const std::function<void(comm::StateWriter&)>& save) {
  whole_->offer([&](comm::StateWriter& writer) {
    writer.write_counts(kGraphsDone, std::vector<Count>{graph_});
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      if (tasks_[task].graph < graph_) {
        propagate::save_result(*shared_, results_[task], tasks_[task].validates, shape_,
                               name_of(task), writer);
      }
    }
    save(writer);
  });
}

}  // namespace kith::stages
