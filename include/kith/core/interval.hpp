/// A range of real numbers.
#pragma once

namespace kith {

struct Interval {
  double low = 0;
  double high = 1;
};

}  // namespace kith
