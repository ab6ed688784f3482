#include "pipeline/graphs_in_turn.hpp"

#include <fmt/format.h>

#include <utility>

#include "kith/comm/agree.hpp"

namespace kith::pipeline {
namespace {

constexpr const char* kTurn = "/graphs_done";

std::string name_of(std::size_t task) {
  return fmt::format("/finished/{}", task);
}

int turn_of(const comm::StateReader& reader) {
  return static_cast<int>(reader.read_counts(kTurn).at(0));
}

}  // namespace

GraphsInTurn::GraphsInTurn(comm::Checkpoint& whole, const graph::Graph& shared,
                           const propagate::RowShape& shape, std::vector<TurnOfTask> tasks,
                           std::span<propagate::TaskResult> results)
    : whole_{&whole}, shared_{&shared}, shape_{shape}, tasks_{std::move(tasks)}, results_{results} {
}

int GraphsInTurn::resume_finished() {
  const bool found = whole_->resume([&](const comm::StateReader& reader) {
    found_turn_ = turn_of(reader);
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      if (tasks_[task].turn < found_turn_) {
        results_[task] =
            propagate::load_result(*shared_, tasks_[task].validates, shape_, name_of(task), reader);
      }
    }
  });
  found_turn_ = found ? found_turn_ : -1;
  return found ? found_turn_ : 0;
}

bool GraphsInTurn::resume(const std::function<void(const comm::StateReader&)>& load) {
  return turn_ == found_turn_ && whole_->resume([&](const comm::StateReader& reader) {
    if (turn_of(reader) != turn_) {  // the newest one is damaged in what was not read before
      throw comm::CollectiveError{"it is of the graph before"};
    }
    load(reader);
  });
}

void GraphsInTurn::offer(const std::function<void(comm::StateWriter&)>& save) {
  whole_->offer([&](comm::StateWriter& writer) {
    writer.write_counts(kTurn, std::vector<Count>{turn_});
    for (std::size_t task = 0; task < tasks_.size(); ++task) {
      if (tasks_[task].turn < turn_) {
        propagate::save_result(*shared_, results_[task], tasks_[task].validates, shape_,
                               name_of(task), writer);
      }
    }
    save(writer);
  });
}

}  // namespace kith::pipeline
