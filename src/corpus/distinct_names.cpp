#include "corpus/distinct_names.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"

#include "corpus/column.hpp"

namespace kith::corpus {
namespace {

using Names = std::unordered_set<std::string>;

/// Names of this rank's rows.
Names names_of_rows(const comm::Communicator& comm, const Corpus& corpus,
                    std::span<const std::string> datasets, Count most) {
  Names names;
  const IdRange<GlobalId> mine = rows_of(corpus.num_items, comm.rank(), comm.size());
  for (const std::string& dataset : datasets) {
    for_each_block(mine, kTextBlock, [&](IdRange<GlobalId> block) {
      for (std::string& name : read_text_column(corpus, dataset, block)) {
        names.insert(std::move(name));
      }
      if (count_of(names) > most + 1) {
        fail("{}: has more than {} distinct names, expected those of classes or groups",
             corpus.place_of(block.begin, dataset), most);
      }
    });
  }
  names.erase("");
  return names;
}

/// Texts without a zero byte, one behind the other.
std::vector<std::string> split(std::span<const char> joined) {
  std::vector<std::string> texts;
  std::string_view rest{joined.data(), joined.size()};
  while (!rest.empty()) {
    texts.emplace_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(texts.back().size() + 1);
  }
  return texts;
}

/// Collective. Each name on the rank that its hash names, once.
std::set<std::string> meet(const comm::Communicator& comm, const Names& names) {
  std::vector<std::string> to_rank(to_size(comm.size()));
  for (const std::string& name : names) {
    const std::uint64_t bits = hash_bytes(name.data(), name.size()).low;
    to_rank[bits % to_rank.size()] += name + '\0';
  }
  std::string packed;
  std::vector<Count> counts;
  for (const std::string& part : to_rank) {
    packed += part;
    counts.push_back(count_of(part));
  }
  const std::vector<std::string> met = split(comm::exchange<char>(comm, packed, counts).items);
  return {met.begin(), met.end()};
}

}  // namespace

std::vector<std::string> distinct_names(const comm::Communicator& comm, const Corpus& corpus,
                                        std::span<const std::string> datasets, Count most) {
  const Names names =
      comm::locally(comm, [&] { return names_of_rows(comm, corpus, datasets, most); });
  const std::set<std::string> met = meet(comm, names);
  const Count total = comm::sum_over_ranks(comm, count_of(met));
  comm::locally(comm, [&] {
    if (total > most) {
      fail("{}: has {} distinct names, expected at most {}, those of classes or groups",
           fmt::join(datasets, ", "), total, most);
    }
  });
  std::string joined;
  for (const std::string& name : met) {
    joined += name + '\0';
  }
  std::vector<std::string> all = split(comm::gather_to_all<char>(comm, joined).items);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace kith::corpus
