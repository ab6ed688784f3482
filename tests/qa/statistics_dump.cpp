// Writes random inputs and our statistics of them as JSON: independent_test.py computes them anew.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "kith/calibrate/isotonic.hpp"
#include "kith/calibrate/temperature.hpp"
#include "kith/calibrate/vector_scaling.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/core/random.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/calibration.hpp"
#include "kith/qa/label_errors.hpp"
#include "kith/qa/slices.hpp"

namespace kith::qa {
namespace {

using nlohmann::json;

double uniform(std::int64_t item, int draw) {
  return random_uniform(21, Purpose::pilot_sample, item, static_cast<std::uint64_t>(draw));
}

/// Items whose largest probability is right more often than not.
struct Sample {
  int num_classes = 4;
  std::vector<GlobalId> ids;
  std::vector<Label> given;
  std::vector<float> probabilities;
};

Sample draw_sample(int count) {
  Sample sample;
  const auto num_classes = to_size(sample.num_classes);
  for (int i = 0; i < count; ++i) {
    const int favorite = static_cast<int>(uniform(i, 0) * sample.num_classes);
    std::vector<double> row(num_classes);
    for (std::size_t k = 0; k < num_classes; ++k) {
      row[k] = std::exp(3 * uniform(i, static_cast<int>(k) + 3));
    }
    row[to_size(favorite)] *= 8;
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (const double value : row) {
      sample.probabilities.push_back(static_cast<float>(value / sum));
    }
    sample.ids.emplace_back(i);
    const int other = static_cast<int>(uniform(i, 1) * sample.num_classes);
    sample.given.emplace_back(uniform(i, 2) < 0.3 ? other : favorite);
  }
  return sample;
}

std::vector<int> values(std::span<const Label> labels) {
  std::vector<int> result;
  for (const Label label : labels) {
    result.push_back(label.value());
  }
  return result;
}

json label_errors(const comm::Communicator& comm, const Sample& sample) {
  const GivenLabels labels{sample.ids, sample.given, sample.probabilities, sample.num_classes};
  const ConfidentJoint joint = confident_joint(comm, labels);
  json flags;
  for (int filter = 0; filter < 6; ++filter) {
    flags.push_back(
        find_label_errors(comm, labels, joint, static_cast<LabelErrorFilter>(filter), 1));
  }
  std::vector<double> margin;
  std::vector<double> entropy;
  for (std::size_t i = 0; i < sample.given.size(); ++i) {
    margin.push_back(normalized_margin(dense_row(labels.row(i)), sample.given[i]));
    entropy.push_back(confidence_weighted_entropy(dense_row(labels.row(i)), sample.given[i]));
  }
  return {{"thresholds", joint.thresholds}, {"counts", joint.counts}, {"joint", joint.joint},
          {"noise", joint.noise},           {"flags", flags},         {"normalized_margin", margin},
          {"weighted_entropy", entropy}};
}

json calibration(const Sample& sample) {
  const std::vector<double> rows(sample.probabilities.begin(), sample.probabilities.end());
  std::vector<double> logits(rows.size());
  std::transform(rows.begin(), rows.end(), logits.begin(), [](double p) { return std::log(p); });
  const CalibrationMeasures measures =
      measure_calibration(LabelRows<double>::dense(sample.num_classes, rows), sample.given);
  const calibrate::VectorScaling scaling =
      calibrate::fit_vector_scaling(logits, sample.given, sample.num_classes, 2);
  const calibrate::IsotonicCalibration isotonic =
      calibrate::fit_isotonic_classes(rows, sample.given, sample.num_classes);
  std::vector<double> calibrated;
  for (const double score : {0.01, 0.05, 0.2, 0.43, 0.7, 0.99}) {
    calibrated.push_back(isotonic.classes[1](score));
  }
  return {{"nll", measures.nll},
          {"brier", measures.brier},
          {"ece", measures.ece},
          {"temperature", calibrate::fit_temperature(
                              LabelRows<double>::dense(sample.num_classes, logits), sample.given)},
          {"scale", scaling.scale},
          {"shift", scaling.shift},
          {"isotonic", calibrated}};
}

json agreement(const comm::Communicator& comm, const Sample& sample) {
  std::vector<std::int32_t> votes;
  for (std::size_t i = 0; i < sample.given.size(); ++i) {
    for (int m = 0; m < 4; ++m) {
      const auto id = static_cast<std::int64_t>(i);
      const auto other = static_cast<std::int32_t>(uniform(id, 20 + m) * sample.num_classes);
      const double u = uniform(id, 30 + m);
      votes.push_back(u < 0.1 ? -1 : u < 0.4 ? other : sample.given[i].value());
    }
  }
  const label_model::PatternCounts patterns =
      label_model::count_patterns(comm, votes, 4, sample.num_classes);
  const Agreement measured = measure_agreement(patterns, 0, 1);
  std::vector<double> kappas;
  for (const PairAgreement& pair : measured.pairs) {
    kappas.push_back(*pair.kappa.value);
  }
  return {{"votes", votes},
          {"kappas", kappas},
          {"fleiss", *measured.fleiss.value},
          {"krippendorff", *measured.krippendorff.value},
          {"gwet_ac1", *measured.gwet_ac1.value},
          {"entropy", measured.mean_vote_entropy}};
}

json slices() {
  const std::vector<SliceAudit> audits{{100, 20, 3}, {90, 12, 5}, {80, 40, 1}, {70, 9, 2}};
  std::vector<double> p_values;
  std::vector<double> q_values;
  for (const SliceFinding& finding : compare_slices(audits)) {
    p_values.push_back(*finding.p_value);
    q_values.push_back(*finding.q_value);
  }
  return {{"p", p_values}, {"q", q_values}};
}

json intervals() {
  json result;
  for (const auto& [hits, items] : {std::pair{0, 30}, {3, 50}, {40, 50}, {50, 50}}) {
    const Interval exact = clopper_pearson(hits, items);
    result.push_back({{"hits", hits}, {"items", items}, {"low", exact.low}, {"high", exact.high}});
  }
  return result;
}

}  // namespace
}  // namespace kith::qa

int main(int argc, char** argv) {
  using namespace kith;  // NOLINT(google-build-using-namespace)
  const comm::Environment mpi{argc, argv};
  const auto world = comm::Communicator::duplicate(MPI_COMM_WORLD);
  const qa::Sample sample = qa::draw_sample(600);
  nlohmann::json out;
  out["num_classes"] = sample.num_classes;
  out["given"] = qa::values(sample.given);
  out["probabilities"] = sample.probabilities;
  out["label_errors"] = qa::label_errors(world, sample);
  out["calibration"] = qa::calibration(sample);
  out["agreement"] = qa::agreement(world, sample);
  out["slices"] = qa::slices();
  out["intervals"] = qa::intervals();
  std::ofstream{argc > 1 ? argv[1] : "/dev/stdout"} << out.dump() << '\n';
  return 0;
}
