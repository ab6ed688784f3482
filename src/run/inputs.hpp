/// What stages read of the corpus, told apart by content: not by name, place or time of a file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/json.hpp"

namespace kith::run {

/// What an entry of Inputs::files() has of corpus.reviews: not its bytes, which every question
/// changes, but what people agree on.
inline constexpr const char* kAnswersHash = "answers";

/// Had people labeled items when the run of this manifest was made?
[[nodiscard]] bool has_reviewed_input(const io::Json& manifest);

/// The datasets and files that a run reads, with a hash of each.
class Inputs {
 public:
  /// Collective. Hashes what `remembered`, the list of an earlier manifest, does not have of a file
  /// of this place, size and time: a start after nothing has changed reads nothing. Every value
  /// counts, but of vectors and probabilities above 64 MiB a sample, unless run.hash_inputs = full.
  Inputs(const comm::Communicator& comm, const config::Config& config, const corpus::Corpus& corpus,
         const std::optional<corpus::Corpus>& reference, const io::Json& remembered);

  /// A digest of an input: embeddings, ids, classes, seeds, gold, votes, probs, voter names,
  /// slices, previews, reference, or input_of_graph(). Of seeds, gold, votes, probs and reference
  /// also of what their numbers mean.
  [[nodiscard]] std::string content(const std::string& input) const;

  /// For the manifest: path, bytes and stamp of each file, and the hashes of its datasets.
  [[nodiscard]] const io::Json& files() const { return files_; }

 private:
  /// In the files of the corpus.
  [[nodiscard]] std::string hashes_of(const std::string& dataset) const;
  [[nodiscard]] std::string hash_of_file(const std::string& path) const;
  [[nodiscard]] std::string hash_of_answers() const;
  [[nodiscard]] static std::string numbers_of(
      const corpus::Corpus& corpus, const std::vector<std::int32_t> corpus::FileNumbers::*numbers);
  [[nodiscard]] std::string slices_text() const;
  [[nodiscard]] std::string probs_text() const;
  [[nodiscard]] std::string prototypes_text() const;
  [[nodiscard]] std::string reference_text() const;
  /// What content() is a digest of.
  [[nodiscard]] std::string text_of(const std::string& input) const;

  const config::Config* config_;
  const corpus::Corpus* corpus_;
  const std::optional<corpus::Corpus>* reference_;
  io::Json files_;  // the same on all ranks
};

/// Collective. Throws CollectiveError if the dataset of a graph of other vectors is not there, or
/// of another size than the corpus.
void check_graph_inputs(const comm::Communicator& comm, const config::Config& config,
                        const corpus::Corpus& corpus);

/// Collective. Throws CollectiveError if a file of Inputs::files() has not the same hashes now, or
/// if there are none.
void require_same_inputs(const comm::Communicator& comm, const config::Config& config,
                         const io::Json& files);

/// 32 hexadecimal digits.
[[nodiscard]] std::string digest(const std::string& text);

}  // namespace kith::run
