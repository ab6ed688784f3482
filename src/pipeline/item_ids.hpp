#pragma once
#include "kith/layout/item_ids.hpp"
namespace kith::pipeline {
using layout::id_texts;
using layout::write_ids;
}  // namespace kith::pipeline
