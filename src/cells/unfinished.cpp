#include "cells/unfinished.hpp"

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

void save(const comm::Communicator& comm, const Unfinished& unfinished, Count num_items,
          comm::StateWriter& writer) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  const Quantizer& quantizer = unfinished.quantizer;
  writer.write_numbers(
      "/place", std::vector{number(unfinished.step), number(unfinished.splits),
                            number(unfinished.sample_items), number(unfinished.split_cells)});
  writer.write_numbers("/group_first_cell", std::vector<double>(quantizer.group_first_cell.begin(),
                                                                quantizer.group_first_cell.end()));
  save_centroids(comm, "/groups", quantizer.group_centroids, quantizer.dim, writer);
  save_centroids(comm, "/cells", quantizer.cell_centroids, quantizer.dim, writer);
  writer.write_rows("/homes", std::as_bytes(std::span{unfinished.homes}),
                    first_row(comm, num_items), num_items, sizeof(std::int32_t));
}

Unfinished load(const comm::Communicator& comm, Count num_items, Count dim,
                const comm::StateReader& reader) {
  Unfinished unfinished;
  const std::vector<double> place = reader.read_numbers("/place");
  unfinished.step = static_cast<Step>(place.at(0));
  unfinished.splits = static_cast<int>(place.at(1));
  unfinished.sample_items = static_cast<Count>(place.at(2));
  unfinished.split_cells = static_cast<Count>(place.at(3));
  Quantizer& quantizer = unfinished.quantizer;
  quantizer.dim = dim;
  for (const double cell : reader.read_numbers("/group_first_cell")) {
    quantizer.group_first_cell.push_back(static_cast<Count>(cell));
  }
  quantizer.group_centroids = load_centroids(comm, "/groups", quantizer.num_groups(), dim, reader);
  quantizer.cell_centroids = load_centroids(comm, "/cells", quantizer.num_cells(), dim, reader);
  unfinished.homes.resize(to_size(corpus::rows_of(num_items, comm.rank(), comm.size()).size()));
  reader.read_rows("/homes", std::as_writable_bytes(std::span{unfinished.homes}),
                   first_row(comm, num_items), sizeof(std::int32_t));
  return unfinished;
}

}  // namespace kith::cells
