#include <algorithm>
#include <set>

#include "kith/core/error.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

using propagate::Method;

MemberConfig make_member(std::string name, Method method, int max_sweeps, ClassMass class_mass,
                         int bootstrap) {
  MemberConfig member;
  member.name = std::move(name);
  member.solver.method = method;
  member.solver.max_sweeps = max_sweeps;
  member.class_mass = class_mass;
  member.bootstrap = bootstrap;
  // A resample has seen about two thirds of the seeds: it is there for its disagreement, and says
  // less.
  member.weight = bootstrap > 0 ? 0.25 : 1.0;
  return member;
}

void validate_member(const MemberConfig& member) {
  const propagate::SolverConfig& solver = member.solver;
  if (solver.alpha <= 0 || solver.alpha >= 1) {
    fail("member.{}.alpha = {}, must be above 0 and below 1", member.name, solver.alpha);
  }
  if (solver.max_sweeps < 1 || solver.max_sweeps > 100000) {
    fail("member.{}.max_sweeps = {}, must be in 1..100000", member.name, solver.max_sweeps);
  }
  if (solver.tolerance <= 0 || solver.tolerance >= 1) {
    fail("member.{}.tolerance = {}, must be above 0 and below 1", member.name, solver.tolerance);
  }
  if (member.bootstrap < 0) {
    fail("member.{}.bootstrap = {}, must not be negative", member.name, member.bootstrap);
  }
  if (member.class_mass == ClassMass::normalize && solver.method == Method::poisson) {
    fail("member.{}.class_mass = normalize, but poisson balances its classes by itself: use none",
         member.name);
  }
}

}  // namespace

std::vector<MemberConfig> default_members() {
  // 100 sweeps of the harmonic method: run to convergence it collapses when seeds are few (Calder
  // 2020).
  return {make_member("harmonic", Method::harmonic, 100, ClassMass::normalize, 0),
          make_member("spreading", Method::spreading, 300, ClassMass::normalize, 0),
          make_member("poisson", Method::poisson, 300, ClassMass::none, 0),
          make_member("spreading-b1", Method::spreading, 300, ClassMass::normalize, 1),
          make_member("poisson-b2", Method::poisson, 300, ClassMass::none, 2)};
}

void validate(const EnsembleConfig& config) {
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
