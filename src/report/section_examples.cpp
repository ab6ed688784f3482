#include <fmt/format.h>

#include "report/sections.hpp"
#include "report/selection.hpp"

namespace kith::report {
namespace {

std::string gallery(const std::vector<Example>& examples) {
  std::string html = "<ul class=\"gallery\">";
  for (const Example& example : examples) {
    html += fmt::format("<li>{}<small>row {}, {}</small></li>", preview_cell(example.preview),
                        grouped(example.row), decimal(example.probability, 2));
  }
  return html + "</ul>\n";
}

}  // namespace

std::string example_section(const Report& report) {
  std::string html;
  for (const ClassExamples& of_class : report.examples) {
    if (of_class.typical.empty()) {
      continue;
    }
    html += fmt::format("<h3>{}</h3>\n", escape(of_class.name)) + gallery(of_class.typical) +
            details("The least sure ones", gallery(of_class.unsure));
  }
  return html.empty() ? html
                      : paragraph(
                            "Items that get the class with the largest lead over any other, "
                            "with the probability of the class. Seeds are not among them.") +
                            html;
}

}  // namespace kith::report
