#include <utility>

#include "kith/ensemble/ensemble.hpp"

#include "ensemble/held_out.hpp"
#include "ensemble/node_sample.hpp"

namespace kith::ensemble {
const char* to_string(Source source) {
  switch (source) {
    case Source::graph:
      return "graph";
    case Source::vectors:
      return "vectors";
    case Source::votes:
      return "votes";
    case Source::probabilities:
      return "probabilities";
    case Source::label_model:
      return "label model";
  }
  return "";
}

Member external_member(ExternalVoter voter, std::span<const FoldedSeed> seeds, int num_classes,
                       double weight) {
  Member member;
  member.config.name = std::move(voter.name);
  member.config.weight = weight;
  member.source = voter.source;
  member.scores = std::move(voter.scores);
  member.held_out_scores = std::move(voter.on_seeds);
  member.output.factors = ClassFactors{std::vector<double>(to_size(num_classes), 1.0)};
  member.output.temperature = fit_member_temperature(member, seeds);
  return member;
}

Member head_member(const NodeRange& nodes, const MemberConfig& config, LabelRows<float> scores,
                   LabelRows<float> held_out_scores, std::span<const FoldedSeed> seeds,
                   std::uint64_t seed) {
  Member member;
  member.config = config;
  member.source = Source::vectors;
  member.scores = std::move(scores);
  member.held_out_scores = std::move(held_out_scores);
  const auto width = to_size(member.scores.num_classes);
  member.output.factors = ClassFactors{std::vector<double>(width, 1.0)};
  member.output.neutral_temperature = neutral_temperature(nodes, member, seeds, seed);
  member.output.temperature = fit_member_temperature(member, seeds);
  return member;
}

}  // namespace kith::ensemble
