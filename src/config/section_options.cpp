// The sections that users name: [member.NAME] and [graph.NAME].
#include "config/option_kinds.hpp"

namespace kith::config {
namespace {

using ensemble::ClassMass;
using ensemble::MemberConfig;
using propagate::Solver;

constexpr std::string_view kMember = "member.";
constexpr std::string_view kGraph = "graph.";

/// The entry with this name, which is added if there is none.
template <class Entry>
Entry& entry_of(std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  if (found != entries.end()) {
    return *found;
  }
  entries.emplace_back().name = name;
  return entries.back();
}

std::vector<Option> graph_options(const std::string& name) {
  const auto graph = [name](Config& config) -> GraphSource& {
    return entry_of(config.graphs, name);
  };
  const std::string prefix = std::string{kGraph} + name + ".";
  const std::string stages = "propagate";
  return {
      text(
          prefix + "dataset", "", [=](Config & c) -> auto& { return graph(c).dataset; },
          "dataset name", "other vectors of the same items: N x d, as corpus.embeddings"),
      text(
          prefix + "prototypes", "", [=](Config & c) -> auto& { return graph(c).prototypes; },
          "dataset name or nothing", "class vectors among them, as corpus.prototypes"),
      choice<std::string>(
          prefix + "metric",
          "heads, propagate", [=](Config & c) -> auto& { return graph(c).metric; },
          {{"shared", ""}, {"l2", "l2"}, {"cosine", "cosine"}, {"inner_product", "inner_product"}},
          "what near means among them; shared: corpus.metric"),
      number<int>(
          prefix + "k", stages, [=](Config & c) -> auto& { return graph(c).k; }, 0, 1024,
          "nearest neighbors of an item; 0 = knn.k"),
  };
}

/// "spreading, walk: share that comes from the neighbors".
template <class Method>
std::string parameter_help(std::span<const Method* const> methods, const Parameter& parameter) {
  std::vector<std::string> takers;
  for (const Method* method : methods) {
    if (method->takes(parameter.name)) {
      takers.push_back(method->name());
    }
  }
  return fmt::format("{}: {}", fmt::join(takers, ", "), parameter.help);
}

/// The names of all methods, of the graph and of heads.
std::string method_range() {
  std::vector<std::string> names;
  for (const propagate::Method* method : propagate::methods()) {
    names.push_back(method->name());
  }
  for (const heads::Method* head : heads::methods()) {
    names.push_back(head->name());
  }
  return fmt::format("{}", fmt::join(names, " | "));
}

/// member: Config& -> MemberConfig&.
template <class Member>
Option method_option(std::string key, std::string stages, const Member& member) {
  const std::string range = method_range();
  Option option{
      key,   std::move(stages),
      range, "how labels spread over the graph; from softmax_regression on: a model on the vectors",
      {},    {}};
  option.get = [member](const Config& config) {
    const MemberConfig& entry = member(const_cast<Config&>(config));  // NOLINT: only read here
    return entry.head != nullptr ? entry.head->name() : entry.solver.method->name();
  };
  option.set = [=](Config& config, const std::string& value) {
    MemberConfig& entry = member(config);
    const propagate::Method* method = propagate::find_method(value);
    entry.head = heads::find_method(value);
    if (method == nullptr && entry.head == nullptr) {
      fail("{} = {}, must be one of: {}", key, quote(value), range);
    }
    entry.solver.method = method != nullptr ? method : entry.solver.method;
  };
  return option;
}

/// An option for each parameter of any method.
template <class Member>
void add_parameters(const std::string& prefix, const Member& member, std::vector<Option>& options) {
  for (const Parameter& parameter : propagate::all_parameters()) {
    const auto field = [member, name = parameter.name](Config& config) -> double& {
      return member(config).solver.parameters[name];
    };
    options.push_back(number<double>(prefix + parameter.name, "propagate", field, parameter.range,
                                     parameter_help(propagate::methods(), parameter)));
  }
  options.push_back(choice<heads::ClassWeights>(
      prefix + "class_weights",
      "heads", [=](Config & c) -> auto& { return member(c).fit.class_weights; },
      {{"none", heads::ClassWeights::none}, {"balanced", heads::ClassWeights::balanced}},
      "heads: balanced lets every class count the same, however many seeds it has"));
  for (const Parameter& parameter : heads::all_parameters()) {
    const auto field = [member, name = parameter.name](Config& config) -> double& {
      return member(config).fit.parameters[name];
    };
    options.push_back(number<double>(prefix + parameter.name, "heads", field, parameter.range,
                                     parameter_help(heads::methods(), parameter)));
  }
}

std::vector<Option> member_options(const std::string& name) {
  const auto member = [name](Config& config) -> MemberConfig& {
    return entry_of(config.ensemble.members, name);
  };
  const std::string prefix = std::string{kMember} + name + ".";
  const std::string stages = "propagate";
  std::vector<Option> options{
      method_option(prefix + "method", "heads, propagate", member),
      choice<Solver>(
          prefix + "solver", stages, [=](Config & c) -> auto& { return member(c).solver.solver; },
          {{"sweeps", Solver::sweeps},
           {"chebyshev", Solver::chebyshev},
           {"conjugate_gradient", Solver::conjugate_gradient}},
          "the method's own iteration, or its limit in fewer steps: chebyshev for spreading and "
          "walk, conjugate_gradient for these, harmonic, poisson and wnll"),
      text(
          prefix + "voter", stages, [=](Config & c) -> auto& { return member(c).voter; },
          "name of a head or voter",
          "correct_smooth, smooth: the head, or voter of corpus.probs, whose labels they mend"),
      text(
          prefix + "graph",
          "heads, propagate", [=](Config & c) -> auto& { return member(c).graph; },
          "name of a section [graph.NAME] or nothing",
          "other vectors that it learns from, and their graph; nothing: corpus.embeddings"),
      number<int>(
          prefix + "k", stages, [=](Config & c) -> auto& { return member(c).k; }, 0, 1024,
          "nearest neighbors of the member's graph, at most as many as were found; 0 = all"),
      choice<std::string>(
          prefix + "weights", stages, [=](Config & c) -> auto& { return member(c).weights; },
          {{"shared", ""}, {"gaussian", "gaussian"}, {"binary", "binary"}},
          "of the member's graph, as graph.weights; shared: as the shared graph's"),
      number<int>(
          prefix + "max_sweeps",
          stages, [=](Config & c) -> auto& { return member(c).solver.max_sweeps; }, 1, 100000,
          "sweeps at most"),
      number<double>(
          prefix + "tolerance",
          stages, [=](Config & c) -> auto& { return member(c).solver.tolerance; }, 1e-30, 0.999,
          "relative change below which a member has settled"),
      yes_no(
          prefix + "early_stop",
          stages, [=](Config & c) -> auto& { return member(c).solver.early_stop; },
          "end at the sweep that is best on held-out seeds; the estimate then has seen them"),
      choice<ClassMass>(
          prefix + "class_mass", stages, [=](Config & c) -> auto& { return member(c).class_mass; },
          {{"none", ClassMass::none},
           {"normalize", ClassMass::normalize},
           {"bidding", ClassMass::bidding},
           {"volume", ClassMass::volume}},
          "towards the prior: class-mass normalization, label bidding, or volume projection"),
      number<int>(
          prefix + "bootstrap", stages, [=](Config & c) -> auto& { return member(c).bootstrap; }, 0,
          1000000, "0 = all seeds; else the number of the resample of the seeds"),
      number<double>(
          prefix + "weight", "ensemble", [=](Config & c) -> auto& { return member(c).weight; },
          kWeightRange,
          "in the consensus; all members count the same in the measures of disagreement"),
  };
  add_parameters(prefix, member, options);
  return options;
}

}  // namespace

std::string named_section(std::string_view key) {
  for (const std::string_view kind : {kMember, kGraph}) {
    const std::size_t dot = key.find('.', kind.size());
    if (key.starts_with(kind) && dot != std::string_view::npos && dot > kind.size()) {
      return std::string{key.substr(0, dot)};
    }
  }
  return {};
}

std::vector<Option> section_options(std::string_view section) {
  if (section.starts_with(kMember)) {
    return member_options(std::string{section.substr(kMember.size())});
  }
  if (section.starts_with(kGraph)) {
    return graph_options(std::string{section.substr(kGraph.size())});
  }
  return {};
}

std::vector<std::string> named_sections(const Config& config) {
  std::vector<std::string> sections;
  for (const GraphSource& graph : config.graphs) {
    sections.push_back(std::string{kGraph} + graph.name);
  }
  for (const MemberConfig& member : config.ensemble.members) {
    sections.push_back(std::string{kMember} + member.name);
  }
  return sections;
}

}  // namespace kith::config
