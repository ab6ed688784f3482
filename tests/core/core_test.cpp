#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/core/stop.hpp"
#include "kith/core/types.hpp"

namespace kith {
namespace {

TEST(StrongId, DefaultsToNone) {
  EXPECT_TRUE(GlobalId{}.is_none());
  EXPECT_FALSE(GlobalId{0}.is_none());
}

TEST(Narrow, NamesTheQuantityThatDoesNotFit) {
  EXPECT_EQ(narrow<int>(Count{7}, "rows"), 7);
  try {
    (void)narrow<std::int32_t>(Count{1} << 40, "rows per message");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "rows per message = 1099511627776 does not fit into 32 bits");
  }
}

TEST(ExactSum, DoesNotDependOnTheOrderOfItsTerms) {
  std::vector<double> terms;
  for (int i = 0; i < 1000; ++i) {
    terms.push_back(std::sin(i) * std::pow(10.0, i % 9));
  }
  ExactSum forward;
  ExactSum backward;

  for (std::size_t i = 0; i < terms.size(); ++i) {
    forward.add(terms[i]);
    backward.add(terms[terms.size() - 1 - i]);
  }

  EXPECT_EQ(forward, backward);
  double plain = 0;
  for (const double term : terms) {
    plain += term;
  }
  EXPECT_NEAR(forward.value(), plain, 1e-4);
}

/// Terms around the size from which they are added in two parts.
TEST(ExactSum, RoundsLargeAndSmallTermsAlike) {
  constexpr double kHalfUnit = 0x1p-41;
  for (const double part : {0.0, kHalfUnit, 3 * kHalfUnit, 0.1, -0.3}) {
    ExactSum together;
    together.add(0x1p10 + part);
    ExactSum apart;
    apart.add(0x1p10);
    apart.add((0x1p10 + part) - 0x1p10);
    EXPECT_EQ(together, apart) << part;
    ExactSum large;
    large.add(-0x1p23);
    ExactSum small;
    small.add(-0x1p22 + 1);
    small.add(-0x1p22 - 1);
    EXPECT_EQ(large, small);
  }
}

TEST(ExactSum, LimbsCarryTheWholeNumberAndAddUp) {
  for (const double value : {0.0, 1.5, -1.5, 1e15, -1e15, 0x1p-40, -0x1p-40, 123456.789}) {
    ExactSum sum;
    sum.add(value);
    EXPECT_EQ(ExactSum{sum.limbs()}, sum) << value;
    const ExactSum::Limbs limbs = sum.limbs();
    ExactSum twice = sum;
    twice.add(sum);
    EXPECT_EQ((ExactSum{{2 * limbs[0], 2 * limbs[1], 2 * limbs[2]}}), twice) << value;
  }
}

TEST(Random, DependsOnEveryPartOfItsKey) {
  const auto bits = random_bits(1, Purpose::seed_fold, 5, 0);
  EXPECT_EQ(bits, random_bits(1, Purpose::seed_fold, 5, 0));
  EXPECT_NE(bits, random_bits(2, Purpose::seed_fold, 5, 0));
  EXPECT_NE(bits, random_bits(1, Purpose::seed_bootstrap, 5, 0));
  EXPECT_NE(bits, random_bits(1, Purpose::seed_fold, 6, 0));
  EXPECT_NE(bits, random_bits(1, Purpose::seed_fold, 5, 1));
}

TEST(Random, IsUniform) {
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random_uniform(3, Purpose::training_sample, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
}

TEST(ParallelFor, VisitsEveryIndexOnceAndRethrowsTheFirstFailure) {
  std::vector<int> visits(1001, 0);
  parallel_for(count_of(visits), 10, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      ++visits[to_size(i)];
    }
  });
  EXPECT_EQ(visits, std::vector<int>(1001, 1));
  try {
    parallel_for(100, 1, [](Count begin, Count) {
      if (begin >= 40) {
        fail("chunk {}", begin);
      }
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "chunk 40");
  }
}

TEST(Memory, CountsWhatIsHeldAndWhatIsLeft) {
  constexpr Count kBytes = Count{64} << 20;
  const Count before = resident_bytes();

  const std::vector<char> held(to_size(kBytes), 1);
  const Count after = resident_bytes();

  EXPECT_GE(after - before, kBytes * 9 / 10);
  EXPECT_GE(peak_resident_bytes(), after);
  EXPECT_EQ(memory_left(0), 0);  // no limit
  EXPECT_EQ(memory_left(16), 1);
  EXPECT_GT(memory_left(after + 4 * kBytes), 2 * kBytes);
  EXPECT_LT(memory_left(after + 4 * kBytes), 5 * kBytes);
  EXPECT_EQ(held.back(), 1);
}

TEST(Stop, ASignalSetsAFlagAndEndsNothing) {
  for (const int number : {SIGTERM, SIGUSR1}) {
    listen_for_stop();
    EXPECT_FALSE(stop_was_asked());

    std::raise(number);
    std::raise(number);  // delivered twice: still one wish

    EXPECT_TRUE(stop_was_asked());
    forget_stop();
  }
}

/// A first signal, and another one when it can no longer be the same one delivered twice.
void raise_twice(int first, int second) {
  listen_for_stop();
  std::raise(first);
  std::this_thread::sleep_for(std::chrono::milliseconds{1100});
  std::raise(second);
  std::_Exit(0);
}

TEST(StopDeathTest, ALaterTermEndsTheProcess) {
  EXPECT_EXIT(raise_twice(SIGUSR1, SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

TEST(StopDeathTest, ALaterUsr1IsTheSameWish) {
  EXPECT_EXIT(raise_twice(SIGTERM, SIGUSR1), testing::ExitedWithCode(0), "");
}

TEST(StopDeathTest, AProcessThatDoesNotLeaveInTimeIsEnded) {
  EXPECT_EXIT(
      {
        listen_for_stop();
        std::raise(SIGUSR1);
        std::raise(SIGALRM);  // what the clock would send
        std::_Exit(0);
      },
      testing::ExitedWithCode(kStoppedStatus), "in the middle of a unit");
}

}  // namespace
}  // namespace kith
