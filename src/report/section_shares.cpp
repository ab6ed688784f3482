#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

constexpr std::size_t kShownClasses = 100;

std::string design_text(const CorpusEstimate& corpus) {
  if (corpus.seed_design != "by_class") {
    return "The seeds count as drawn at random: their shares, corrected by what the members say of "
           "the corpus.";
  }
  return corpus.shares_known
             ? "The seeds count as drawn class by class: their shares say nothing of the corpus. "
               "Labels and estimates follow the shares below."
             : "The seeds count as drawn class by class, and the corpus holds much that they do "
               "not resemble: its class shares cannot be known from them, and nothing is "
               "corrected.";
}

}  // namespace

std::string share_section(const Report& report) {
  const CorpusEstimate& corpus = report.consensus.corpus;
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
