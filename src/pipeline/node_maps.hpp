#pragma once
#include "kith/layout/node_maps.hpp"
namespace kith::pipeline {
using layout::items_of_nodes;
using layout::partition_of;
using layout::seeds_on_nodes;
}  // namespace kith::pipeline
