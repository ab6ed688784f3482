#include "kith/propagate/task.hpp"

namespace kith::propagate {
namespace {

/// Whether the limit is the solution of a symmetric system.
bool has_conjugate_gradient(Method method) {
  switch (method) {
    case Method::harmonic:
    case Method::spreading:
    case Method::poisson:
    case Method::walk:
    case Method::wnll:
      return true;
    case Method::adsorption:
    case Method::poisson_volume:
    case Method::nearest_seed:
    case Method::correct_smooth:
      return false;
  }
  return false;
}

}  // namespace

bool has_sparse_form(Method method) {
  switch (method) {
    case Method::harmonic:
    case Method::spreading:
    case Method::poisson:
    case Method::walk:
    case Method::nearest_seed:
      return true;
    case Method::adsorption:
    case Method::poisson_volume:
    case Method::wnll:
    case Method::correct_smooth:
      return false;
  }
  return false;
}

const char* to_string(StopReason reason) {
  switch (reason) {
    case StopReason::settled:
      return "settled";
    case StopReason::mixed:
      return "mixed";
    case StopReason::limit:
      return "limit";
    case StopReason::no_seed:
      return "no_seed";
    case StopReason::finished:
      return "finished";
    case StopReason::held_out:
      return "held_out";
  }
  return "";
}

const char* to_string(Method method) {
  switch (method) {
    case Method::harmonic:
      return "harmonic";
    case Method::spreading:
      return "spreading";
    case Method::poisson:
      return "poisson";
    case Method::walk:
      return "walk";
    case Method::adsorption:
      return "adsorption";
    case Method::poisson_volume:
      return "poisson_volume";
    case Method::wnll:
      return "wnll";
    case Method::nearest_seed:
      return "nearest_seed";
    case Method::correct_smooth:
      return "correct_smooth";
  }
  return "";
}

const char* to_string(Solver solver) {
  switch (solver) {
    case Solver::sweeps:
      return "sweeps";
    case Solver::chebyshev:
      return "chebyshev";
    case Solver::conjugate_gradient:
      return "conjugate_gradient";
  }
  return "";
}

bool has_solver(Method method, Solver solver) {
  switch (solver) {
    case Solver::sweeps:
      return true;
    case Solver::chebyshev:
      return method == Method::spreading || method == Method::walk;
    case Solver::conjugate_gradient:
      return has_conjugate_gradient(method);
  }
  return false;
}

}  // namespace kith::propagate
