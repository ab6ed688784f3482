#include "kith/review/audit_file.hpp"

#include <gtest/gtest.h>

#include "kith/core/error.hpp"

namespace kith::review {
namespace {

const std::vector<std::string> kClasses{"ant", "bee, \"wild\"", "cat"};

Audit make_audit() {
  Audit audit;
  audit.strata = {{Label{0}, 30, 2, 0.25, 0.0625}, {Label{2}, 10, 1, 0.5, 0.125}};
  audit.entries = {{4, "a,4", 0, 0.75, {}}, {9, "a9", 0, 0.5, Label{1}}, {12, "a12", 1, 0.5, {}}};
  return audit;
}

std::string message_of(const std::string& csv) {
  Audit audit = make_audit();
  const std::string before = to_json(audit);
  try {
    take_answers(audit, io::TextFile::of_text(csv, "f.csv"), kClasses);
  } catch (const Error& error) {
    EXPECT_EQ(to_json(audit), before);
    return error.what();
  }
  return "no error";
}

TEST(AuditFile, ComesBackAsItWas) {
  const Audit audit = make_audit();
  const std::string text = to_json(audit);
  EXPECT_EQ(to_json(from_json(text, "audit.json")), text);
  EXPECT_EQ(audit.answered(), 1);
  EXPECT_EQ(audit.population(), 40);
  EXPECT_THROW(from_json("{}", "audit.json"), Error);
  const auto with = [&](auto change) {
    Audit broken = make_audit();
    change(broken);
    return to_json(broken);
  };
  EXPECT_THROW(from_json(with([](Audit& a) { a.strata[0].drawn = 0; }), "audit.json"), Error);
  EXPECT_THROW(
      from_json(with([](Audit& a) { a.strata[0].drawn = a.strata[0].items + 1; }), "audit.json"),
      Error);
  EXPECT_THROW(from_json(with([](Audit& a) { a.entries[0].confidence = 7; }), "audit.json"), Error);
}

TEST(AuditFile, ListTellsInclusionAndNotThePrediction) {
  Audit audit = make_audit();
  EXPECT_NE(to_csv(audit, kClasses).find("9,a9,0,0.06666666666666667,\"bee, \"\"wild\"\"\"\n"),
            std::string::npos);
  EXPECT_EQ(to_csv(audit, kClasses).find("ant"), std::string::npos);
}

TEST(AuditFile, TakesNamesAndNumbersAndLeavesTheRest) {
  Audit audit = make_audit();
  const std::string csv = "label,note,row\r\ncat,,4\r\n\"bee, \"\"wild\"\"\",x,12\n ,,9\n\n";
  EXPECT_EQ(take_answers(audit, io::TextFile::of_text(csv, "f.csv"), kClasses), 2);
  EXPECT_EQ(audit.entries[0].truth, Label{2});
  EXPECT_EQ(audit.entries[1].truth, Label{1}) << "an empty label takes no answer back";
  EXPECT_EQ(audit.entries[2].truth, Label{1});
}

TEST(AuditFile, ListComesBackWithItsAnswers) {
  Audit audit = make_audit();
  for (AuditEntry& entry : audit.entries) {
    entry.truth = Label{1};
  }
  Audit empty = make_audit();
  EXPECT_EQ(take_answers(empty, io::TextFile::of_text(to_csv(audit, kClasses), "f.csv"), kClasses),
            3);
  EXPECT_EQ(to_json(empty), to_json(audit));
}

TEST(AuditFile, SaysWhatIsWrong) {
  EXPECT_EQ(message_of(""), "f.csv: is empty, expected the header row,label");
  EXPECT_EQ(
      message_of("row,class\n4,ant\n"),
      "f.csv: line 1: has no column label, expected the header row,label; it has: row, class");
  EXPECT_EQ(message_of("row,label\n5,ant\n"),
            "f.csv: line 2: row \"5\" was not drawn for this audit");
  EXPECT_EQ(message_of("row,label\n4,ant\n4,cat\n"),
            "f.csv: line 3: row 4 is given twice, first in line 2");
  EXPECT_EQ(message_of("row,label\n4,dog\n"),
            "f.csv: line 2: class \"dog\" is not known, expected one of: ant, bee, \"wild\", cat, "
            "or 0 to 2");
  EXPECT_EQ(message_of("row,label\n4,3\n"), "f.csv: line 2: label 3, expected 0 to 2");
  EXPECT_EQ(message_of("row,label\n4\n"), "f.csv: line 2: has 1 values, but the header has 2");
}

}  // namespace
}  // namespace kith::review
