#include "stages/member_files.hpp"

#include <algorithm>
#include <cmath>

#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/folds.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

void write_scores(io::OutputFile& file, const std::string& group, const LabelRows<float>& rows,
                  Count first, Count total) {
  file.write_rows<float>(group + "/scores", rows.values, first, {total, rows.width});
  if (!rows.is_dense()) {
    file.write_rows<std::int32_t>(group + "/labels", label_numbers(rows.labels), first,
                                  {total, rows.width});
    file.write_rows<float>(group + "/other", rows.other, first, {total});
  }
}

/// Where the rows that are wanted begin, and how many the datasets have.
struct RowPlace {
  Count first;
  Count total;
};

/// names: of the datasets of values, labels and others. rows: as many as are wanted.
void read_scores(const io::InputFile& file, const std::string& group,
                 const std::array<const char*, 3>& names, RowPlace place, LabelRows<float>& rows) {
  const auto [first, total] = place;
  require_shape(file, group + names[0], {total, rows.width});
  file.read_rows<float>(group + names[0], first, rows.values);
  require_values<float>(file, group + names[0], rows.values, first, rows.width, "a finite number",
                        [](float value) { return std::isfinite(value); });
  if (!rows.is_dense()) {
    require_shape(file, group + names[1], {total, rows.width});
    require_shape(file, group + names[2], {total});
    std::vector<std::int32_t> labels(rows.labels.size());
    file.read_rows<std::int32_t>(group + names[1], first, labels);
    require_values<std::int32_t>(
        file, group + names[1], labels, first, rows.width, "a class or -1",
        [&](std::int32_t label) { return label >= -1 && label < rows.num_classes; });
    std::transform(labels.begin(), labels.end(), rows.labels.begin(),
                   [](std::int32_t number) { return Label{number}; });
    file.read_rows<float>(group + names[2], first, rows.other);
    require_values<float>(file, group + names[2], rows.other, first, 1, "a finite number",
                          [](float value) { return std::isfinite(value); });
  }
}

double read_temperature(const io::InputFile& file, const std::string& group, const char* name) {
  const double temperature = file.attribute<double>(group + "/readout_factors", name);
  if (!(temperature > 0) || !std::isfinite(temperature)) {
    fail(
        "{}: {}/readout_factors: {} is {}, expected a number above 0; without this file its stage "
        "is done again",
        file.path(), group, name, temperature);
  }
  return temperature;
}

}  // namespace

void write_member(io::OutputFile& file, const run::Workspace& workspace,
                  const ensemble::Member& member) {
  const Count num_classes = workspace.num_classes();
  const Count first = owned_nodes(workspace).begin.value();
  const std::string group = "/members/" + member.config.name;
  write_scores(file, group, member.scores, first,
               workspace.outputs.get<cells::Shard>().layout.num_nodes());
  const LabelRows<float>& held_out = member.held_out_scores;
  const Count num_seeds = count_of(workspace.outputs.get<FoldedSeeds>());
  file.write_whole<float>(group + "/held_out_scores", held_out.values, {num_seeds, held_out.width});
  if (!held_out.is_dense()) {
    file.write_whole<std::int32_t>(group + "/held_out_labels", label_numbers(held_out.labels),
                                   {num_seeds, held_out.width});
    file.write_whole<float>(group + "/held_out_other", held_out.other, {num_seeds});
  }
  file.write_whole<double>(group + "/readout_factors", member.output.factors.values(),
                           {num_classes});
  file.set_attribute(group + "/readout_factors", "temperature", member.output.temperature);
  file.set_attribute(group + "/readout_factors", "neutral_temperature",
                     member.output.neutral_temperature);
  file.set_attribute(group + "/readout_factors", "takes_log",
                     std::int64_t{member.output.takes_log ? 1 : 0});
}

ensemble::Member read_member(const io::InputFile& file, const run::Workspace& workspace,
                             const ensemble::MemberConfig& config) {
  const int num_classes = workspace.num_classes();
  const int top = ensemble::labels_kept(workspace.config.ensemble, num_classes);
  const std::string group = "/members/" + config.name;
  const IdRange<Position> owned = owned_nodes(workspace);
  ensemble::Member member;
  member.config = config;
  member.scores = LabelRows<float>{num_classes, top};
  member.scores.resize(to_size(owned.size()));
  read_scores(file, group, {"/scores", "/labels", "/other"},
              {owned.begin.value(), workspace.outputs.get<cells::Shard>().layout.num_nodes()},
              member.scores);
  member.held_out_scores = LabelRows<float>{num_classes, top};
  member.held_out_scores.resize(workspace.outputs.get<FoldedSeeds>().size());
  read_scores(file, group, {"/held_out_scores", "/held_out_labels", "/held_out_other"},
              {0, count_of(workspace.outputs.get<FoldedSeeds>())}, member.held_out_scores);
  require_shape(file, group + "/readout_factors", {num_classes});
  std::vector<double> factors(to_size(num_classes));
  file.read_rows<double>(group + "/readout_factors", 0, factors);
  require_values<double>(file, group + "/readout_factors", factors, 0, 1, "a finite number",
                         [](double factor) { return std::isfinite(factor); });
  member.output.factors = ensemble::ClassFactors{std::move(factors)};
  member.output.temperature = read_temperature(file, group, "temperature");
  member.output.neutral_temperature = read_temperature(file, group, "neutral_temperature");
  member.output.takes_log =
      file.attribute<std::int64_t>(group + "/readout_factors", "takes_log") == 1;
  return member;
}

}  // namespace kith::stages
