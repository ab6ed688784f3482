#include "kith/propagate/task.hpp"

namespace kith::propagate {

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
  }
  return "";
}

}  // namespace kith::propagate
