#include "report/page.hpp"

#include <fmt/format.h>

namespace kith::report {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --paper: #ffffff; --ink: #16202b; --soft: #566270; --line: #dbe1e8;
        --mark: #0072b2; --panel: #f4f7fa; --whisker: #16202b; --link: #005a8f; --warn: #d55e00; --fine: #009e73;
        --auto: #009e73; --seed: #0072b2; --review: #e69f00; --abstain: #d55e00; --unreachable: #7a2f00;
        --outlier: #cc79a7; --duplicate: #8c8c8c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #11161c; --ink: #e8edf2; --soft: #a3afbc; --line: #323c47; --mark: #56b4e9; --panel: #1a2129;
          --whisker: #e8edf2; --link: #7cc4f0; --warn: #f08a3c; --fine: #2cc296; --auto: #2cb68c; --seed: #56b4e9;
          --unreachable: #b5623a; } }
@media screen and (prefers-color-scheme: dark) { svg .on-middle { fill: var(--paper); } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0 auto; max-width: 78rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
a { color: var(--link); }
h1 { font-size: 1.7rem; margin: 0; letter-spacing: -.01em; }
h2 { margin: 2.4rem 0 .6rem; font-size: 1.3rem; border-bottom: 2px solid var(--line); padding-bottom: .25rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1.05rem; }
header p { color: var(--soft); margin: .2rem 0 1.2rem; overflow-wrap: anywhere; }
section { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem; }
section > :not(figure) { grid-column: 1 / -1; min-width: 0; }
section > p { max-width: 70ch; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .8rem; }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
.tile h2 { margin: 0; border: 0; padding: 0; font-size: .95rem; font-weight: 600; color: var(--soft); }
.tile b { display: block; font-size: 1.65rem; line-height: 1.25; margin: .2rem 0; font-variant-numeric: tabular-nums; }
.tile p { margin: 0; font-size: .9rem; color: var(--soft); }
.ci { font-size: .8em; font-weight: 400; color: var(--soft); white-space: nowrap; }
.tile b .ci { font-size: .95rem; }
.notes { list-style: none; padding: 0; margin: .2rem 0; }
.notes li { border-left: 4px solid var(--warn); background: var(--panel); padding: .5rem .9rem; margin: .4rem 0; border-radius: .2rem; }
.notes li.fine { border-color: var(--fine); }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; padding: .6rem 0; margin: 1.4rem 0 0;
         border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
figure { margin: .9rem 0; min-width: 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
figcaption small { display: block; font-weight: 400; color: var(--soft); }
svg { width: 100%; max-width: 40rem; height: auto; display: block; font-size: 12px; }
svg.strip { max-width: none; height: 1.6rem; border-radius: .3rem; }
svg text { fill: var(--ink); } svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
svg .mark { fill: var(--mark); fill-opacity: .8; } svg .whisker { stroke: var(--whisker); stroke-width: 1.5; }
svg .cell { fill: var(--mark); stroke: var(--line); } svg .ink { font-size: 11px; }
svg .on-dark { fill: var(--paper); } svg .band { fill: var(--mark); fill-opacity: .2; }
svg .limit { stroke: var(--warn); stroke-width: 1.5; stroke-dasharray: 6 4; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; list-style: none; margin: .4rem 0 0; padding: 0; font-size: .9rem; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem; margin-right: .4rem; }
.part-auto { fill: var(--auto); background: var(--auto); } .part-seed { fill: var(--seed); background: var(--seed); }
.part-review { fill: var(--review); background: var(--review); } .part-abstain { fill: var(--abstain); background: var(--abstain); }
.part-unreachable { fill: var(--unreachable); background: var(--unreachable); }
.part-outlier { fill: var(--outlier); background: var(--outlier); } .part-duplicate { fill: var(--duplicate); background: var(--duplicate); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { text-align: left; padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
td.text { white-space: normal; min-width: 12rem; }
thead th { color: var(--soft); font-weight: 600; } tbody th { font-weight: 500; }
summary { cursor: pointer; color: var(--link); margin: .4rem 0; }
.item { display: block; max-width: 6rem; max-height: 6rem; min-width: 3rem; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; list-style: none; margin: .3rem 0; padding: 0; }
.gallery li { background: var(--panel); border-radius: .4rem; padding: .5rem; font-size: .9rem; overflow-wrap: anywhere; }
.gallery small { display: block; color: var(--soft); }
footer { color: var(--soft); font-size: .9rem; margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .6rem; }
@media (max-width: 40rem) { body { padding: .9rem; } .tile b { font-size: 1.45rem; }
  th, td { padding-right: .8rem; } th { white-space: normal; } }
@page { margin: 14mm; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc; --mark: #0072b2; --panel: #ffffff;
          --whisker: #000000; --link: #000000; }
  html { font-size: 10px; } body { max-width: none; padding: 0; font-size: 1rem; } nav { display: none; }
  .scroll { overflow: visible; } table { font-size: .85rem; } th, td { white-space: normal; padding-right: .7rem; }
  td.text { min-width: 0; }
  section { grid-template-columns: 1fr 1fr; gap: 0 1.2rem; } .tiles { grid-template-columns: repeat(4, 1fr); }
  .tile b { font-size: 1.6rem; } figure, .tile, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  rect, .key, .notes li { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)";

}  // namespace

std::string page_head(const std::string& subtitle) {
  return std::string{
             "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\"><head>"
             "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\"/>\n<title>Kith report</title>\n"
             "<style>"} +
         kStyle + "</style></head>\n<body><header><h1>Labeling report</h1><p>" + subtitle +
         "</p></header>\n<main>\n";
}

std::string contents_entry(std::string_view anchor, std::string_view title) {
  return fmt::format("<li><a href=\"#{}\">{}</a></li>\n", anchor, title);
}

std::string contents(const std::string& entries) {
  return "<nav aria-label=\"Contents\"><ul>\n" + entries + "</ul></nav>\n";
}

std::string section_html(std::string_view anchor, std::string_view title,
                         const std::string& content) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{1}</h2>\n{2}</section>\n",
      anchor, title, content);
}

std::string page_foot() {
  return "</main><footer>Intervals are of 95&#160;% confidence. Every number of this page is in "
         "report.json, every label in labels.h5.</footer></body></html>\n";
}

}  // namespace kith::report
