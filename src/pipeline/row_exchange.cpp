#include "pipeline/row_exchange.hpp"

#include <numeric>

#include "kith/corpus/corpus.hpp"

namespace kith::pipeline {

Rank block_owner(GlobalId row, Count num_rows, int num_ranks) {
  int low = 0;
  int high = num_ranks - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (corpus::rows_of(num_rows, Rank{middle}, num_ranks).end <= row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Rank{low};
}

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
    ++send_counts_[to_size(block_owner(item.row, num_rows, comm.size()))];
    send_nodes_.push_back(item.node);
    rows.push_back(item.row);
  }
  receive_rows_ = comm::exchange<GlobalId>(comm, rows, send_counts_).items;
}

}  // namespace kith::pipeline
