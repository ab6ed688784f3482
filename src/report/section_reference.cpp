#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/sections.hpp"
#include "report/selection.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string teaching_text(const Report& report) {
  const Reference& reference = *report.reference;
  const std::string sureness =
      reference.head ? " How sure they are is calibrated on items of the other corpus: that holds "
                       "as far as the corpora are alike."
                     : "";
  if (report.run.corpus.seeds == 0) {
    return report.label_model ? "Heads learn from them and from the votes."
                              : "Heads learn from them alone, class by class with the shares that "
                                "the classes seem "
                                "to have here." +
                                    sureness +
                                    " A sample that somebody labels is the way to know: kith "
                                    "review export --audit "
                                    "N.";
  }
  if (reference.weight.weight == 0) {
    return "They teach nothing here: seeds that were held out are predicted best without them.";
  }
  return fmt::format(
      "Heads learn from them beside the seeds; each counts as {} of a seed{}, and "
      "classes have the shares that they have among the seeds.",
      fmt::format("{:.3g}", reference.weight.weight),
      reference.weight.tried.empty()
          ? ""
          : ", chosen by how well seeds that were held out are predicted");
}

std::string shift_text(const std::optional<VectorShift>& shift) {
  if (!shift) {
    return "The corpora have too few items to compare their vectors.";
  }
  return fmt::format(
      "{} of the items are farther from every labeled item of the other corpus than 99 % of those "
      "are from each other; 1 % would be usual. Of the nearest neighbors of an item {} are of its "
      "own corpus, in a pool of as many items of each; {} would be if the corpora were alike "
      "(Schilling 1986). {} of the items have the very vector of a labeled item there.",
      percent(shift->novel_share), percent(shift->own_neighbors),
      percent(shift->own_neighbors_if_alike), percent(shift->same_vector_share));
}

/// Difference of confidences: D. Guillory et al., ICCV 2021.
std::string head_text(const HeadView& head) {
  const double drop = head.held_out_mean_probability - head.mean_probability;
  return fmt::format(
      "A softmax regression that learned from the other corpus is right on {} of its held-out "
      "items, "
      "and sure to {} in the mean. Of the items here it is sure to {}: were it as right as that "
      "says, {} of its labels would be right here (difference of confidences, Guillory et al. "
      "2021). Nothing here confirms it.",
      percent(head.held_out_accuracy), percent(head.held_out_mean_probability),
      percent(head.mean_probability), percent(std::clamp(head.held_out_accuracy - drop, 0.0, 1.0)));
}

bool has_estimates(const Reference& reference) {
  return !reference.classes.empty() && reference.classes.front().estimated_share;
}

std::string class_table(const Reference& reference) {
  std::vector<std::vector<std::string>> rows;
  for (const ReferenceClass& of_class : reference.classes) {
    std::vector<std::string> row{escape(of_class.name), percent(of_class.share_of_reference)};
    if (of_class.estimated_share) {
      row.push_back(percent(*of_class.estimated_share));
    }
    rows.push_back(row);
  }
  std::vector<std::string> head{"class", "share there"};
  if (has_estimates(reference)) {
    head.emplace_back("share here, estimated");
  }
  return long_table(head, rows);
}

std::string foreign_text(const std::vector<std::string>& names) {
  if (names.empty()) {
    return {};
  }
  return fmt::format(" Nothing is learned of {} of its classes, which this corpus has not: {}.",
                     names.size(), escape(fmt::format("{}", fmt::join(first_names(names), ", "))));
}

}  // namespace

std::string reference_section(const Report& report) {
  if (!report.reference) {
    return {};
  }
  const Reference& reference = *report.reference;
  std::string html = paragraph(fmt::format(
      "{} items of another corpus have a label, {} of them one of a class of this corpus; {} of "
      "these are used. {}{}",
      grouped(reference.labeled_items), grouped(reference.of_known_classes),
      grouped(reference.learned_from), teaching_text(report),
      foreign_text(reference.foreign_classes)));
  html += tried_weights(reference.weight, "an item of the other corpus");
  html += paragraph(shift_text(reference.shift));
  if (reference.head) {
    html += paragraph(head_text(*reference.head));
  }
  if (has_estimates(reference)) {
    html += paragraph(
        "The class shares of this corpus are estimated by what its items look like. They are as "
        "good as the classes look the same in both corpora, and how far they are off is not "
        "known.");
  }
  return html + class_table(reference);
}

}  // namespace kith::report
