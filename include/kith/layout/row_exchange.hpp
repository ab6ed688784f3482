/// From the graph's order to the corpus's: values of owned nodes become values of a block of rows.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/types.hpp"

namespace kith::layout {

/// An item that this rank knows: its row, and the owned node that speaks for it.
struct ItemOfNode {
  GlobalId row;
  LocalId node;
};

/// Plan made once, used for every column of labels.h5. Each rank ends with the rows of its block.
class RowExchange {
 public:
  /// Collective. items: those whose node this rank owns; over all ranks every row once.
  RowExchange(const comm::Communicator& comm, std::span<const ItemOfNode> items, Count num_rows);

  [[nodiscard]] IdRange<GlobalId> block() const { return block_; }

  /// Does every row of this rank's block have one node?
  [[nodiscard]] bool has_every_row() const;

  /// Collective. values: owned nodes x width. Returns the block's rows x width.
  template <class T>
  [[nodiscard]] std::vector<T> to_rows(std::span<const T> values, Count width = 1) const {
    std::vector<T> packed;
    packed.reserve(send_nodes_.size() * to_size(width));
    for (const LocalId node : send_nodes_) {
      const auto first = values.begin() + Count{node.value()} * width;
      packed.insert(packed.end(), first, first + width);
    }
    std::vector<Count> counts = send_counts_;
    for (Count& count : counts) {
      count *= width;
    }
    const comm::Received<T> received = comm::exchange<T>(*comm_, packed, counts);
    std::vector<T> rows(to_size(block_.size() * width));
    for (std::size_t i = 0; i < receive_rows_.size(); ++i) {
      std::copy_n(received.items.begin() + static_cast<Count>(i) * width, width,
                  rows.begin() + (receive_rows_[i].value() - block_.begin.value()) * width);
    }
    return rows;
  }

  /// Collective. values: the block's rows x width. Returns owned nodes x width: the values of each
  /// node's representative, its smallest row.
  template <class T>
  [[nodiscard]] std::vector<T> to_nodes(std::span<const T> values, Count num_nodes,
                                        Count width = 1) const {
    std::vector<T> packed;
    packed.reserve(receive_rows_.size() * to_size(width));
    for (const GlobalId row : receive_rows_) {
      const auto first = values.begin() + (row.value() - block_.begin.value()) * width;
      packed.insert(packed.end(), first, first + width);
    }
    std::vector<Count> counts = receive_counts_;
    for (Count& count : counts) {
      count *= width;
    }
    const std::vector<T> received = comm::exchange<T>(*comm_, packed, counts).items;
    std::vector<T> nodes(to_size(num_nodes * width));
    for (std::size_t i = send_nodes_.size(); i-- > 0;) {  // rows ascend: the smallest comes last
      std::copy_n(received.begin() + static_cast<Count>(i) * width, width,
                  nodes.begin() + Count{send_nodes_[i].value()} * width);
    }
    return nodes;
  }

 private:
  const comm::Communicator* comm_;
  IdRange<GlobalId> block_;
  std::vector<LocalId> send_nodes_;  // by destination
  std::vector<Count> send_counts_;   // items a rank
  std::vector<GlobalId> receive_rows_;
  std::vector<Count> receive_counts_;  // rows a rank
};

}  // namespace kith::layout
