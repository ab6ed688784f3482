/// What people see of items: texts, pictures and places, which nothing is learned from.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/json.hpp"

namespace kith::review {

struct Preview {
  std::string text;  // cut
  std::string uri;
  std::string image;  // as a data: URI
};

/// Collective. Throws CollectiveError unless corpus.text, corpus.uri and corpus.image are of the
/// types and shapes that can be shown, in every file.
void check_previews(const comm::Communicator& comm, const corpus::Corpus& corpus,
                    const corpus::CorpusConfig& config);

/// Collective. Of these rows, in their order, the same on every rank. rows: the same on every rank.
/// Reads these rows only, each by the rank whose block they are in.
[[nodiscard]] std::vector<Preview> previews_of(const comm::Communicator& comm,
                                               const corpus::Corpus& corpus,
                                               const corpus::CorpusConfig& config,
                                               std::span<const Count> rows);

/// Adds what there is of it as the keys text, uri and image.
void add_preview(const Preview& preview, io::Json& json);

/// Is anything configured that can be shown?
[[nodiscard]] bool has_previews(const corpus::CorpusConfig& config);

}  // namespace kith::review
