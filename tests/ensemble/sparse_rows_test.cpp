// Rows that name few classes: everything is as on the rows of all classes that they stand for.
#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/ensemble/disagreement.hpp"
#include "kith/ensemble/ensemble.hpp"

#include "support/mpi_world.hpp"

namespace kith::ensemble {
namespace {

using test::world;

constexpr int kClasses = 70;  // of more than 64 the dense rows, too, keep the default weights
constexpr int kTop = 6;
constexpr int kNodes = 60;

double uniform(Count item, std::uint64_t draw) {
  return random_uniform(11, Purpose::tie, item, draw);
}

/// Six classes, the same of all members, with three quarters of the row; none of every seventh.
LabelRow<float> draw_row(Count item, std::uint64_t member, std::vector<float>& values,
                         std::vector<Label>& labels) {
  values.clear();
  labels.clear();
  if (item % 7 == 6) {
    return {values, labels, 0.0F, kClasses};
  }
  for (int i = 0; i < kTop; ++i) {
    labels.emplace_back(static_cast<std::int32_t>((item * 5 + i * 7) % kClasses));
    values.push_back(
        static_cast<float>(0.75 / kTop * (0.2 + 1.6 * uniform(item, 10 * member + to_size(i)))));
  }
  return {values, labels, 0.25F / (kClasses - kTop), kClasses};
}

LabelRows<float> draw_rows(Count begin, Count end, std::uint64_t member, int width) {
  LabelRows<float> rows{kClasses, width};
  std::vector<float> values;
  std::vector<Label> labels;
  for (Count item = begin; item < end; ++item) {
    const LabelRow<float> row = draw_row(item, member, values, labels);
    std::vector<float> dense(kClasses, row.other);
    for (std::size_t i = 0; i < values.size(); ++i) {
      dense[to_size(labels[i])] = values[i];
    }
    rows.append(rows.is_dense() ? dense_row<float>(dense) : row);
  }
  return rows;
}

graph::Graph make_line() {
  std::vector<Position> first;
  for (int rank = 0; rank <= world().size(); ++rank) {
    first.emplace_back(Count{kNodes} * rank / world().size());
  }
  NeighborLists lists{1, {}, {}};
  for (Count i = first[to_size(world().rank())].value();
       i < first[to_size(world().rank()) + 1].value(); ++i) {
    lists.neighbors.emplace_back(i + 1 < kNodes ? i + 1 : i - 1);
    lists.distances.push_back(1);
  }
  return graph::build_graph(world(), first, lists, graph::GraphConfig{});
}

std::vector<Member> make_members(const graph::Graph& graph, Count num_seeds, int width) {
  std::vector<Member> members(3);
  for (std::size_t m = 0; m < members.size(); ++m) {
    members[m].config.weight = 1 + 0.5 * static_cast<double>(m);
    members[m].output.factors = ClassFactors{std::vector<double>(kClasses, 1.0)};
    members[m].scores = draw_rows(graph.owned().begin.value(), graph.owned().end.value(), m, width);
    members[m].held_out_scores = draw_rows(1000, 1000 + num_seeds, m, width);
    members[m].output.temperature = 0.8 + 0.3 * static_cast<double>(m);
  }
  return members;
}

TEST(SparseRows, GiveTheConsensusAndTheDisagreementOfTheDenseRows) {
  const graph::Graph graph = make_line();
  std::vector<FoldedSeed> seeds;
  for (int i = 0; i < 35; ++i) {  // three in four have a label that their row names
    const auto label =
        static_cast<std::int32_t>(((1000 + i) * 5 + (i % 4 == 0 ? 1 : 7)) % kClasses);
    seeds.push_back({{Position{i}, Label{label}, 1.0F}, i % 5});
  }
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.class_mass = ClassMass::none;
  const auto run = [&](int width) {
    const std::vector<Member> members = make_members(graph, count_of(seeds), width);
    const Consensus consensus =
        form_consensus(graph, members, {seeds, distances, 1.0, kClasses, width}, config);
    HeldOutPredictions held_out = predict_held_out(seeds, members);
    Disagreement measures = measure_disagreement(graph, members, seeds, consensus, held_out);
    return std::tuple{consensus, held_out, measures};
  };

  const auto [dense, dense_held_out, dense_measures] = run(kClasses);
  const auto [sparse, held_out, measures] = run(kTop);

  EXPECT_EQ(sparse.votes, dense.votes);
  EXPECT_EQ(sparse.best, dense.best);
  EXPECT_EQ(sparse.labels, dense.labels);
  EXPECT_EQ(held_out.consensus, dense_held_out.consensus);
  EXPECT_EQ(held_out.member_votes, dense_held_out.member_votes);
  EXPECT_NEAR(sparse.temperature, dense.temperature, 1e-4);
  const auto near = [](float a, float b) {
    return (std::isnan(a) && std::isnan(b)) || std::abs(a - b) < 1e-5F;
  };
  for (std::size_t node = 0; node < dense.best.size(); ++node) {
    EXPECT_TRUE(near(sparse.probabilities[node], dense.probabilities[node]));
    EXPECT_TRUE(near(sparse.margin[node], dense.margin[node]));
    EXPECT_TRUE(near(sparse.bald[node], dense.bald[node]));
    EXPECT_TRUE(near(sparse.vote_entropy[node], dense.vote_entropy[node]));
    EXPECT_TRUE(near(measures.consensus_entropy[node], dense_measures.consensus_entropy[node]));
    EXPECT_TRUE(near(measures.kl_max[node], dense_measures.kl_max[node]));
    EXPECT_TRUE(near(measures.surprise[node], dense_measures.surprise[node]));
    EXPECT_TRUE(near(measures.quality[node], dense_measures.quality[node]));
    EXPECT_TRUE(near(measures.quality_entropy[node], dense_measures.quality_entropy[node]));
    for (std::int32_t k = 0; k < kClasses; ++k) {
      EXPECT_TRUE(near(sparse.distributions[node][Label{k}], dense.distributions[node][Label{k}]));
    }
  }
  for (std::size_t i = 0; i < held_out.truth.size(); ++i) {
    for (std::int32_t k = 0; k < kClasses; ++k) {
      EXPECT_NEAR(held_out.probabilities[i][Label{k}], dense_held_out.probabilities[i][Label{k}],
                  1e-5);
      EXPECT_NEAR(held_out.raw_pool[i][Label{k}], dense_held_out.raw_pool[i][Label{k}], 1e-5);
    }
  }
}

/// What a class has of the rows that do not name it counts.
TEST(SparseRows, GiveClassesTheMassThatTheDenseRowsGive) {
  const graph::Graph graph = make_line();
  std::vector<FoldedSeed> seeds;
  for (int i = 0; i < kClasses; ++i) {
    seeds.push_back({{Position{1000 + i}, Label{i}, 1.0F + static_cast<float>(i % 3)}, -1});
  }
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  const auto factors = [&](int width) {
    const std::vector<Member> members = make_members(graph, count_of(seeds), width);
    EnsembleConfig config;
    config.class_mass = ClassMass::normalize;
    return form_consensus(graph, members, {seeds, distances, 1.0, kClasses, width}, config)
        .class_factors;
  };

  const std::vector<double> dense = factors(kClasses);
  const std::vector<double> sparse = factors(kTop);

  for (std::size_t k = 0; k < dense.size(); ++k) {
    EXPECT_NEAR(sparse[k], dense[k], 1e-5 * dense[k]);
  }
}

TEST(Candidates, KeepTheLargestAndShareTheRest) {
  const std::vector<float> a{0.5F, 0.2F};
  const std::vector<Label> of_a{Label{7}, Label{2}};
  const std::vector<float> b{0.4F};
  const std::vector<Label> of_b{Label{5}};
  const std::vector<LabelRow<float>> rows{{a, of_a, 0.1F, 10}, {b, of_b, 0.0F, 10}};
  Candidates columns{10};
  columns.gather(rows);
  ASSERT_EQ(columns.width(), 4U);  // 2, 5, 7 and the others
  EXPECT_EQ(columns.label(1), Label{5});
  EXPECT_EQ(columns.times(3), 7.0);
  std::vector<double> spread(4);
  columns.spread(rows[0], spread);
  EXPECT_NEAR(spread[1], 0.1, 1e-7);

  LabelRows<double> kept{10, 2};
  kept.resize(1);
  columns.store(std::vector<double>{0.2, 0.1, 0.5, 0.01}, 0, kept);

  EXPECT_EQ(kept[0].label(0), Label{7});
  EXPECT_EQ(kept[0].label(1), Label{2});
  EXPECT_NEAR(kept[0][Label{5}], (0.1 + 7 * 0.01) / 8, 1e-12);
}

TEST(ManyClasses, TakeTheMembersThatHaveSuchRows) {
  EnsembleConfig config;
  config.members = default_members();
  EXPECT_FALSE(fit_to_classes(config, kMostDenseClasses));
  EXPECT_EQ(config.members, default_members());
  EXPECT_TRUE(fit_to_classes(config, 1000));
  EXPECT_EQ(config.members, many_class_members());
  EXPECT_FALSE(fit_to_classes(config, 1000));
  EXPECT_EQ(labels_kept(config, 1000), kTopLabels);
  config.top_labels = 1000;
  EXPECT_EQ(labels_kept(config, 300), 300);
}

TEST(ManyClasses, SayWhatCannotBeUsed) {
  const auto message = [](auto&& change) {
    EnsembleConfig config;
    config.members = {MemberConfig{}};
    config.members[0].name = "m";
    change(config);
    try {
      fit_to_classes(config, 500);
    } catch (const Error& error) {
      const std::string text = error.what();
      return text.substr(0, text.find(" (with 500"));
    }
    return std::string{};
  };
  EXPECT_EQ(
      message([](EnsembleConfig& c) { c.members[0].solver.method = &propagate::method("wnll"); }),
      "member.m.method = wnll, which needs all classes: use harmonic, spreading, poisson, "
      "walk or nearest_seed");
  EXPECT_EQ(message([](EnsembleConfig& c) {
              c.members[0].solver.solver = propagate::Solver::conjugate_gradient;
            }),
            "member.m.solver = conjugate_gradient, which needs all classes: use sweeps");
  EXPECT_EQ(message([](EnsembleConfig& c) { c.calibration = Calibration::isotonic; }),
            "ensemble.calibration = isotonic, which needs all classes: use temperature");
  EXPECT_EQ(message([](EnsembleConfig& c) { c.class_mass = ClassMass::bidding; }),
            "ensemble.class_mass = bidding, which needs all classes: use normalize or none");
  EXPECT_EQ(message([](EnsembleConfig&) {}), "");
}

}  // namespace
}  // namespace kith::ensemble
