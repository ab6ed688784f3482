#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "kith/comm/stop.hpp"
#include "kith/statistics/statistics.hpp"

#include "statistics/acceptance.hpp"
#include "statistics/audit_accuracy.hpp"
#include "statistics/class_balance.hpp"
#include "statistics/class_examples.hpp"
#include "statistics/consensus_summary.hpp"
#include "statistics/member_summary.hpp"
#include "statistics/review_queue.hpp"
#include "statistics/seed_errors.hpp"
#include "statistics/seed_values.hpp"
#include "statistics/slices.hpp"
#include "statistics/unsupervised_accuracy.hpp"
#include "statistics/voter_agreement.hpp"
#include "statistics/voter_diversity.hpp"

namespace kith::statistics {
namespace {

/// In report.json these come first, in this order; other keys follow in the registry's order.
constexpr std::array kFirstKeys{
    MemberSummary::kKey,  ConsensusSummary::kKey,     VoterAgreement::kKey,
    VoterDiversity::kKey, UnsupervisedAccuracy::kKey, Slices::kKey,
    ClassBalance::kKey,   Acceptance::kKey,           AuditAccuracy::kKey,
};

template <class T>
void add(std::vector<std::unique_ptr<Statistic>>& all) {
  all.push_back(std::make_unique<T>());
}

}  // namespace

std::vector<std::unique_ptr<Statistic>> make_statistics() {
  std::vector<std::unique_ptr<Statistic>> all;
  add<ConsensusSummary>(all);
  add<VoterAgreement>(all);
  add<VoterDiversity>(all);
  add<MemberSummary>(all);
  add<SeedErrors>(all);
  add<AuditAccuracy>(all);
  add<Acceptance>(all);
  add<UnsupervisedAccuracy>(all);
  add<Slices>(all);
  add<ClassBalance>(all);
  add<SeedValues>(all);
  add<ReviewQueue>(all);
  add<ClassExamples>(all);
  return all;
}

void Computed::fail_too_early(const char* key) {
  throw std::logic_error{
      fmt::format("the statistic {} is asked for before it is computed: make_statistics() must "
                  "name it earlier",
                  key)};
}

Computed compute(const RunResults& run, std::vector<std::unique_ptr<Statistic>> statistics) {
  Computed computed;
  for (std::unique_ptr<Statistic>& statistic : statistics) {
    comm::stop_if_asked(run.comm);
    statistic->compute(run, computed);
    computed.add(std::move(statistic));
  }
  return computed;
}

void add_keys(const RunResults& run, const Computed& computed, io::Json& report) {
  io::Json values;
  for (const char* key : kFirstKeys) {
    values[key] = nullptr;
  }
  for (const auto& statistic : computed.all()) {
    values[statistic->key()] = statistic->json(run, computed);
  }
  for (auto& [key, value] : values.items()) {
    if (!value.is_null()) {
      report[key] = std::move(value);
    }
  }
}

void write_tables(const RunResults& run, const Computed& computed, io::OutputFile& file) {
  for (const auto& statistic : computed.all()) {
    statistic->write_tables(run, file);
  }
}

}  // namespace kith::statistics
