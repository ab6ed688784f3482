#include "corpus/share_names.hpp"

#include "kith/comm/collectives.hpp"

namespace kith::corpus {

void broadcast_strings(const comm::Communicator& comm, std::vector<std::string>& strings) {
  std::vector<Count> lengths;
  std::string joined;
  for (const std::string& text : strings) {
    lengths.push_back(count_of(text));
    joined += text;
  }
  comm::broadcast(comm, lengths);
  comm::broadcast(comm, joined);
  strings.clear();
  std::size_t first = 0;
  for (const Count length : lengths) {
    strings.push_back(joined.substr(first, to_size(length)));
    first += to_size(length);
  }
}

}  // namespace kith::corpus
