#include "cells/build_state.hpp"

#include <string>

#include "kith/comm/collectives.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::cells {
namespace {

/// Collective. Centroids, the same on every rank: the root's.
void save_centroids(const comm::Communicator& comm, const std::string& name,
                    std::span<const float> centroids, Count dim, comm::StateWriter& writer) {
  const auto mine = comm.is_root() ? centroids : centroids.first(0);
  writer.write_rows(name, std::as_bytes(mine), 0, count_of(centroids) / dim,
                    dim * static_cast<Count>(sizeof(float)));
}

std::vector<float> load_centroids(const comm::Communicator& comm, const std::string& name,
                                  Count num_rows, Count dim, const comm::StateReader& reader) {
  std::vector<float> centroids(comm.is_root() ? to_size(num_rows * dim) : 0);
  reader.read_rows(name, std::as_writable_bytes(std::span{centroids}), 0,
                   dim * static_cast<Count>(sizeof(float)));
  comm::broadcast(comm, centroids);
  return centroids;
}

Count first_row(const comm::Communicator& comm, Count num_items) {
  return corpus::rows_of(num_items, comm.rank(), comm.size()).begin.value();
}

}  // namespace

void save(const comm::Communicator& comm, const BuildState& state, Count num_items,
          comm::StateWriter& writer) {
  const Quantizer& quantizer = state.quantizer;
  writer.write_counts("/place", std::vector<Count>{static_cast<Count>(state.step), state.splits,
                                                   state.sample_items, state.split_cells});
  writer.write_counts("/group_first_cell", quantizer.group_first_cell);
  save_centroids(comm, "/groups", quantizer.group_centroids, quantizer.dim, writer);
  save_centroids(comm, "/cells", quantizer.cell_centroids, quantizer.dim, writer);
  writer.write_rows("/homes", std::as_bytes(std::span{state.homes}), first_row(comm, num_items),
                    num_items, sizeof(std::int32_t));
}

BuildState load(const comm::Communicator& comm, Count num_items, Count dim,
                const comm::StateReader& reader) {
  BuildState state;
  const std::vector<Count> place = reader.read_counts("/place");
  state.step = static_cast<Step>(place.at(0));
  state.splits = static_cast<int>(place.at(1));
  state.sample_items = place.at(2);
  state.split_cells = place.at(3);
  Quantizer& quantizer = state.quantizer;
  quantizer.dim = dim;
  quantizer.group_first_cell = reader.read_counts("/group_first_cell");
  quantizer.group_centroids = load_centroids(comm, "/groups", quantizer.num_groups(), dim, reader);
  quantizer.cell_centroids = load_centroids(comm, "/cells", quantizer.num_cells(), dim, reader);
  state.homes.resize(to_size(corpus::rows_of(num_items, comm.rank(), comm.size()).size()));
  reader.read_rows("/homes", std::as_writable_bytes(std::span{state.homes}),
                   first_row(comm, num_items), sizeof(std::int32_t));
  return state;
}

}  // namespace kith::cells
