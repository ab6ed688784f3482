#include "statistics/json_forms.hpp"

#include <cmath>

namespace kith::statistics {

io::Json number(std::optional<double> value) {
  return value && std::isfinite(*value) ? io::Json(*value) : io::Json(nullptr);
}

io::Json to_json(const qa::Proportion& share) {
  return {{"value", number(share.value)},
          {"low", share.interval.low},
          {"high", share.interval.high},
          {"successes", share.successes},
          {"trials", share.trials}};
}

io::Json to_json(const qa::Estimate& estimate) {
  io::Json json;
  json["value"] = number(estimate.value);
  if (estimate.interval) {
    json["low"] = estimate.interval->low;
    json["high"] = estimate.interval->high;
  }
  json["items"] = estimate.items;
  if (!estimate.reason.empty()) {
    json["reason"] = estimate.reason;
  }
  return json;
}

io::Json to_json(const qa::AuditEstimate& estimate) {
  return {{"value", estimate.value},
          {"low", estimate.interval.low},
          {"high", estimate.interval.high},
          {"standard_error", number(estimate.standard_error)},
          {"effective_items", number(estimate.effective_items)}};
}

io::Json complement_json(const qa::AuditEstimate& estimate) {
  qa::AuditEstimate other = estimate;
  other.value = 1 - estimate.value;
  other.interval = {1 - estimate.interval.high, 1 - estimate.interval.low};
  return to_json(other);
}

}  // namespace kith::statistics
