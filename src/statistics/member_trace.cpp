#include "kith/statistics/member_trace.hpp"

#include <vector>

namespace kith::statistics {

void write_trace(io::OutputFile& file, const std::string& group,
                 const propagate::TaskResult& result, Count num_classes) {
  const auto& trace = result.trace;
  num_classes = result.mean_residual_mass ? 0 : num_classes;
  std::vector<double> residuals;
  std::vector<double> measures;
  std::vector<Count> counts;
  for (const propagate::SweepTrace& line : trace) {
    residuals.push_back(line.residual);
    measures.push_back(line.held_out.value_or(kUnknownMeasure));
    measures.push_back(line.energy.value_or(kUnknownMeasure));
    measures.insert(measures.end(), line.class_mass.begin(), line.class_mass.end());
    measures.insert(measures.end(), to_size(num_classes) - line.class_mass.size(), kUnknownMeasure);
    counts.insert(counts.end(), {line.sweep, line.flips, line.reached});
    counts.insert(counts.end(), line.class_counts.begin(), line.class_counts.end());
  }
  file.write_whole<double>(group + "/trace_residual", residuals, {count_of(trace)});
  file.write_whole<Count>(group + "/trace_counts", counts, {count_of(trace), 3 + num_classes});
  file.set_attribute(group + "/trace_counts", "columns",
                     std::string{"sweep,flips,reached,then one a class"});
  file.write_whole<double>(group + "/trace_measures", measures, {count_of(trace), 2 + num_classes});
  file.set_attribute(group + "/trace_measures", "columns",
                     std::string{"held_out,energy,then one class mass a class; -1 = not known"});
  file.set_attribute(group + "/trace_counts", "sweeps", std::int64_t{result.sweeps});
  file.set_attribute(group + "/trace_counts", "stop", static_cast<std::int64_t>(result.stop));
  if (result.mean_residual_mass) {
    file.set_attribute(group + "/trace_counts", "mean_rest", *result.mean_residual_mass);
    file.set_attribute(group + "/trace_counts", "largest_rest", result.largest_residual_mass);
  }
}

}  // namespace kith::statistics
