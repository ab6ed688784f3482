/// Statistics as JSON, under the keys that report.json has everywhere.
#pragma once

#include <optional>

#include "kith/io/json.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/audit.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::statistics {

/// Null where there is no value, or none that is finite.
[[nodiscard]] io::Json number(std::optional<double> value);
[[nodiscard]] io::Json to_json(const qa::Proportion& share);
[[nodiscard]] io::Json to_json(const qa::Estimate& estimate);
[[nodiscard]] io::Json to_json(const qa::AuditEstimate& estimate);
/// 1 - the estimate.
[[nodiscard]] io::Json complement_json(const qa::AuditEstimate& estimate);

}  // namespace kith::statistics
