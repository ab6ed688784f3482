/// Where each method's object lives: one line a method, here and in methods().
#pragma once

#include "kith/propagate/method.hpp"

namespace kith::propagate {

/// A share whose rest is one, too: in single precision 1 - alpha must not vanish.
inline constexpr NumberRange<double> kOpenShare{1e-6, 0.999999};
/// alpha of methods that take a share from the neighbors and the rest from a source.
[[nodiscard]] Parameter alpha_parameter();

/// Of methods that smooth a voter's labels.
[[nodiscard]] Parameter smoothing_parameter();

[[nodiscard]] const Method& harmonic();
[[nodiscard]] const Method& spreading();
[[nodiscard]] const Method& walk();
[[nodiscard]] const Method& poisson();
[[nodiscard]] const Method& poisson_volume();
[[nodiscard]] const Method& adsorption();
[[nodiscard]] const Method& wnll();
[[nodiscard]] const Method& nearest_seed();
[[nodiscard]] const Method& correct_smooth();
[[nodiscard]] const Method& smooth();

}  // namespace kith::propagate
