#include "kith/io/convert.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace {

using kith::io::ElementType;

TEST(ElementType, OfCppTypesHasTheirSizeAndSign) {
  EXPECT_EQ(kith::io::element_type_of<std::int8_t>(), ElementType::i8);
  EXPECT_EQ(kith::io::element_type_of<std::uint16_t>(), ElementType::u16);
  EXPECT_EQ(kith::io::element_type_of<std::uint64_t>(), ElementType::u64);
  EXPECT_EQ(kith::io::element_type_of<double>(), ElementType::f64);
  EXPECT_EQ(kith::io::element_bytes(ElementType::f16), 2);
  EXPECT_TRUE(kith::io::is_signed_integer(ElementType::i64));
  EXPECT_FALSE(kith::io::is_signed_integer(ElementType::u8));
  EXPECT_STREQ(kith::io::to_string(ElementType::u32), "u32");
}

}  // namespace
