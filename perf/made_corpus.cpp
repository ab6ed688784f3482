#include "made_corpus.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"

namespace kith::perf {
namespace {

constexpr Count kManifolds = 64;
constexpr Count kLatentDims = 24;

enum Draw : std::uint64_t { center, bend, wave, latent, noise, manifold, copy };

double uniform(std::int64_t id, Draw draw) {
  return random_uniform(7, Purpose::tie, id, draw);
}

/// Standard normal (Box and Muller).
float normal(std::int64_t id, Draw draw) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(2 * id, draw)));
  return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform(2 * id + 1, draw)));
}

std::vector<float> normals(Count count, float scale, Draw draw) {
  std::vector<float> values(to_size(count));
  for (Count i = 0; i < count; ++i) {
    values[to_size(i)] = scale * normal(i, draw);
  }
  return values;
}

/// Maps a few latent coordinates to a curved surface in `dim` dimensions.
class Manifolds {
 public:
  explicit Manifolds(Count dim)
      : dim_{dim},
        centers_{normals(kManifolds * dim, 0.7F, center)},
        bends_{normals(kManifolds * kLatentDims * dim, kScale, bend)},
        waves_{normals(kManifolds * kLatentDims * dim, kScale, wave)} {}

  void place(Count item, Count index, float spread, std::span<float> out) const {
    std::vector<float> bent(to_size(dim_), 0);
    std::vector<float> waved(to_size(dim_), 0);
    for (Count i = 0; i < kLatentDims; ++i) {
      const float coordinate = spread * normal(item * kLatentDims + i, latent);
      const Count first = (index * kLatentDims + i) * dim_;
      for (Count j = 0; j < dim_; ++j) {
        bent[to_size(j)] += coordinate * bends_[to_size(first + j)];
        waved[to_size(j)] += coordinate * waves_[to_size(first + j)];
      }
    }
    for (Count j = 0; j < dim_; ++j) {
      out[to_size(j)] = centers_[to_size(index * dim_ + j)] + std::tanh(bent[to_size(j)]) +
                        0.5F * std::sin(2 * waved[to_size(j)]) +
                        0.05F * spread * normal(item * dim_ + j, noise);
    }
  }

 private:
  static constexpr float kScale = 0.2F;  // about 1 / sqrt(latent dims)

  Count dim_;
  std::vector<float> centers_;
  std::vector<float> bends_;
  std::vector<float> waves_;
};

struct Place {
  Count manifold;
  float spread;
};

Place place_of(const std::string& name, Count item) {
  const double draw = uniform(item, manifold);
  if (name == "skewed") {
    if (draw < 1.0 / 3) {
      return {0, 0.1F};
    }
    const auto index = static_cast<Count>(kManifolds * std::pow((draw - 1.0 / 3) * 1.5, 3));
    return {index, 0.3F + 0.02F * static_cast<float>(index)};
  }
  return {static_cast<Count>(kManifolds * draw * draw), 1};
}

}  // namespace

bool is_made_corpus(const std::string& name) {
  return name == "mixture" || name == "skewed" || name == "duplicates";
}

std::vector<float> make_corpus(const std::string& name, Count num_items, Count dim) {
  const Manifolds manifolds{dim};
  std::vector<float> rows(to_size(num_items * dim));
  parallel_for(num_items, 256, [&](Count begin, Count end) {
    for (Count item = begin; item < end; ++item) {
      // The copied item itself is no copy: its number is no multiple of five.
      const bool is_copy = name == "duplicates" && item % 5 == 0 && item > 5;
      const Count source =
          is_copy ? static_cast<Count>(uniform(item, copy) * static_cast<double>(item / 5)) * 5 + 1
                  : item;
      const Place place = place_of(name, source);
      manifolds.place(source, place.manifold, place.spread,
                      std::span{rows}.subspan(to_size(item * dim), to_size(dim)));
    }
  });
  return rows;
}

}  // namespace kith::perf
