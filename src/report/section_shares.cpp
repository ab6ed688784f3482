#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

constexpr std::size_t kShownClasses = 100;

std::string design_text(const CorpusEstimate& corpus) {
  if (corpus.shares_from == "given") {
    return "The class shares of the corpus are those of ensemble.prior. Labels and estimates "
           "follow "
           "them.";
  }
  if (corpus.shares_from == "seeds") {
    return "The class shares of the corpus are taken to be those of the seeds.";
  }
  if (corpus.seed_design != "by_class") {
    return "The seeds count as drawn at random. The shares are the mean probabilities over the "
           "corpus, corrected by the held-out seeds. Labels do not follow them.";
  }
  return corpus.shares_known
             ? "The seeds count as drawn class by class: their shares say nothing of the corpus. "
               "Labels and estimates follow the estimated shares below."
             : "The seeds count as drawn class by class. The members are less sure of the corpus "
               "than of the seeds, so its class shares cannot be estimated. The table has those of "
               "the seeds, and labels are not corrected.";
}

}  // namespace

std::string share_section(const Report& report) {
  const CorpusEstimate& corpus = report.consensus.corpus;
  if (report.run.corpus.seeds == 0 && report.reference && !report.label_model) {
    return paragraph(
        "Without seeds the shares of the classes are estimated with the <a "
        "href=\"#reference\">other corpus</a>, or are as ensemble.prior says.");
  }
  if (report.run.corpus.seeds == 0) {
    return paragraph(
        "Without seeds the shares of the classes are not known; ensemble.prior may give them.");
  }
  std::vector<std::vector<std::string>> rows;
  for (const CorpusShare& share : corpus.shares) {
    if (rows.size() < kShownClasses) {
      rows.push_back({escape(share.name), percent(share.share),
                      fmt::format("{} to {}", percent(share.low), percent(share.high)),
                      share.by_confusion ? percent(*share.by_confusion) : ""});
    }
  }
  return rows.empty()
             ? std::string{}
             : paragraph(design_text(corpus)) +
                   table({"class", "share of the corpus", "95 % interval", "by confusion"}, rows) +
                   left_out(rows.size(), corpus.shares.size(), "first classes");
}

}  // namespace kith::report
