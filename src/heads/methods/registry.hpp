// Where each method's object lives: one line a method, here and in methods().
#pragma once

#include "kith/heads/heads.hpp"

namespace kith::heads {

[[nodiscard]] const Method& softmax_regression();
[[nodiscard]] const Method& lda();
[[nodiscard]] const Method& prototypes();
[[nodiscard]] const Method& nearest_seed_vectors();

}  // namespace kith::heads
