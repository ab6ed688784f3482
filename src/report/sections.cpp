#include "report/sections.hpp"

namespace kith::report {

std::span<const Section> sections() {
  static constexpr Section kSections[] = {
      {"accuracy", "Accuracy", accuracy_section},
      {"audit", "Audit", audit_section},
      {"acceptance", "Which labels are safe to use?", acceptance_section},
      {"review", "What to review next", review_section},
      {"slices", "Where are labels worse?", slice_section},
      {"seeds", "Are the seeds right?", seed_section},
      {"seed-values", "What are the seeds worth?", value_section},
      {"examples", "What do the classes look like?", example_section},
      {"classes", "Classes", class_section},
      {"shares", "How large are the classes?", share_section},
      {"calibration", "Are the probabilities calibrated?", calibration_section},
      {"label-model", "What do the votes say?", label_model_section},
      {"reference", "What does the other corpus say?", reference_section},
      {"without-gold", "Accuracy without true labels", unsupervised_section},
      {"certainty", "Certainty", certainty_section},
      {"members", "Members", member_section},
      {"convergence", "Convergence", convergence_section},
      {"agreement", "Agreement", agreement_section},
      {"diversity", "Do members err on different items?", diversity_section},
      {"methods", "Methods", methods_section},
  };
  return kSections;
}

}  // namespace kith::report
