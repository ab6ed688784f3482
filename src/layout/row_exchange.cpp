#include "kith/layout/row_exchange.hpp"

#include <numeric>

#include "kith/corpus/corpus.hpp"

namespace kith::layout {

RowExchange::RowExchange(const comm::Communicator& comm, std::span<const ItemOfNode> items,
                         Count num_rows)
    : comm_{&comm},
      block_{corpus::rows_of(num_rows, comm.rank(), comm.size())},
      send_counts_(to_size(comm.size()), 0) {
  std::vector<ItemOfNode> sorted(items.begin(), items.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const ItemOfNode& a, const ItemOfNode& b) { return a.row < b.row; });
  std::vector<GlobalId> rows;
  for (const ItemOfNode& item : sorted) {  // blocks are in rank order, so rows are by destination
    ++send_counts_[to_size(corpus::owner_of(item.row, num_rows, comm.size()))];
    send_nodes_.push_back(item.node);
    rows.push_back(item.row);
  }
  comm::Received<GlobalId> received = comm::exchange<GlobalId>(comm, rows, send_counts_);
  for (int rank = 0; rank < comm.size(); ++rank) {
    receive_counts_.push_back(count_of(received.from(Rank{rank})));
  }
  receive_rows_ = std::move(received.items);
}

bool RowExchange::has_every_row() const {
  std::vector<bool> is_there(to_size(block_.size()));
  for (const GlobalId row : receive_rows_) {
    is_there[to_size(row.value() - block_.begin.value())] = true;
  }
  return receive_rows_.size() == is_there.size() &&
         std::all_of(is_there.begin(), is_there.end(), [](bool is) { return is; });
}

}  // namespace kith::layout
