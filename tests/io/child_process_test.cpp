#include "kith/io/child_process.hpp"

#include <csignal>

#include <gtest/gtest.h>

#include "support/failures.hpp"

namespace kith::io {
namespace {

ChildResult run_script(const std::string& script, double limit_s = 30) {
  return run_child("/bin/sh", {"-c", script}, {"KITH_WORD=given"}, limit_s);
}

TEST(ChildProcess, GivesWhatItSaidAndItsStatus) {
  const ChildResult child = run_script("echo out; echo $KITH_WORD >&2; exit 3");
  EXPECT_EQ(child.output, "out\ngiven\n");
  EXPECT_EQ(child.status, 3);
  EXPECT_EQ(child.signal, 0);
  EXPECT_FALSE(child.timed_out);
}

TEST(ChildProcess, MayEndByASignal) {
  const ChildResult child = run_script("kill -ABRT $$");
  EXPECT_EQ(child.signal, SIGABRT);
  EXPECT_FALSE(child.timed_out);
}

TEST(ChildProcess, IsEndedAtTheLimit) {
  const ChildResult child = run_script("exec sleep 1000", 0.2);
  EXPECT_TRUE(child.timed_out);
  EXPECT_EQ(child.signal, SIGKILL);
}

TEST(ChildProcess, MaySayMoreThanIsKept) {
  const ChildResult child = run_script("head -c 1000000 /dev/zero");
  EXPECT_EQ(child.output.size(), 65536U);
  EXPECT_EQ(child.status, 0);
}

TEST(ChildProcess, NamesTheProgramThatIsNotThere) {
  EXPECT_EQ(test::message_of([] { (void)run_child("/no/such/program", {}, {}, 1); }),
            "/no/such/program: cannot be started: No such file or directory");
}

}  // namespace
}  // namespace kith::io
