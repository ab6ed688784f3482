#include "stages/propagate/member_trace.hpp"

#include "kith/statistics/member_trace.hpp"

#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

constexpr Count kMostLines = 100'000'000;

}  // namespace

void read_trace(const io::InputFile& file, const std::string& group, Count num_classes,
                propagate::TaskResult& result) {
  if (file.has_attribute(group + "/trace_counts", "mean_rest")) {
    num_classes = 0;
    result.mean_residual_mass = file.attribute<double>(group + "/trace_counts", "mean_rest");
    result.largest_residual_mass = file.attribute<double>(group + "/trace_counts", "largest_rest");
  }
  const auto width = to_size(num_classes);
  const Count num_lines = file.describe(group + "/trace_residual").num_rows();
  if (num_lines > kMostLines) {
    fail("{}: {}/trace_residual: has {} lines", file.path(), group, num_lines);
  }
  require_shape(file, group + "/trace_residual", {num_lines});
  require_shape(file, group + "/trace_counts", {num_lines, 3 + num_classes});
  require_shape(file, group + "/trace_measures", {num_lines, 2 + num_classes});
  const auto residuals = file.read_all<double>(group + "/trace_residual");
  const auto counts = file.read_all<Count>(group + "/trace_counts");
  const auto measures = file.read_all<double>(group + "/trace_measures");
  for (std::size_t line = 0; line < residuals.size(); ++line) {
    const auto at = counts.begin() + static_cast<Count>(line * (3 + width));
    propagate::SweepTrace& entry = result.trace.emplace_back();
    entry.sweep = static_cast<int>(at[0]);
    entry.residual = residuals[line];
    entry.flips = at[1];
    entry.reached = at[2];
    entry.class_counts.assign(at + 3, at + 3 + static_cast<Count>(width));
    const auto known = measures.begin() + static_cast<Count>(line * (2 + width));
    entry.held_out =
        known[0] == statistics::kUnknownMeasure ? std::nullopt : std::optional{known[0]};
    entry.energy = known[1] == statistics::kUnknownMeasure ? std::nullopt : std::optional{known[1]};
    if (width > 0 && known[2] != statistics::kUnknownMeasure) {
      entry.class_mass.assign(known + 2, known + 2 + static_cast<Count>(width));
    }
  }
  result.sweeps =
      narrow<int>(file.attribute<std::int64_t>(group + "/trace_counts", "sweeps"), "sweeps");
  const auto stop = file.attribute<std::int64_t>(group + "/trace_counts", "stop");
  if (stop < 0 || stop > static_cast<std::int64_t>(propagate::StopReason::held_out)) {
    fail("{}: {}/trace_counts@stop: is {}, expected the number of a reason", file.path(), group,
         stop);
  }
  result.stop = static_cast<propagate::StopReason>(stop);
}

}  // namespace kith::stages
