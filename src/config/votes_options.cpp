#include "config/votes_options.hpp"

#include "kith/label_model/method.hpp"

#include "config/option_kinds.hpp"

namespace kith::config {
namespace {

using label_model::Method;

/// "dawid_skene, mace: HELP".
std::string help_of(const Parameter& parameter) {
  std::string takers;
  for (const Method* method : label_model::methods()) {
    if (method->takes(parameter.name)) {
      takers += (takers.empty() ? "" : ", ") + method->name();
    }
  }
  return takers + ": " + parameter.help;
}

}  // namespace

void append_votes_options(std::vector<Option>& table) {
  std::vector<Word<const Method*>> methods{{"auto", nullptr}};
  for (const Method* method : label_model::methods()) {
    methods.push_back({method->name().c_str(), method});
  }
  table.push_back(choice<const Method*>(
      "votes.method", "label_model", [](Config & c) -> auto& { return c.votes.method; },
      std::move(methods),
      "the label model of the votes; auto: as held-out votes, or items of known class, say"));
  table.push_back(yes_no(
      "votes.informative_abstention", "label_model",
      [](Config & c) -> auto& { return c.votes.informative_abstention; },
      "learn from whether a voter votes, too"));
  table.push_back(number<Count>(
      "votes.weak_seeds", "label_model", [](Config & c) -> auto& { return c.votes.weak_seeds; },
      {0, 1'000'000},
      "kith run: at most so many items with votes teach the members, by what the label model says "
      "of them; 0: none"));
  table.push_back(number<double>(
      "votes.weak_weight", "label_model", [](Config & c) -> auto& { return c.votes.weak_weight; },
      {1e-6, 1, true},
      "what such an item counts beside a seed; 0: as held-out seeds say, which may be nothing; "
      "without seeds: 1"));
  for (const Parameter& parameter : label_model::all_parameters()) {
    const auto field = [name = parameter.name](Config& config) -> double& {
      return config.votes.parameters[name];
    };
    table.push_back(number<double>("votes." + parameter.name, "label_model", field, parameter.range,
                                   help_of(parameter)));
  }
}

}  // namespace kith::config
