// Sizes of memory as people write them.
#include <algorithm>
#include <map>

#include "kith/config/config.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"

namespace kith::config {
namespace {

constexpr int kMostTebibytes = 1024;

}  // namespace

std::string bytes_range() {
  return fmt::format("0..{}TiB: bytes, or with KiB, MiB, GiB, TiB", kMostTebibytes);
}

Count parse_bytes(std::string_view text) {
  static const std::map<std::string_view, double> kUnits{
      {"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view unit = text.substr(digits);
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  const auto found = kUnits.find(unit);
  const auto number = parse_number<double>(text.substr(0, digits));
  if (!number || found == kUnits.end() || *number * found->second > kMostTebibytes * 0x1p40) {
    fail("run.memory_per_rank = {}, must be in {}", quote(text), bytes_range());
  }
  return static_cast<Count>(*number * found->second);
}

}  // namespace kith::config
