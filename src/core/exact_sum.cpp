#include "kith/core/exact_sum.hpp"

#include <cmath>

namespace kith {
namespace {

constexpr int kLimbBits = 48;
constexpr std::int64_t kLimbMask = (std::int64_t{1} << kLimbBits) - 1;

}  // namespace

ExactSum::ExactSum(const Limbs& limbs) {
  constexpr Wide kBase = Wide{1} << kLimbBits;
  total_ = limbs[0] + kBase * (limbs[1] + kBase * Wide{limbs[2]});
}

void ExactSum::add(double term) {
  if (std::abs(term) < 0x1p22) {  // the same number, without the slow conversions of wide integers
    total_ += std::llrint(term * 0x1p40);
    return;
  }
  // The whole part first, so that terms of any size keep all 40 fractional bits.
  const double whole = std::floor(term);
  const double fraction = std::nearbyint((term - whole) * 0x1p40);
  total_ += (static_cast<Wide>(whole) << 40) + static_cast<Wide>(fraction);
}

double ExactSum::value() const {
  return static_cast<double>(total_) * 0x1p-40;
}

ExactSum::Limbs ExactSum::limbs() const {
  const auto limb = [this](int shift) {
    return static_cast<std::int64_t>(total_ >> shift) & kLimbMask;
  };
  return {limb(0), limb(kLimbBits), static_cast<std::int64_t>(total_ >> (2 * kLimbBits))};
}

}  // namespace kith
