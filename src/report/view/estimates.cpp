#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, Share& share) {
  json("value", share.value);
  json.if_present("low", share.low);
  json.if_present("high", share.high);
}

void describe(const JsonFields& json, Proportion& share) {
  describe(json, static_cast<Share&>(share));
  json("successes", share.successes);
  json("trials", share.trials);
}

void describe(const JsonFields& json, Coefficient& estimate) {
  json("value", estimate.value);
  json.if_present("low", estimate.low);
  json.if_present("high", estimate.high);
  json("items", estimate.items);
  json.if_present("reason", estimate.reason);
}

void describe(const JsonFields& json, Histogram& histogram) {
  json("edges", histogram.edges);
  json("counts", histogram.counts);
}

}  // namespace kith::report
