#include <set>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/label_rows.hpp"
#include "kith/io/input_file.hpp"
#include "kith/statistics/statistics.hpp"

#include "statistics/acceptance.hpp"
#include "statistics/audit_accuracy.hpp"
#include "statistics/made_run.hpp"
#include "support/temporary_directory.hpp"

namespace kith::statistics {
namespace {

using test::MadeRun;
using test::world;
using testing::HasSubstr;

io::Json report_of(const MadeRun& made,
                   std::vector<std::unique_ptr<Statistic>> statistics = make_statistics()) {
  const Computed computed = compute(made.results(), std::move(statistics));
  io::Json report;
  add_keys(made.results(), computed, report);
  return report;
}

std::vector<std::string> keys_of(const io::Json& report) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : report.items()) {
    keys.push_back(key);
  }
  return keys;
}

/// Counts items; nothing else knows of it.
class NewOne final : public Statistic {
 public:
  static constexpr const char* kKey = "new_one";

  [[nodiscard]] const char* key() const override { return kKey; }
  void compute(const RunResults& run, const Computed& /*earlier*/) override {
    items_ = run.corpus.num_items;
  }
  [[nodiscard]] io::Json json(const RunResults& /*run*/, const Computed& /*all*/) const override {
    return items_;
  }
  void write_tables(const RunResults& /*run*/, io::OutputFile& file) const override {
    file.write_whole<Count>("/new_one", std::vector{items_}, {1});
  }

 private:
  Count items_ = 0;
};

TEST(Statistics, EveryOneWritesItsOwnKey) {
  const MadeRun made{true};
  std::set<std::string> registered;
  for (const auto& statistic : make_statistics()) {
    EXPECT_TRUE(registered.insert(statistic->key()).second) << statistic->key();
  }
  registered.erase("examples");  // the made corpus has nothing to show

  const io::Json report = report_of(made);

  EXPECT_EQ(report.size(), registered.size());
  for (const std::string& key : registered) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  EXPECT_EQ(report["audit"]["accuracy"]["value"], 1.0);
  EXPECT_EQ(report["consensus"]["gold"]["accuracy"]["value"], 1.0);
  EXPECT_EQ(report["review"].size(), to_size(made.results().corpus.num_items - 2));
}

TEST(Statistics, OneWithoutValueHasNoKey) {
  const MadeRun made;
  const io::Json report = report_of(made);
  EXPECT_EQ(report.size(), make_statistics().size() - 2);
  EXPECT_FALSE(report.contains(AuditAccuracy::kKey));
  EXPECT_FALSE(report.contains("examples"));
}

TEST(Statistics, ANewOneNeedsNothingButItsRegistration) {
  const MadeRun made;
  auto statistics = make_statistics();
  statistics.push_back(std::make_unique<NewOne>());
  const test::TemporaryDirectory directory{world()};

  const Computed computed = compute(made.results(), std::move(statistics));
  io::Json report;
  report["run"] = "of the stages before";
  add_keys(made.results(), computed, report);
  auto file = io::OutputFile::create(world(), directory / "qa.h5");
  write_tables(made.results(), computed, file);
  file.commit();

  const std::vector<std::string> keys = keys_of(report);
  EXPECT_EQ(keys.front(), "run");
  EXPECT_EQ(keys.back(), "new_one");
  EXPECT_EQ(computed.get<NewOne>().json(made.results(), computed), made.results().corpus.num_items);
  const io::InputFile read{directory / "qa.h5"};
  EXPECT_EQ(read.read_all<Count>("/new_one"), std::vector{made.results().corpus.num_items});
  EXPECT_EQ(read.describe("/value").num_rows(), made.results().corpus.num_items);
}

TEST(Statistics, AskingTooEarlyNamesTheOneThatIsMissing) {
  const MadeRun made;
  std::vector<std::unique_ptr<Statistic>> alone;
  alone.push_back(std::make_unique<Acceptance>());

  std::string message;
  try {
    (void)compute(made.results(), std::move(alone));
  } catch (const std::logic_error& error) {
    message = error.what();
  }

  EXPECT_THAT(message, HasSubstr("the statistic audit is asked for before it is computed"));
}

}  // namespace
}  // namespace kith::statistics
