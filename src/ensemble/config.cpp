#include <algorithm>
#include <set>

#include "kith/core/error.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

MemberConfig make_member(std::string name, std::string_view method, int max_sweeps,
                         ClassMass class_mass) {
  MemberConfig member;
  member.name = std::move(name);
  member.solver.method = &propagate::method(method);
  member.solver.max_sweeps = max_sweeps;
  member.class_mass = class_mass;
  return member;
}

MemberConfig make_bootstrap(std::string name, MemberConfig member, int bootstrap) {
  member.name = std::move(name);
  member.bootstrap = bootstrap;
  // A resample has seen about two thirds of the seeds: it is there for its disagreement, and says
  // less.
  member.weight = 0.25;
  return member;
}

/// Throws Error if a head has what only labels that spread have, or a parameter of another head.
void validate_head(const MemberConfig& member) {
  const MemberConfig plain;
  const auto refuse = [&](bool differs, const std::string& key) {
    if (differs) {
      fail("member.{}.{} is set, which {} does not take", member.name, key, member.head->name());
    }
  };
  propagate::SolverConfig solver = member.solver;
  solver.method = plain.solver.method;
  for (const Parameter& parameter : propagate::all_parameters()) {
    refuse(solver.parameters[parameter.name] != parameter.fallback, parameter.name);
  }
  refuse(solver.solver != plain.solver.solver, "solver");
  refuse(solver.max_sweeps != plain.solver.max_sweeps, "max_sweeps");
  refuse(solver.tolerance != plain.solver.tolerance, "tolerance");
  refuse(solver.early_stop, "early_stop");
  refuse(!member.voter.empty(), "voter");
  refuse(member.k > 0, "k");
  refuse(!member.weights.empty(), "weights");
  refuse(member.bootstrap > 0, "bootstrap");
  refuse(member.class_mass != ClassMass::none, "class_mass");
}

/// Throws Error if a parameter of heads is out of range or set for a member that does not take it.
void validate_fit(const MemberConfig& member) {
  for (const Parameter& parameter : heads::all_parameters()) {
    const double value = member.fit.parameters.at(parameter.name);
    if (!parameter.allows(value)) {
      fail("member.{}.{} = {}, must be {}{}{}", member.name, parameter.name, value,
           parameter.range.or_zero ? "" : "in ", parameter.range.text(),
           parameter.is_whole ? ", a whole number" : "");
    }
    const bool is_taken = member.head != nullptr && member.head->takes(parameter.name);
    if (value != parameter.fallback && !is_taken) {
      fail("member.{}.{} = {}, which {} does not take", member.name, parameter.name, value,
           member.head != nullptr ? member.head->name() : member.solver.method->name());
    }
  }
  if (member.head == nullptr && member.fit.class_weights != heads::ClassWeights::none) {
    fail("member.{}.class_weights is set, which {} does not take", member.name,
         member.solver.method->name());
  }
}

MemberConfig make_head(std::string_view method) {
  MemberConfig member;
  member.name = method;
  member.head = heads::find_method(method);
  return member;
}

/// The head's probabilities, smoothed over the graph.
MemberConfig make_smooth(const MemberConfig& head) {
  constexpr int kSweeps = 20;  // what is left of an older state is then 0.8^20 = 1 %
  MemberConfig member = make_member(head.name + "-smooth", "smooth", kSweeps, ClassMass::none);
  member.voter = head.name;
  return member;
}

/// Three heads, and each of them smoothed.
void append_heads(std::vector<MemberConfig>& members) {
  for (const char* method : {"lda", "softmax_regression", "prototypes"}) {
    members.push_back(make_head(method));
    members.push_back(make_smooth(members.back()));
  }
}

void validate_member(const MemberConfig& member) {
  validate_fit(member);
  if (member.head != nullptr) {
    return validate_head(member);
  }
  propagate::validate(member.solver, "member." + member.name);
  const propagate::MethodFacts& method = member.solver.method->facts();
  if (method.takes_voter && member.voter.empty()) {
    fail("member.{}.voter is missing: {} needs a head or a voter of corpus.probs", member.name,
         method.name);
  }
  if (!method.takes_voter && !member.voter.empty()) {
    fail("member.{}.voter = {}, but only {} takes a voter", member.name, member.voter,
         propagate::method_names([](const propagate::MethodFacts& of) { return of.takes_voter; }));
  }
  if (member.bootstrap < 0) {
    fail("member.{}.bootstrap = {}, must not be negative", member.name, member.bootstrap);
  }
  const bool takes_distribution =
      member.class_mass == ClassMass::normalize || member.class_mass == ClassMass::bidding;
  if (takes_distribution && !method.gives_distributions) {
    fail("member.{}.class_mass = {}, but {} balances its classes by itself: use none or volume",
         member.name, to_string(member.class_mass), method.name);
  }
}

}  // namespace

heads::FitConfig default_fit() {
  heads::FitConfig fit;
  for (const Parameter& parameter : heads::all_parameters()) {
    fit.parameters[parameter.name] = parameter.fallback;
  }
  return fit;
}

std::vector<MemberConfig> default_members() {
  // 100 sweeps of the harmonic method: run to convergence it collapses when seeds are few (Calder
  // 2020).
  std::vector<MemberConfig> members{
      make_member("harmonic", "harmonic", 100, ClassMass::normalize),
      make_member("spreading", "spreading", 300, ClassMass::normalize),
      make_member("poisson", "poisson", 300, ClassMass::none)};
  members[1].solver.solver = propagate::Solver::chebyshev;
  members.push_back(make_bootstrap("poisson-b1", members[2], 1));
  members.push_back(make_bootstrap("poisson-b2", members[2], 2));
  append_heads(members);
  return members;
}

std::vector<MemberConfig> seedless_members() {
  const MemberConfig head = make_head("prototypes");
  return {head, make_smooth(head)};
}

std::vector<MemberConfig> reference_members() {
  std::vector<MemberConfig> members;
  append_heads(members);
  members.push_back(make_head("nearest_seed_vectors"));
  return members;
}

std::vector<MemberConfig> weak_members() {
  constexpr double kShortWays = 0.8;
  std::vector<MemberConfig> members = default_members();
  members.erase(members.begin());  // harmonic
  members.front().solver.parameters["alpha"] = kShortWays;
  members.front().class_mass = ClassMass::none;
  return members;
}

std::vector<MemberConfig> many_class_members() {
  constexpr int kSweeps = 10;
  std::vector<MemberConfig> members{
      make_member("harmonic", "harmonic", kSweeps, ClassMass::normalize),
      make_member("spreading", "spreading", kSweeps, ClassMass::normalize),
      make_member("poisson", "poisson", kSweeps, ClassMass::none),
      make_member("nearest-seed", "nearest_seed", 300, ClassMass::none)};
  members.push_back(make_bootstrap("spreading-b1", members[1], 1));
  members.push_back(make_bootstrap("poisson-b2", members[2], 2));
  members.push_back(make_head("lda"));
  return members;
}

int labels_kept(const EnsembleConfig& config, int num_classes) {
  const int wanted = config.top_labels > 0              ? config.top_labels
                     : num_classes <= kMostDenseClasses ? num_classes
                                                        : kTopLabels;
  return std::min(wanted, num_classes);
}

bool fit_to_classes(EnsembleConfig& config, int num_classes) {
  const int top = labels_kept(config, num_classes);
  if (top == num_classes) {
    return false;
  }
  const bool by_graph = config.members == default_members() || config.members == weak_members();
  const bool is_seedless = config.members == seedless_members();
  const bool by_reference = config.members == reference_members();
  if (by_graph) {
    config.members = many_class_members();
  } else if (is_seedless || by_reference) {
    config.members = {make_head(is_seedless ? "prototypes" : "lda")};
  }
  const std::string instead = fmt::format(
      "with {} classes a row keeps {} labels; ensemble.top_labels = {} keeps all, at their price "
      "in memory",
      num_classes, top, num_classes);
  for (const MemberConfig& member : config.members) {
    if (member.head != nullptr) {
      continue;
    }
    const propagate::SolverConfig& solver = member.solver;
    if (!solver.method->facts().has_truncated_form) {
      fail("member.{}.method = {}, which needs all classes: use {} ({})", member.name,
           solver.method->name(), propagate::method_names([](const propagate::MethodFacts& method) {
             return method.has_truncated_form;
           }),
           instead);
    }
    if (solver.solver != propagate::Solver::sweeps) {
      fail("member.{}.solver = {}, which needs all classes: use sweeps ({})", member.name,
           propagate::to_string(solver.solver), instead);
    }
    if (solver.early_stop) {
      fail("member.{}.early_stop = yes, which needs all classes ({})", member.name, instead);
    }
    if (member.class_mass == ClassMass::bidding || member.class_mass == ClassMass::volume) {
      fail("member.{}.class_mass = {}, which needs all classes: use normalize or none ({})",
           member.name, to_string(member.class_mass), instead);
    }
  }
  if (config.class_mass == ClassMass::bidding || config.class_mass == ClassMass::volume) {
    fail("ensemble.class_mass = {}, which needs all classes: use normalize or none ({})",
         to_string(config.class_mass), instead);
  }
  if (config.calibration != Calibration::temperature) {
    fail("ensemble.calibration = {}, which needs all classes: use temperature ({})",
         to_string(config.calibration), instead);
  }
  return by_graph || is_seedless || by_reference;
}

void validate(const EnsembleConfig& config) {
  validate_prior(config, 0);
  std::set<std::string> names;
  for (const MemberConfig& member : config.members) {
    validate_member(member);
    if (!names.insert(member.name).second) {
      fail("member.{} is configured twice", member.name);
    }
  }
  const bool any_weight = std::any_of(config.members.begin(), config.members.end(),
                                      [](const MemberConfig& member) { return member.weight > 0; });
  if (!config.members.empty() && !any_weight) {
    fail("no member has a weight above 0: the consensus would be empty");
  }
  if (config.members.size() > 64) {
    fail("{} members, at most 64", config.members.size());
  }
}

const char* to_string(ClassMass class_mass) {
  switch (class_mass) {
    case ClassMass::none:
      return "none";
    case ClassMass::normalize:
      return "normalize";
    case ClassMass::bidding:
      return "bidding";
    case ClassMass::volume:
      return "volume";
  }
  return "";
}

const char* to_string(Status status) {
  switch (status) {
    case Status::automatic:
      return "auto";
    case Status::seed:
      return "seed";
    case Status::review:
      return "review";
    case Status::abstain:
      return "abstain";
    case Status::unreachable:
      return "unreachable";
    case Status::outlier:
      return "outlier";
    case Status::duplicate:
      return "duplicate";
  }
  return "";
}

}  // namespace kith::ensemble
