#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

TEST(Prior, RefusesWhatIsNoListOfShares) {
  const auto message = [](const char* prior, int num_classes) {
    EnsembleConfig config;
    config.prior = prior;
    try {
      validate_prior(config, num_classes);
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_EQ(message("0.2,0.8", 2), "");
  EXPECT_EQ(message("seeds", 2), "");
  EXPECT_TRUE(message("1,,1", 2).starts_with("ensemble.prior = 1,,1, must be"));
  EXPECT_TRUE(message("0.2, 0.8,", 2).starts_with("ensemble.prior = 0.2, 0.8,, must be"));
  EXPECT_EQ(message("0.2,0.8", 3), "ensemble.prior has 2 shares, but there are 3 classes");
  EXPECT_EQ(
      message("even", 0),
      "ensemble.prior = even, must be seeds | uniform | estimated | a share for each class, 0 or "
      "1e-09..1000000000, separated by commas");
  EXPECT_EQ(message("0,0", 0), "ensemble.prior = 0,0: no class has a share");
}

TEST(Validate, NamesTheMemberAndWhatIsExpected) {
  EnsembleConfig config;
  config.members = default_members();
  EXPECT_NO_THROW(validate(config));
  config.members[2].class_mass = ClassMass::normalize;
  try {
    validate(config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "member.poisson.class_mass = normalize, but poisson balances its classes by itself: "
        "use none or volume");
  }
}

TEST(Validate, KnowsWhatEachMethodTakes) {
  const auto message = [](auto&& change) {
    EnsembleConfig config;
    config.members = {MemberConfig{}};
    config.members[0].name = "m";
    change(config.members[0].solver);
    try {
      validate(config);
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  using propagate::SolverConfig;
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("adsorption");
              s.solver = propagate::Solver::conjugate_gradient;
            }),
            "member.m.solver = conjugate_gradient, which cannot solve adsorption: use sweeps");
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("walk");
              s.parameters["seed_trust"] = 0.5;
            }),
            "member.m.seed_trust = 0.5, which walk does not take");
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("adsorption");
              s.parameters["continuation"] = 0;
            }),
            "member.m.continuation = 0, must be in 1e-06..1000000");
  EXPECT_EQ(message([](SolverConfig& s) { s.method = &propagate::method("wnll"); }), "");
}

}  // namespace
}  // namespace kith::ensemble
