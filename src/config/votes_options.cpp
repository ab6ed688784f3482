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
      "votes.method", "", [](Config & c) -> auto& { return c.votes.method; }, std::move(methods),
      "kith votes: the label model; auto: as held-out votes, or items of known class, say"));
  table.push_back(yes_no(
      "votes.informative_abstention", "",
      [](Config & c) -> auto& { return c.votes.informative_abstention; },
      "kith votes: learn from whether a voter votes, too"));
  for (const Parameter& parameter : label_model::all_parameters()) {
    const auto field = [name = parameter.name](Config& config) -> double& {
      return config.votes.parameters[name];
    };
    table.push_back(
        number<double>("votes." + parameter.name, "", field, parameter.range, help_of(parameter)));
  }
}

}  // namespace kith::config
