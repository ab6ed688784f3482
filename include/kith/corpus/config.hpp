/// Where the corpus is and what its datasets are called.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace kith::corpus {

/// What near means. Under cosine every vector is scaled to unit length as it is read.
enum class Metric : std::uint8_t { l2, cosine, inner_product };
[[nodiscard]] const char* to_string(Metric metric);

/// Paths of files, names of datasets in them. An empty name means: not used. Classes and groups are
/// integers, whole floats, booleans, members of an enumeration or strings.
struct CorpusConfig {
  std::vector<std::string> files;          // paths or globs: expand_files()
  std::string embeddings = "/embeddings";  // [N, d] of f32, f16, f64, u8 or i8
  std::string ids = "/ids";                // [N] integers or strings, used if present
  std::string labels;                      // [N] classes; -1 = none: seeds as a column
  std::string seeds;                       // path: CSV (row|id,label[,weight]) or HDF5 (/seeds)
  std::string reviews;                     // path: what people were asked and said: ledger.hpp
  std::string adjudicator;                 // of reviews: whose word counts where they disagree
  std::string gold;                        // [N] classes; -1 = unknown; only measured with
  std::string classes;                     // dataset, or path of a text file; names in order
  std::string votes;                       // [N, M] classes; -1 = abstains
  std::string answers;                     // path: CSV or HDF5 (item|row|id,annotator,label[,time])
  std::string probs;                       // group with one [N, K] float dataset a voter
  std::string prototypes;                  // [K, d] class vectors, say of the classes' names
  std::string text;                        // [N] strings, shown to people only
  std::string uri;                         // [N] strings: where an item lies; the same
  std::string image;                       // [N, H, W(, 3)] of u8; the same
  std::vector<std::string> slices;         // [N] each: the group of an item; -1 = in none
  Metric metric = Metric::l2;
  bool allow_missing_classes = false;  // a class without seed is no error
  bool soft_seeds = false;             // a row may have several labels, by weight
  bool has_answers = false;            // reviews has a label: as known when the program starts
  std::function<bool(const std::string&)>
      is_no_input;  // paths that a glob leaves out; none if empty

  [[nodiscard]] bool has_seeds() const { return !labels.empty() || !seeds.empty() || has_answers; }
};

/// Throws Error with one sentence. Looks at names only, not at files.
void validate(const CorpusConfig& config);

}  // namespace kith::corpus
