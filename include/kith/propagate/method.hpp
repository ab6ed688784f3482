/// The methods of propagation, one object each: configuration, help, validation, plan and report
/// all follow from it. To add one: its file under src/propagate/methods/, its line in the registry
/// (src/propagate/methods/registry.cpp), its case in tests/propagate/reference.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/parameter.hpp"
#include "kith/core/types.hpp"

namespace kith::propagate {

struct Plan;     // what a method asks of an engine: src/propagate/plan.hpp
struct Problem;  // what it is asked for: the same
struct SolverConfig;

enum class Solver {
  sweeps,              // the method's own iteration
  chebyshev,           // its limit by accelerated sweeps
  conjugate_gradient,  // its limit, where it is the solution of a symmetric system
};
[[nodiscard]] const char* to_string(Solver solver);

using kith::Parameter;

/// Where a method's labels come from.
enum class Walk { neighbor_sums, shortest_paths };

/// What others need to know of a method.
struct MethodFacts {
  std::string name;                        // in configurations, files and reports
  std::string citation;                    // as a methods section names it
  std::vector<Parameter> parameters = {};  // beside those of every solver
  std::vector<Solver> solvers = {Solver::sweeps};
  Walk walk = Walk::neighbor_sums;
  bool gives_distributions = true;  // false: potentials, which may be negative
  bool has_truncated_form = false;  // rows can keep few labels of many; by plain sweeps
  bool can_stop_early = true;       // the state is a result after every sweep
  bool takes_voter = false;         // starts from a voter's probabilities
  bool needs_no_seeds = false;      // labels without any
  bool weighs_seeds = false;  // a seed counts by its weight; else every seed is taken at its word
};

class Method {
 public:
  explicit Method(MethodFacts facts) : facts_{std::move(facts)} {}
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  [[nodiscard]] const MethodFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& name() const { return facts_.name; }
  [[nodiscard]] bool has(Solver solver) const;
  [[nodiscard]] bool takes(std::string_view parameter) const;

  /// Columns of label state of one task.
  [[nodiscard]] virtual Count num_columns(const SolverConfig& config, int num_classes) const;
  /// Sweeps or steps that a task usually takes, for a plan made before the run.
  [[nodiscard]] virtual double expected_sweeps(const SolverConfig& config) const;
  /// Plans that follow one another; each begins where the one before has ended.
  [[nodiscard]] virtual int num_phases() const { return 1; }
  /// Collective. What an engine is to do.
  [[nodiscard]] virtual Plan plan(const Problem& problem) const = 0;

 private:
  MethodFacts facts_;
};

/// All methods, in the order of their names in help texts.
[[nodiscard]] std::span<const Method* const> methods();
/// nullptr: there is none of that name.
[[nodiscard]] const Method* find_method(std::string_view name);
/// The same for a name that is known to be one.
[[nodiscard]] const Method& method(std::string_view name);
/// The names of the methods for which `fits` holds, as "harmonic, spreading or walk".
[[nodiscard]] std::string method_names(bool (*fits)(const MethodFacts&));

/// Each parameter of any method once.
[[nodiscard]] std::vector<Parameter> all_parameters();

}  // namespace kith::propagate
