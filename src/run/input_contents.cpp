// What makes an input another one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kith/run/stage.hpp"

#include "run/inputs.hpp"

namespace kith::run {
namespace {

using io::Json;

std::string numbers_text(std::span<const std::int32_t> numbers) {
  return fmt::format("{};", fmt::join(numbers, " "));
}

bool is_of_reference(const Json& file) {
  return file.contains("of");
}

}  // namespace

std::string Inputs::hashes_of(const std::string& dataset) const {
  std::string text;
  for (const Json& file : files_) {
    if (!dataset.empty() && file.contains("datasets") && !is_of_reference(file)) {
      text += file["datasets"].value(dataset, "-") + "\n";
    }
  }
  return text;
}

std::string Inputs::hash_of_file(const std::string& path) const {
  std::string text;
  for (const Json& file : files_) {
    text += !path.empty() && file["path"] == path ? file.value("hash", "") : "";
  }
  return text;
}

std::string Inputs::hash_of_answers() const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [](const Json& file) { return file.contains(kAnswersHash); });
  return found == files_.end() ? std::string{} : found->value(kAnswersHash, "");
}

std::string Inputs::numbers_of(const corpus::Corpus& corpus,
                               const std::vector<std::int32_t> corpus::FileNumbers::*numbers) {
  std::string text;
  for (const corpus::FileExtent& file : corpus.files) {
    text += numbers_text(file.numbers.*numbers);
  }
  return text;
}

std::string Inputs::slices_text() const {
  std::string text;
  for (const corpus::Slices& slice : corpus_->slices) {
    text += fmt::format("{}\n{}\n{}", slice.dataset, fmt::join(slice.names, "\n"),
                        hashes_of(slice.dataset));
  }
  for (const corpus::FileExtent& file : corpus_->files) {
    for (const std::vector<std::int32_t>& groups : file.numbers.slices) {
      text += numbers_text(groups);
    }
  }
  return text;
}

std::string Inputs::probs_text() const {
  std::string text = numbers_of(*corpus_, &corpus::FileNumbers::prob_voters);
  for (const std::string& voter : corpus_->prob_names) {
    text += voter + "\n" + hashes_of(config_->corpus.probs + "/" + voter);
  }
  return text;
}

std::string Inputs::prototypes_text() const {
  std::string text = hashes_of(config_->corpus.prototypes);
  for (const config::GraphSource& graph : config_->graphs) {
    text += fmt::format("{}\n{}", graph.name, hashes_of(graph.prototypes));
  }
  return text;
}

std::string Inputs::reference_text() const {
  if (!*reference_) {
    return {};
  }
  std::string text = fmt::format("{}\n", fmt::join((*reference_)->class_names, "\n")) +
                     numbers_of(**reference_, &corpus::FileNumbers::classes);
  for (const Json& file : files_) {
    if (is_of_reference(file) && file.contains("datasets")) {
      for (const auto& [name, hash] : file["datasets"].items()) {
        text += hash.get<std::string>() + "\n";
      }
    }
  }
  return text + hash_of_file(config_->reference.seeds);
}

std::string Inputs::text_of(const std::string& input) const {
  const corpus::CorpusConfig& names = config_->corpus;
  if (input == "embeddings") {
    return hashes_of(names.embeddings);
  }
  if (input == "ids") {
    return fmt::format("{} {}", static_cast<int>(corpus_->id_kind), hashes_of(names.ids));
  }
  if (input == "prototypes") {
    return prototypes_text();
  }
  if (input == "voter names") {
    return fmt::format("{}\n\n{}", fmt::join(corpus_->vote_names, "\n"),
                       fmt::join(corpus_->prob_names, "\n"));
  }
  if (input == "slices") {
    return slices_text();
  }
  if (input == "previews") {
    return hashes_of(names.text) + hashes_of(names.uri) + hashes_of(names.image);
  }
  const std::string classes = fmt::format("{}\n", fmt::join(corpus_->class_names, "\n")) +
                              numbers_of(*corpus_, &corpus::FileNumbers::classes);
  if (input == "classes") {
    return classes;
  }
  if (input == "reference") {
    return classes + reference_text();
  }
  if (input == "seeds") {
    const std::string reviewed = config_->corpus.has_answers ? hash_of_answers() : "";
    const bool may_name_ids = !names.seeds.empty() || !reviewed.empty();
    return classes + hashes_of(names.labels) + hash_of_file(names.seeds) + reviewed +
           (may_name_ids ? content("ids") : "");
  }
  if (input == "gold") {
    return classes + hashes_of(names.gold);
  }
  if (input == "votes") {
    return classes + numbers_of(*corpus_, &corpus::FileNumbers::voters) +
           fmt::format("{}\n{}", fmt::join(corpus_->vote_names, "\n"), hashes_of(names.votes));
  }
  if (input == "answers") {
    return classes + hash_of_file(names.answers) + (names.answers.empty() ? "" : content("ids"));
  }
  if (input == "probs") {
    return classes + probs_text();
  }
  std::string text;
  for (const config::GraphSource& graph : config_->graphs) {
    text += input == input_of_graph(graph.name) ? hashes_of(graph.dataset) : "";
  }
  return text;
}

std::string Inputs::content(const std::string& input) const {
  return digest(text_of(input));
}

}  // namespace kith::run
