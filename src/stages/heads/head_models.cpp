#include "stages/heads/head_models.hpp"

#include <algorithm>
#include <cmath>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/io/json.hpp"

#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

/// All but the arrays.
io::Json facts_of(const heads::Model& model) {
  return {{"method", model.method},
          {"classes", model.num_classes},
          {"dim", model.dim},
          {"unit_rows", model.unit_rows},
          {"parameters", model.parameters}};
}

void take_facts(const io::Json& facts, heads::Model& model) {
  model.method = facts.at("method").get<std::string>();
  model.num_classes = facts.at("classes").get<int>();
  model.dim = facts.at("dim").get<Count>();
  model.unit_rows = facts.at("unit_rows").get<bool>();
  model.parameters = facts.at("parameters").get<std::map<std::string, double>>();
}

void share_model(const comm::Communicator& comm, heads::Model& model, Rank root) {
  std::string facts = io::json_text(facts_of(model), -1);
  comm::broadcast(comm, facts, root);
  take_facts(io::Json::parse(facts), model);
  comm::broadcast(comm, model.weights, root);
  comm::broadcast(comm, model.biases, root);
  comm::broadcast(comm, model.seed_vectors, root);
  comm::broadcast(comm, model.seed_labels, root);
}

}  // namespace

void share_fits(const comm::Communicator& comm, heads::Fits& fits, Rank root) {
  std::vector<double> numbers{fits.log_loss, static_cast<double>(fits.folds.size())};
  comm::broadcast(comm, numbers, root);
  fits.log_loss = numbers[0];
  fits.folds.resize(static_cast<std::size_t>(numbers[1]));
  share_model(comm, fits.model, root);
  for (heads::Model& fold : fits.folds) {
    share_model(comm, fold, root);
  }
}

std::string model_group(const std::string& member, int fold) {
  return "/models/" + member + (fold < 0 ? "/all" : fmt::format("/fold{}", fold));
}

void write_model(io::OutputFile& file, const std::string& group, const heads::Model& model) {
  const Count num_classes = model.num_classes;
  if (model.is_linear()) {
    file.write_whole<float>(group + "/weights", model.weights, {num_classes, model.dim});
    file.write_whole<float>(group + "/biases", model.biases, {num_classes});
  } else {
    std::vector<std::int32_t> rows;
    std::vector<std::int32_t> labels;
    std::vector<float> weights;
    for (const heads::SeedLabel& seed : model.seed_labels) {
      rows.push_back(seed.row);
      labels.push_back(seed.label.value());
      weights.push_back(seed.weight);
    }
    const Count num_rows = count_of(model.seed_vectors) / model.dim;
    file.write_whole<float>(group + "/seed_vectors", model.seed_vectors, {num_rows, model.dim});
    file.write_whole<std::int32_t>(group + "/seed_rows", rows, {count_of(rows)});
    file.write_whole<std::int32_t>(group + "/seed_labels", labels, {count_of(rows)});
    file.write_whole<float>(group + "/seed_weights", weights, {count_of(rows)});
  }
  file.set_attribute(group, "model", io::json_text(facts_of(model), -1));
}

heads::Model read_model_facts(const io::InputFile& file, const std::string& group,
                              int num_classes) {
  heads::Model model;
  const std::vector<std::string> text = file.attribute_strings(group, "model");
  io::interpret_json(file.path(),
                     [&] { take_facts(io::Json::parse(text.empty() ? "" : text.front()), model); });
  const heads::Method* method = heads::find_method(model.method);
  if (model.num_classes != num_classes || model.dim < 1 || method == nullptr) {
    io::fail_damaged(file.path(), group + " is of another method, other classes or no dimension");
  }
  for (const Parameter& parameter : method->facts().parameters) {
    if (!model.parameters.contains(parameter.name)) {
      io::fail_damaged(file.path(), fmt::format("{} has no {}", group, parameter.name));
    }
  }
  return model;
}

namespace {

void read_linear(const io::InputFile& file, const std::string& group, heads::Model& model) {
  require_shape(file, group + "/weights", {model.num_classes, model.dim});
  require_shape(file, group + "/biases", {model.num_classes});
  model.weights = file.read_all<float>(group + "/weights");
  model.biases = file.read_all<float>(group + "/biases");
  require_values<float>(file, group + "/weights", model.weights, 0, model.dim, "a finite number",
                        [](float value) { return std::isfinite(value); });
  require_values<float>(file, group + "/biases", model.biases, 0, 1, "a number below infinity",
                        [](float value) { return value < INFINITY; });
  if (std::none_of(model.biases.begin(), model.biases.end(),
                   [](float bias) { return std::isfinite(bias); })) {
    io::fail_damaged(file.path(), group + "/biases has no class that can be predicted");
  }
}

void read_seeds(const io::InputFile& file, const std::string& group, heads::Model& model) {
  require_shape(file, group + "/seed_vectors", {kAnySize, model.dim});
  model.seed_vectors = file.read_all<float>(group + "/seed_vectors");
  require_values<float>(file, group + "/seed_vectors", model.seed_vectors, 0, model.dim,
                        "a finite number", [](float value) { return std::isfinite(value); });
  const auto rows = file.read_all<std::int32_t>(group + "/seed_rows");
  require_shape(file, group + "/seed_labels", {count_of(rows)});
  require_shape(file, group + "/seed_weights", {count_of(rows)});
  const auto labels = file.read_all<std::int32_t>(group + "/seed_labels");
  const auto weights = file.read_all<float>(group + "/seed_weights");
  const Count num_rows = count_of(model.seed_vectors) / model.dim;
  require_values<std::int32_t>(file, group + "/seed_rows", rows, 0, 1, "a row of seed_vectors",
                               [&](std::int32_t row) { return row >= 0 && row < num_rows; });
  require_values<std::int32_t>(
      file, group + "/seed_labels", labels, 0, 1, "a class",
      [&](std::int32_t label) { return label >= 0 && label < model.num_classes; });
  require_values<float>(file, group + "/seed_weights", weights, 0, 1, "a number above 0",
                        [](float weight) { return weight > 0 && std::isfinite(weight); });
  if (rows.empty() || !std::is_sorted(rows.begin(), rows.end())) {
    io::fail_damaged(file.path(), group + "/seed_rows is empty or not in order");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    model.seed_labels.push_back({rows[i], Label{labels[i]}, weights[i]});
  }
}

}  // namespace

heads::Model read_model(const io::InputFile& file, const std::string& group, int num_classes,
                        Count dim) {
  heads::Model model = read_model_facts(file, group, num_classes);
  model.dim = dim;
  if (file.has(group + "/weights")) {
    read_linear(file, group, model);
  } else {
    read_seeds(file, group, model);
  }
  return model;
}

}  // namespace kith::stages
