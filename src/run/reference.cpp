#include "kith/run/reference.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::run {
namespace {

std::string without_spaces(const std::string& name) {
  constexpr const char* kSpaces = " \t";
  const std::size_t first = name.find_first_not_of(kSpaces);
  return first == std::string::npos
             ? std::string{}
             : name.substr(first, name.find_last_not_of(kSpaces) + 1 - first);
}

/// "a, b, c, ..."
std::string some_names(std::span<const std::string> names) {
  constexpr std::size_t kNamed = 5;
  return fmt::format("{}{}", fmt::join(names.first(std::min(names.size(), kNamed)), ", "),
                     names.size() > kNamed ? ", ..." : "");
}

void require_fit(const config::Config& config, const corpus::Corpus& reference,
                 const corpus::Corpus& corpus) {
  if (reference.dim != corpus.dim) {
    fail("{}: {}: has {} values a vector, but {}: {} has {}: the same program must have made both",
         reference.files.front().path, quote(reference.embeddings), reference.dim,
         corpus.files.front().path, quote(corpus.embeddings), corpus.dim);
  }
  const std::vector<Label> labels = match_classes(reference, corpus);
  if (std::all_of(labels.begin(), labels.end(), [](Label label) { return label.is_none(); })) {
    fail("reference.files: none of its classes ({}) has the name of a class of the corpus ({}){}",
         quote(some_names(reference.class_names)), quote(some_names(corpus.class_names)),
         config.reference.classes.empty() ? ": set reference.classes" : "");
  }
}

}  // namespace

std::string of_reference(std::string sentence) {
  for (const char* key : {"files", "embeddings", "labels", "seeds", "classes"}) {
    const std::string name = std::string{"corpus."} + key;
    for (std::size_t at = sentence.find(name); at != std::string::npos; at = sentence.find(name)) {
      sentence.replace(at, name.size(), std::string{"reference."} + key);
    }
  }
  return sentence;
}

std::vector<Label> match_classes(const corpus::Corpus& reference, const corpus::Corpus& corpus) {
  std::map<std::string, Label> known;
  for (std::size_t k = 0; k < corpus.class_names.size(); ++k) {
    known.emplace(without_spaces(corpus.class_names[k]), Label{static_cast<std::int32_t>(k)});
  }
  std::vector<Label> labels;
  for (const std::string& name : reference.class_names) {
    const auto found = known.find(without_spaces(name));
    labels.push_back(found == known.end() ? Label{} : found->second);
  }
  return labels;
}

corpus::Corpus describe_reference(const comm::Communicator& comm, const config::Config& config,
                                  const corpus::Corpus& corpus) {
  corpus::Corpus reference;
  try {
    reference = corpus::describe(comm, config::corpus_of_reference(config));
  } catch (const comm::CollectiveError& error) {
    throw comm::CollectiveError{of_reference(error.what())};
  }
  comm::locally(comm, [&] { require_fit(config, reference, corpus); });
  return reference;
}

}  // namespace kith::run
