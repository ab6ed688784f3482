/// Where the votes of `kith votes` come from: columns of the corpus, a long table, or both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/answers.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/label_model/vote_table.hpp"

namespace kith::stages {

/// An item as it passes by; votes: by voter, those that were cast.
struct VotedItem {
  GlobalId row;
  std::span<const label_model::Vote> votes;
  std::int32_t known = -1;  // its seed's class
  std::int32_t gold = -1;
};

class VoteSource {
 public:
  /// Collective. gold_path: labels in the form of corpus.seeds that are only measured with, beside
  /// corpus.gold; or empty. Throws CollectiveError for whatever is wrong with the inputs.
  VoteSource(const comm::Communicator& comm, const config::Config& config,
             const std::string& gold_path);

  [[nodiscard]] Count num_items() const;
  [[nodiscard]] const std::vector<std::string>& classes() const { return classes_; }
  [[nodiscard]] const std::vector<std::string>& voters() const { return voters_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] bool has_gold() const { return has_gold_; }

  /// What items are called in a file for people: "row", or "item" where only a long table names
  /// them.
  [[nodiscard]] const char* item_column() const { return corpus_ ? "row" : "item"; }
  [[nodiscard]] std::string item_name(GlobalId row) const;

  /// Collective. This rank's items in order; votes are read in blocks. take: must not communicate.
  void for_each_item(const std::function<void(const VotedItem&)>& take) const;

  /// Collective. The distinct rows of all items.
  [[nodiscard]] label_model::VoteTable count() const;

 private:
  void read_corpus(const config::Config& config, const std::string& gold_path);
  void read_answers(const config::Config& config, const std::string& gold_path);
  void take_block(IdRange<GlobalId> block, const std::function<void(const VotedItem&)>& take) const;

  const comm::Communicator* comm_;
  corpus::CorpusConfig config_;
  std::optional<corpus::Corpus> corpus_;  // none: only a long table
  std::optional<corpus::Answers> answers_;
  std::vector<std::string> classes_;
  std::vector<std::string> voters_;  // columns of the corpus, then annotators
  std::vector<std::string> notes_;
  std::vector<std::int32_t> known_;  // of this rank's items; empty: none is known
  std::vector<std::int32_t> gold_;
  bool has_gold_ = false;
};

}  // namespace kith::stages
