#include "statistics/calibration_json.hpp"

#include "kith/qa/calibration.hpp"

#include "statistics/json_forms.hpp"

namespace kith::statistics {
namespace {

io::Json reliability_json(std::span<const qa::ReliabilityBin> bins) {
  io::Json json = io::Json::array();
  for (const qa::ReliabilityBin& bin : bins) {
    json.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"mean_confidence", bin.mean_confidence},
                    {"accuracy", to_json(bin.accuracy)}});
  }
  return json;
}

}  // namespace

io::Json calibration_json(const LabelRows<double>& probabilities, std::span<const Label> truth) {
  const qa::CalibrationMeasures measures = qa::measure_calibration(probabilities, truth);
  return {{"items", measures.items},
          {"nll", measures.nll},
          {"nll_low", measures.nll_interval.low},
          {"nll_high", measures.nll_interval.high},
          {"brier", measures.brier},
          {"brier_low", measures.brier_interval.low},
          {"brier_high", measures.brier_interval.high},
          {"ece", measures.ece},
          {"ece_equal_mass", measures.ece_mass},
          {"rms_debiased", measures.rms_error},
          {"reliability", reliability_json(qa::reliability(probabilities, truth))},
          {"reliability_equal_mass",
           reliability_json(qa::reliability(probabilities, truth, qa::Binning::equal_mass))}};
}

}  // namespace kith::statistics
