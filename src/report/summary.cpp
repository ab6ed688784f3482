#include <fmt/format.h>

#include "kith/report/view.hpp"

#include "report/problems.hpp"

namespace kith::report {
namespace {

std::string accuracy_line(std::string_view head, const Proportion& share, std::string_view basis,
                          std::string_view unknown) {
  return share.value
             ? fmt::format("{:<11}{:.2f} % [{:.2f}, {:.2f}] of {} {}\n", head, *share.value * 100,
                           share.low * 100, share.high * 100, share.trials, basis)
             : fmt::format("{:<11}not known ({})\n", head, unknown);
}

std::string estimate_line(const CorpusEstimate& corpus, Count seeds) {
  const Share& share = corpus.accuracy;
  return share.value ? fmt::format("{:<11}{:.2f} % [{:.2f}, {:.2f}] of the corpus, from {}\n",
                                   "estimate", *share.value * 100, share.low * 100,
                                   share.high * 100, estimate_basis(corpus))
                     : fmt::format("{:<11}not known ({})\n", "estimate",
                                   seeds == 0 ? "there are no seeds" : "no class has two seeds");
}

}  // namespace

std::string summary(const Report& report) {
  const Corpus& corpus = report.run.corpus;
  const Consensus& consensus = report.consensus;
  const StatusCounts& status = consensus.status_counts;
  std::string text = fmt::format("items      {} in {} classes, {} seeds\n", corpus.items,
                                 corpus.classes.size(), corpus.seeds);
  text += fmt::format("labels     {} auto, {} to review, {} abstained, {} unreachable\n",
                      status.automatic, status.review, status.abstain, status.unreachable);
  if (consensus.gold) {
    text += accuracy_line("accuracy", consensus.gold->accuracy, "gold labels",
                          "no item has a gold label");
  }
  if (consensus.gold_auto) {
    text += accuracy_line("auto", consensus.gold_auto->accuracy, "gold labels",
                          "no item of status auto has a gold label");
  }
  text += estimate_line(consensus.corpus, corpus.seeds);
  const Knn& knn = report.graph.knn;
  if (knn.recall) {
    text += fmt::format("recall@{}  {:.4f} [{:.4f}, {:.4f}] on {} sampled items\n", knn.k,
                        knn.recall->recall, knn.recall->low, knn.recall->high,
                        knn.recall->sampled_nodes);
  }
  return text;
}

}  // namespace kith::report
