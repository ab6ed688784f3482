// Where each method's object lives: one line a method, here and in methods().
#pragma once

#include "kith/label_model/method.hpp"

namespace kith::label_model {

[[nodiscard]] const Method& majority();
[[nodiscard]] const Method& weighted_majority();
[[nodiscard]] const Method& one_coin();
[[nodiscard]] const Method& dawid_skene();
[[nodiscard]] const Method& mace();
[[nodiscard]] const Method& triplet();
[[nodiscard]] const Method& metal();

}  // namespace kith::label_model
