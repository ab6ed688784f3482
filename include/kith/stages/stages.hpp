/// The stages of Kith, and what is done with the results of a finished run.
#pragma once

#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/run/stage.hpp"

namespace kith::stages {

/// check, cells, knn, graph, label_model, heads, propagate, ensemble, qa.
[[nodiscard]] const run::StageList& all();

/// Collective. What `kith run` says at its end, from report.json: accuracy, estimate, recall,
/// paths.
[[nodiscard]] std::string summary(const comm::Communicator& comm, const config::Config& config);

/// Collective. Draws an audit of `budget` items from a finished run and writes the list to fill in;
/// the run directory keeps what was drawn. Fails if an audit there has answers. Returns what to
/// say.
[[nodiscard]] std::string export_audit(const comm::Communicator& comm, const config::Config& config,
                                       Count budget, const std::string& path);

/// What people are to be asked: `items` of them, chosen by `strategy` (empty: the default).
struct QueueOrder {
  Count items = 0;
  std::string strategy;
};

/// Collective. Asks people for the labels that tell most: brings the run up to date, writes the
/// questions in the form that the end of `path` says, and notes them in corpus.reviews. Without any
/// label the vectors alone decide. Returns what to say.
[[nodiscard]] std::string export_queue(const comm::Communicator& comm, const config::Config& config,
                                       const QueueOrder& order, const std::string& path);

/// Collective. Takes what people answered. Of an audit: does the statistics again with it. Of a
/// queue: into corpus.reviews; an answer that is there already changes nothing. annotator: whose
/// the answers are where the file does not say. Returns what to say. Throws CollectiveError, and
/// takes nothing, if any of them is no answer to any of the questions.
[[nodiscard]] std::string import_review(const comm::Communicator& comm,
                                        const config::Config& config, const std::string& path,
                                        const std::string& annotator);

/// Collective. Accuracy of the stated labels against the labels of a file in the form of
/// corpus.seeds, class by class, as a table with 95 % intervals. Seeds are left out.
[[nodiscard]] std::string evaluate(const comm::Communicator& comm, const config::Config& config,
                                   const std::string& gold_path);

/// Paths of kith votes; empty: none.
struct VotesFiles {
  std::string gold;    // read: labels in the form of corpus.seeds, only measured with
  std::string json;    // written: what is printed, and more, as JSON
  std::string labels;  // written: what the label model says, in the form of corpus.seeds
};

/// Collective. Describes the voters of corpus.votes and corpus.answers and the label models of
/// their votes, as text. Needs no seeds and no vectors. Files are new, or are not written. Memory:
/// the distinct rows of votes on every rank.
[[nodiscard]] std::string describe_votes(const comm::Communicator& comm,
                                         const config::Config& config, const VotesFiles& files);

/// Collective. Writes the graph of a finished run in corpus order: /neighbors, /distances (N x k,
/// as in ann-benchmarks) and the symmetric weights as CSR /affinity/{indptr,indices,data}. Rows of
/// duplicates repeat their representative's neighbors and are empty in the CSR.
void export_graph(const comm::Communicator& comm, const config::Config& config,
                  const std::string& path);

}  // namespace kith::stages
