#include "kith/core/error.hpp"
#include "kith/report/view.hpp"

#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, Report& report) {
  json("run", report.run);
  json("graph", report.graph);
  json("members", report.members);
  json("consensus", report.consensus);
  json("agreement", report.agreement);
  json("diversity", report.diversity);
  json("accuracy_without_gold", report.unsupervised_accuracy);
  json.if_present("label_model", report.label_model);
  json.if_present("reference", report.reference);
  json("slices", report.slices);
  json("balance", report.balance);
  json("acceptance", report.acceptance);
  json.if_present("audit", report.audit);
  json("seeds", report.seeds);
  json("seed_values", report.seed_values);
  json("review", report.review);
  json.if_present("examples", report.examples);
}

Report read_view(std::string_view json) {
  Report report;
  try {
    read_value(Json::parse(json), JsonPlace{nullptr, "report.json"}, report);
  } catch (const Json::parse_error& error) {
    fail("report.json: is not JSON at byte {} of {}", error.byte, json.size());
  } catch (const Json::exception&) {
    fail("report.json: holds a number that is too large");
  }
  return report;
}

}  // namespace kith::report
