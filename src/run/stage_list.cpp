#include <algorithm>

#include "kith/core/error.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

StageList::StageList(std::vector<const Stage*> stages) {
  const auto is_there = [&](const std::string& name) {
    return std::any_of(stages_.begin(), stages_.end(),
                       [&](const Stage* stage) { return stage->name() == name; });
  };
  while (!stages.empty()) {
    const auto next = std::find_if(stages.begin(), stages.end(), [&](const Stage* stage) {
      const std::vector<std::string>& read = stage->description().stages;
      return std::all_of(read.begin(), read.end(), is_there);
    });
    if (next == stages.end()) {
      fail("stage {} reads a stage that is not in the list, or itself", stages.front()->name());
    }
    stages_.push_back(*next);
    stages.erase(next);
  }
}

std::vector<std::string> StageList::names() const {
  std::vector<std::string> names;
  for (const Stage* stage : stages_) {
    names.push_back(stage->name());
  }
  return names;
}

std::span<const Stage* const> StageList::up_to(const std::string& name) const {
  const auto last = std::find_if(stages_.begin(), stages_.end(),
                                 [&](const Stage* stage) { return stage->name() == name; });
  const auto end = last == stages_.end() ? last : last + 1;
  return all().first(static_cast<std::size_t>(end - stages_.begin()));
}

const Stage& StageList::at(const std::string& name) const {
  for (const Stage* stage : stages_) {
    if (stage->name() == name) {
      return *stage;
    }
  }
  fail("there is no stage {}", name);
}

}  // namespace kith::run
