#include <utility>

#include "kith/ensemble/ensemble.hpp"

#include "ensemble/held_out.hpp"

namespace kith::ensemble {
const char* to_string(Source source) {
  switch (source) {
    case Source::graph:
      return "graph";
    case Source::votes:
      return "votes";
    case Source::probabilities:
      return "probabilities";
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

}  // namespace kith::ensemble
