#include "label_model/methods/parameters.hpp"
#include "label_model/methods/registry.hpp"

namespace kith::label_model {
namespace {

class OneCoin : public Method {
 public:
  OneCoin()
      : Method{{.name = "one_coin",
                .citation = "A. Dawid, A. Skene, Applied Statistics 28 (1979), with one accuracy a "
                            "voter",
                .parameters = {kPriorVotes, kMaxIterations, kTolerance}}} {}

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    FittedModel model;
    model.reason = task.missing_voters("one_coin");
    if (!model.reason.empty()) {
      return model;
    }
    const CoinRule rule{task};
    const CoinPrior prior = coin_prior(task);
    return fit_em(
        task, [&](const VoterStep& step) { return rule.learn(step, prior); }, em_options(task));
  }
};

}  // namespace

const Method& one_coin() {
  static const OneCoin kMethod;
  return kMethod;
}

}  // namespace kith::label_model
