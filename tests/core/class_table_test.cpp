#include "kith/core/class_table.hpp"

#include <gtest/gtest.h>

#include "support/failures.hpp"

namespace kith {
namespace {

using test::message_of;

TEST(WholeNumber, IsWhatASpreadsheetMakesOfIt) {
  EXPECT_EQ(whole_number("12"), 12);
  EXPECT_EQ(whole_number("-1"), -1);
  EXPECT_EQ(whole_number("12.0"), 12);
  EXPECT_EQ(whole_number("9223372036854775807"), 9223372036854775807);
  for (const char* wrong :
       {"", ".", ".0", "1.5", "1e3", "1O", " 1", "1,0", "9223372036854775808"}) {
    EXPECT_FALSE(whole_number(wrong)) << wrong;
  }
}

TEST(ClassTable, FindsNamesAndNumbers) {
  const ClassTable classes{std::vector<std::string>{"ant", "bee, wild", "2"}};
  EXPECT_EQ(classes.find("bee, wild", "f"), 1);
  EXPECT_EQ(classes.find("2", "f"), 2);
  EXPECT_EQ(classes.find("0", "f"), 0);
  EXPECT_EQ(classes.find("1.0", "f"), 1);
  EXPECT_EQ(message_of([&] { (void)classes.find("-1", "f"); }), "f: label -1, expected 0 to 2");
  EXPECT_EQ(message_of([&] { (void)classes.find("3", "f"); }), "f: label 3, expected 0 to 2");
  EXPECT_EQ(message_of([&] { (void)classes.find("Ant\x01", "f"); }),
            "f: class \"Ant\\x01\" is not known, expected one of: ant, bee, wild, 2, or 0 to 2");
}

TEST(ClassTable, TakesNoNumberWhereNamesAreOthers) {
  const ClassTable classes{std::vector<std::string>{"1", "2", "3"}};
  EXPECT_EQ(classes.find("1", "f"), 0);
  EXPECT_EQ(classes.find("3", "f"), 2);
  EXPECT_EQ(message_of([&] { (void)classes.find("0", "f"); }),
            "f: class \"0\" is not known, expected one of: 1, 2, 3");
}

TEST(ClassTable, SpacesAroundNamesDoNotCountUnlessTheyTellNamesApart) {
  const ClassTable classes{std::vector<std::string>{" bee, wild", "ant ", " ant"}};
  EXPECT_EQ(classes.find("bee, wild", "f"), 0);
  EXPECT_EQ(classes.find(" bee, wild", "f"), 0);
  EXPECT_EQ(classes.find(" ant", "f"), 2);
  EXPECT_EQ(message_of([&] { (void)classes.find("ant", "f"); }),
            "f: class \"ant\" is not known, expected one of:  bee, wild, ant ,  ant, or 0 to 2");

  const ClassTable padded{std::vector<std::string>{" 1", " 2", "10"}};
  EXPECT_EQ(padded.find("1", "f"), 0);
  EXPECT_EQ(padded.find("2", "f"), 1);
}

TEST(ClassTable, WithoutNamesTakesAnyNumberFromZero) {
  const ClassTable classes{std::vector<std::string>{}};
  EXPECT_EQ(classes.find("70", "f"), 70);
  EXPECT_EQ(message_of([&] { (void)classes.find("-1", "f"); }), "f: label -1, expected 0 or more");
  EXPECT_EQ(message_of([&] { (void)classes.find("ant", "f"); }),
            "f: class \"ant\" is not known, expected a number, because the classes have no names");
}

}  // namespace
}  // namespace kith
