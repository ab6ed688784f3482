#pragma once
#include "kith/layout/row_exchange.hpp"
namespace kith::pipeline {
using layout::ItemOfNode;
using layout::RowExchange;
}  // namespace kith::pipeline
