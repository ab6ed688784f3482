#include <filesystem>
#include <memory>

#include <faiss/IndexFlat.h>
#include <faiss/index_io.h>

#include "kith/cells/cells.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/corpus/row_reader.hpp"
#include "kith/io/files.hpp"

namespace kith::cells {
namespace {

void require_finite(const std::string& path, std::span<const float> centroids, Count dim) {
  for (std::size_t first = 0; first < centroids.size(); first += to_size(dim)) {
    double square = 0;
    for (const float value : centroids.subspan(first, to_size(dim))) {
      square += double{value} * double{value};
    }
    if (!(square < corpus::kNormLimit * corpus::kNormLimit)) {  // NaN, too
      fail(
          "{}: centroid {} has a norm that is no number below 1e15; without this file its stage is "
          "done again",
          path, count_of(centroids.first(first)) / dim);
    }
  }
}

std::vector<float> read_centroids(const std::string& path, Count num_cells, Count dim) {
  std::unique_ptr<faiss::Index> index;
  try {
    index.reset(faiss::read_index(path.c_str()));
  } catch (const std::exception&) {
    fail("{}: cannot be read", path);
  }
  const auto* flat = dynamic_cast<const faiss::IndexFlatL2*>(index.get());
  if (flat == nullptr || flat->ntotal != num_cells || flat->d != dim) {
    fail("{}: must hold {} centroids of {} dimensions", path, num_cells, dim);
  }
  std::vector<float> centroids{flat->get_xb(), flat->get_xb() + num_cells * dim};
  require_finite(path, centroids, dim);
  return centroids;
}

}  // namespace

void save_centroids(const Shard& shard, const std::string& path) {
  comm::on_root(*shard.comm, [&] {
    faiss::IndexFlatL2 index{shard.dim};
    index.add(shard.layout.num_cells(), shard.centroids.data());
    const std::string temporary = io::part_path(path);
    try {
      faiss::write_index(&index, temporary.c_str());
    } catch (const std::exception&) {
      std::filesystem::remove(temporary);
      fail("{}: cannot be written", path);
    }
    io::publish_file(temporary, path);
  });
}

void load_centroids(Shard& shard, const std::string& path) {
  comm::on_root(*shard.comm, [&] {
    shard.centroids = read_centroids(path, shard.layout.num_cells(), shard.dim);
  });
  comm::broadcast(*shard.comm, shard.centroids);
}

}  // namespace kith::cells
