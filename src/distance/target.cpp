#include "kith/distance/target.hpp"

#include <fmt/ranges.h>

#include <cstdlib>

#include "dispatch.hpp"
// Must come after it.
#include <hwy/highway.h>

#include "kith/core/error.hpp"

namespace kith::distance {
namespace {

/// Bit masks of those that this build holds and this machine can run, best first.
std::vector<std::int64_t> available_bits() {
  std::vector<std::int64_t> bits = hwy::SupportedAndGeneratedTargets();
  if (bits.empty() || bits.back() != HWY_STATIC_TARGET) {
    bits.push_back(HWY_STATIC_TARGET);
  }
  return bits;
}

const std::vector<std::int64_t>& targets() {
  static const std::vector<std::int64_t> kBits = available_bits();
  return kBits;
}

void use_bit(std::int64_t bit) {
  hwy::SetSupportedTargetsForTest(bit);
  hwy::GetChosenTarget().Update(bit);
}

bool choose_from_environment() {
  const char* name = std::getenv("KITH_TARGET");  // NOLINT(concurrency-mt-unsafe): read once
  if (name != nullptr && *name != '\0') {
    use_target(name);
  }
  return true;
}

}  // namespace

void choose_target_once() {
  static const bool kIsChosen = choose_from_environment();
  static_cast<void>(kIsChosen);
}

std::string target_name() {
  choose_target_once();
  const std::int64_t bits = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(bits == 0 ? HWY_STATIC_TARGET : bits & -bits);
}

std::vector<std::string> available_targets() {
  std::vector<std::string> names;
  for (const std::int64_t bit : targets()) {
    names.emplace_back(hwy::TargetName(bit));
  }
  return names;
}

void use_target(const std::string& name) {
  for (const std::int64_t bit : targets()) {
    if (name == hwy::TargetName(bit)) {
      use_bit(bit);
      return;
    }
  }
  fail("KITH_TARGET = {}: no such instruction set here, must be one of {}", name,
       fmt::join(available_targets(), ", "));
}

}  // namespace kith::distance
