#include "report/page.hpp"

namespace kith::report {
namespace {

constexpr const char* kStyle = R"(
:root { --paper: #ffffff; --ink: #1d2733; --soft: #5b6775; --line: #d9dfe6; --mark: #0072b2;
        --panel: #f5f7fa; --whisker: #1d2733; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14191f; --ink: #e6ebf0; --soft: #9fabb8; --line: #333d48; --mark: #56b4e9;
          --panel: #1d242c; --whisker: #e6ebf0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1.05rem; }
header p, small, figcaption { color: var(--soft); } header p { margin: .2rem 0 1.2rem; overflow-wrap: anywhere; }
section { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 0 2rem; }
section > h2, section > h3, section > p, section > ul, section > details, section > .scroll { grid-column: 1 / -1; }
section.tiles { grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .8rem; }
.tile { background: var(--panel); border-radius: .5rem; padding: .8rem 1rem; }
.tile b { display: block; font-size: 1.25rem; } .tile span { display: block; } .tile small { display: block; }
figure { margin: .8rem 0; } figcaption { font-weight: 600; margin-bottom: .2rem; }
svg { width: 100%; height: auto; display: block; font-size: 13px; }
svg text { fill: var(--ink); } svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
svg .mark { fill: var(--mark); } svg .whisker { stroke: var(--whisker); stroke-width: 1.5; }
svg .cell { fill: var(--mark); stroke: var(--line); } svg .ink { font-size: 11px; }
svg .inverse { fill: var(--paper); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; } tbody th { font-weight: 500; }
summary { cursor: pointer; color: var(--soft); margin: .4rem 0; }
@media print { body { max-width: none; padding: 0; font-size: 11px; } figure, .tile { break-inside: avoid; } }
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

std::string page_foot() {
  return "</main></body></html>\n";
}

}  // namespace kith::report
