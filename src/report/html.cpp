#include "kith/report/html.hpp"

#include <fmt/format.h>

#include "report/overview.hpp"
#include "report/page.hpp"
#include "report/sections.hpp"
#include "report/text.hpp"

namespace kith::report {
namespace {

std::string subtitle(const std::vector<CorpusFile>& files) {
  if (files.empty()) {
    return {};
  }
  return escape(files.front().path) +
         (files.size() > 1 ? fmt::format(" and {} more files", files.size() - 1) : "");
}

}  // namespace

std::string render_html(std::string_view report_json) {
  const Report report = read_view(report_json);
  std::string links;
  std::string body;
  for (const Section& section : sections()) {
    const std::string content = section.content(report);
    if (!content.empty()) {
      links += contents_entry(section.anchor, section.title);
      body += section_html(section.anchor, section.title, content);
    }
  }
  return page_head(subtitle(report.run.corpus.files)) + overview(report) + contents(links) + body +
         page_foot();
}

}  // namespace kith::report
