/// The stages of Kith, and what is done with the results of a finished run.
#pragma once

#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/run/stage.hpp"

namespace kith::stages {

/// check, cells, knn, graph, heads, propagate, ensemble, qa.
[[nodiscard]] const run::StageList& all();

/// Collective. What `kith run` says at its end, from report.json: accuracy, estimate, recall,
/// paths.
[[nodiscard]] std::string summary(const comm::Communicator& comm, const config::Config& config);

/// Collective. Draws an audit of `budget` items from a finished run and writes the list to fill in;
/// the run directory keeps what was drawn. Fails if an audit there has answers. Returns what to
/// say.
[[nodiscard]] std::string export_audit(const comm::Communicator& comm, const config::Config& config,
                                       Count budget, const std::string& path);

/// Collective. Takes the labels of a filled-in list and does the statistics again with them.
[[nodiscard]] std::string import_audit(const comm::Communicator& comm, const config::Config& config,
                                       const std::string& path);

/// Collective. Accuracy of the stated labels against the labels of a file in the form of
/// corpus.seeds, class by class, as a table with 95 % intervals. Seeds are left out.
[[nodiscard]] std::string evaluate(const comm::Communicator& comm, const config::Config& config,
                                   const std::string& gold_path);

/// Collective. Writes the graph of a finished run in corpus order: /neighbors, /distances (N x k,
/// as in ann-benchmarks) and the symmetric weights as CSR /affinity/{indptr,indices,data}. Rows of
/// duplicates repeat their representative's neighbors and are empty in the CSR.
void export_graph(const comm::Communicator& comm, const config::Config& config,
                  const std::string& path);

}  // namespace kith::stages
