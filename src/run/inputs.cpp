#include "run/inputs.hpp"

#include <algorithm>
#include <filesystem>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/ledger.hpp"
#include "kith/io/dataset_hash.hpp"
#include "kith/io/file_hash.hpp"
#include "kith/io/input_file.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {
namespace {

namespace fs = std::filesystem;
using io::Json;

constexpr const char* kFull = "full";

/// Place, size and time: while they are the same, the content is taken to be.
std::string state_of(const std::string& path) {
  const auto changed = fs::last_write_time(path).time_since_epoch().count();
  return fmt::format("{} {} {}\n", fs::absolute(path).lexically_normal().string(),
                     fs::file_size(path), changed);
}

/// Rank 0. The datasets of a file that some stage reads.
std::vector<std::string> datasets_of(const config::Config& config, const corpus::Corpus& corpus,
                                     const io::InputFile& file) {
  const corpus::CorpusConfig& names = config.corpus;
  std::vector<std::string> datasets{names.embeddings, names.labels, names.gold, names.votes};
  datasets.insert(datasets.end(), names.slices.begin(), names.slices.end());
  datasets.insert(datasets.end(), {names.text, names.uri, names.image});
  if (corpus.id_kind != corpus::IdKind::none) {
    datasets.push_back(names.ids);
  }
  const std::string classes = names.classes.empty() ? "/classes" : names.classes;
  if (file.has(classes) && file.describe(classes).has_strings) {
    datasets.push_back(classes);
  }
  for (const config::GraphSource& graph : config.graphs) {
    datasets.push_back(graph.dataset);
  }
  std::vector<std::string> prototypes{names.prototypes};
  for (const config::GraphSource& graph : config.graphs) {
    prototypes.push_back(graph.prototypes);
  }
  std::copy_if(prototypes.begin(), prototypes.end(), std::back_inserter(datasets),
               [&](const std::string& name) { return file.has(name); });  // one file is enough
  if (!names.probs.empty()) {
    for (const std::string& voter : file.children(names.probs)) {
      datasets.push_back(names.probs + "/" + voter);
    }
  }
  std::erase(datasets, "");
  std::sort(datasets.begin(), datasets.end());
  datasets.erase(std::unique(datasets.begin(), datasets.end()), datasets.end());
  return datasets;
}

/// Rank 0. As datasets_of(), of a file of the reference.
std::vector<std::string> datasets_of_reference(const config::Config& config,
                                               const corpus::Corpus& reference,
                                               const io::InputFile& file) {
  const config::ReferenceConfig& names = config.reference;
  std::vector<std::string> datasets{names.embeddings, names.labels};
  const std::string classes = names.classes.empty() ? "/classes" : names.classes;
  if (file.has(classes) && file.describe(classes).has_strings) {
    datasets.push_back(classes);
  }
  if (!names.seeds.empty() && reference.id_kind != corpus::IdKind::none) {
    datasets.push_back(config::corpus_of_reference(config).ids);
  }
  std::erase(datasets, "");
  return datasets;
}

/// Vectors, probabilities, texts and pictures are large, and made by programs; people edit labels,
/// votes and groups.
bool may_sample(const config::Config& config, const Json& file, const std::string& dataset) {
  if (file.contains("of")) {
    return dataset == config.reference.embeddings;
  }
  const auto is_dataset = [&](const config::GraphSource& graph) {
    return graph.dataset == dataset;
  };
  const corpus::CorpusConfig& names = config.corpus;
  return dataset == names.embeddings || dataset == names.text || dataset == names.uri ||
         dataset == names.image ||
         (!config.corpus.probs.empty() && dataset.starts_with(config.corpus.probs + "/")) ||
         std::any_of(config.graphs.begin(), config.graphs.end(), is_dataset);
}

/// Of the files that virtual datasets take values from.
std::string state_of_sources(const corpus::Corpus& corpus) {
  std::string states;
  for (const std::string& source : corpus.sources) {
    states += state_of(source);
  }
  return states;
}

/// Rank 0. An entry without hashes.
Json describe_file(const std::string& path, const std::string& sources, const char* hashed) {
  Json entry;
  entry["path"] = path;
  entry["bytes"] = fs::file_size(path);
  entry["stamp"] = digest(state_of(path) + sources);
  entry["hashed"] = hashed;
  return entry;
}

/// Rank 0. The seeds and class names that lie in files of their own.
std::vector<std::string> text_files(const config::Config& config) {
  std::vector<std::string> paths;
  for (const std::string& path : {config.corpus.seeds, config.corpus.classes, config.corpus.answers,
                                  config.reference.seeds, config.reference.classes}) {
    std::error_code unknown;
    if (fs::is_regular_file(path, unknown)) {
      paths.push_back(path);
    }
  }
  return paths;
}

/// Rank 0. A digest of the labels that people agree on.
std::string digest_of_answers(const config::Config& config) {
  std::string text;
  const auto lines = corpus::read_ledger(config.corpus.reviews);
  for (const corpus::ReviewedItem& item :
       corpus::reviewed_items(lines, config.corpus.adjudicator)) {
    if (item.has_label()) {
      text += fmt::format("{}\n{}\n{}\n", item.row, item.item_id, item.label);
    }
  }
  return digest(text);
}

/// Rank 0. Every file that is read, its datasets without hashes.
Json list_files(const config::Config& config, const corpus::Corpus& corpus,
                const std::optional<corpus::Corpus>& reference) {
  const std::string sources = state_of_sources(corpus);
  const char* hashed = config.run.hash_all_input ? kFull : "sampled";
  Json files = Json::array();
  for (const corpus::FileExtent& extent : corpus.files) {
    Json entry = describe_file(extent.path, sources, hashed);
    for (const std::string& dataset : datasets_of(config, corpus, io::InputFile{extent.path})) {
      entry["datasets"][dataset] = "";
    }
    files.push_back(entry);
  }
  if (reference) {
    for (const corpus::FileExtent& extent : reference->files) {
      Json entry = describe_file(extent.path, state_of_sources(*reference), hashed);
      entry["of"] = "reference";
      for (const std::string& dataset :
           datasets_of_reference(config, *reference, io::InputFile{extent.path})) {
        entry["datasets"][dataset] = "";
      }
      files.push_back(entry);
    }
  }
  for (const std::string& path : text_files(config)) {
    Json entry = describe_file(path, "", hashed);
    entry["hash"] = "";
    files.push_back(entry);
  }
  if (config.corpus.has_answers) {
    Json entry = describe_file(config.corpus.reviews, "", kFull);
    entry[kAnswersHash] = digest_of_answers(config);
    files.push_back(entry);
  }
  return files;
}

/// Rank 0. Takes hashes over from the list of an earlier start, where the file is still the same.
void take_remembered(const Json& remembered, Json& files) {
  for (Json& file : files) {
    const auto before = std::find_if(remembered.begin(), remembered.end(), [&](const Json& entry) {
      return entry.value("stamp", "") == file["stamp"] &&
             entry.value("hashed", "") == file["hashed"] && entry.value("path", "") == file["path"];
    });
    if (before == remembered.end()) {
      continue;
    }
    if (file.contains("hash")) {
      file["hash"] = before->value("hash", "");
    }
    if (file.contains("datasets")) {
      const Json known = before->value("datasets", Json::object());
      for (auto& [name, hash] : file["datasets"].items()) {
        hash = known.value(name, "");
      }
    }
  }
}

/// Collective. Fills in what has no hash yet. file_paths: of the files, whose names need not be
/// UTF-8, which JSON's are.
void hash_missing(const comm::Communicator& comm, const config::Config& config,
                  std::span<const std::string> file_paths, Json& files) {
  std::vector<std::string> paths;
  std::vector<Json*> of_path;
  std::vector<io::DatasetPlace> places;
  std::vector<Json*> of_place;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Json& file = files[i];
    const std::string& path = file_paths[i];
    if (file.contains("hash") && file["hash"] == "") {
      paths.push_back(path);
      of_path.push_back(&file["hash"]);
    }
    if (!file.contains("datasets")) {
      continue;
    }
    const bool all_values = file["hashed"] == kFull;
    for (auto& [name, hash] : file["datasets"].items()) {
      if (hash == "") {
        places.push_back({path, name, !all_values && may_sample(config, file, name)});
        of_place.push_back(&hash);
      }
    }
  }
  const std::vector<io::FileHash> of_files = io::hash_files(comm, paths);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    *of_path[i] = of_files[i].hash;
  }
  const std::vector<std::string> of_datasets = io::hash_datasets(comm, places);
  for (std::size_t i = 0; i < places.size(); ++i) {
    *of_place[i] = of_datasets[i];
  }
}

/// Collective. From rank 0 to all.
void share(const comm::Communicator& comm, Json& value) {
  std::string text = io::json_text(value, -1);
  comm::broadcast(comm, text);
  value = Json::parse(text);
}

std::vector<std::string> paths_of(const Json& files) {
  std::vector<std::string> paths;
  for (const Json& file : files) {
    paths.push_back(file.value("path", ""));
  }
  return paths;
}

}  // namespace

std::string input_of_graph(const std::string& name) {
  return "embeddings of graph " + name;
}

bool has_reviewed_input(const Json& manifest) {
  const Json files = manifest.value("inputs", Json::array());
  return std::any_of(files.begin(), files.end(),
                     [](const Json& file) { return file.contains(kAnswersHash); });
}

std::string digest(const std::string& text) {
  const Hash128 hash = hash_bytes(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

Inputs::Inputs(const comm::Communicator& comm, const config::Config& config,
               const corpus::Corpus& corpus, const std::optional<corpus::Corpus>& reference,
               const Json& remembered)
    : config_{&config}, corpus_{&corpus}, reference_{&reference} {
  comm::on_root(comm, [&] {
    files_ = list_files(config, corpus, reference);
    take_remembered(remembered, files_);
  });
  share(comm, files_);
  std::vector<std::string> paths = paths_of(files_);
  const auto path_of = [](const corpus::FileExtent& file) { return file.path; };
  auto next = std::transform(corpus.files.begin(), corpus.files.end(), paths.begin(), path_of);
  if (reference) {
    std::transform(reference->files.begin(), reference->files.end(), next, path_of);
  }
  hash_missing(comm, config, paths, files_);
}

void check_graph_inputs(const comm::Communicator& comm, const config::Config& config,
                        const corpus::Corpus& corpus) {
  for (const config::GraphSource& source : config.graphs) {
    const corpus::Corpus other =
        corpus::describe(comm, config::config_of_graph(config, source).corpus);
    if (other.num_items != corpus.num_items) {
      throw comm::CollectiveError{fmt::format("graph.{}.dataset = {}: {} rows, but {} has {}",
                                              source.name, source.dataset, other.num_items,
                                              config.corpus.embeddings, corpus.num_items)};
    }
  }
}

void require_same_inputs(const comm::Communicator& comm, const config::Config& config,
                         const Json& files) {
  Json now = files;
  bool is_hashed = !now.empty();
  for (Json& file : now) {
    is_hashed = is_hashed && file.contains("hashed") &&
                (file.contains("hash") || file.contains("datasets") || file.contains(kAnswersHash));
    if (file.contains("hash")) {
      file["hash"] = "";
    }
    if (file.contains("datasets")) {
      for (auto& [name, hash] : file["datasets"].items()) {
        hash = "";
      }
    }
  }
  if (!is_hashed) {
    throw comm::CollectiveError{
        "replay: the manifest has no hashes of the inputs: its run was killed at its start, or is "
        "of another version of kith"};
  }
  hash_missing(comm, config, paths_of(files), now);
  comm::on_root(comm, [&] {
    for (Json& file : now) {
      if (file.contains(kAnswersHash)) {
        file[kAnswersHash] = digest_of_answers(config);
      }
    }
  });
  share(comm, now);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (now[i] != files[i]) {
      throw comm::CollectiveError{fmt::format(
          "replay: {} is not the file that the run was made from", files[i].value("path", ""))};
    }
  }
}

}  // namespace kith::run
