#include "propagate/reference_poisson.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kith::propagate::test {

std::vector<double> degrees(const Matrix& w) {
  std::vector<double> d;
  for (const auto& row : w) {
    d.push_back(std::accumulate(row.begin(), row.end(), 0.0));
  }
  return d;
}

Matrix product(const Matrix& w, const Matrix& f) {
  Matrix result(w.size(), std::vector<double>(f[0].size(), 0.0));
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      for (std::size_t c = 0; c < f[0].size() && w[i][j] != 0; ++c) {
        result[i][c] += w[i][j] * f[j][c];
      }
    }
  }
  return result;
}

Matrix one_hot(const Task& task, std::size_t n) {
  Matrix y(n, std::vector<double>(kClasses, 0.0));
  for (const NodeSeed& seed : task.seeds) {
    y[to_size(seed.node)][to_size(seed.label)] += seed.weight;
  }
  return y;
}

void normalize(Matrix& f) {
  for (auto& row : f) {
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& value : row) {
      value /= sum > 0 ? sum : 1;
    }
  }
}

Matrix reference_poisson(const Matrix& w, const Task& task, int sweeps) {
  const Matrix y = one_hot(task, w.size());
  const auto d = degrees(w);
  std::vector<double> mean(kClasses, 0.0);
  double total = 0;
  for (const NodeSeed& seed : task.seeds) {
    mean[to_size(seed.label)] += seed.weight;
    total += seed.weight;
  }
  Matrix u(w.size(), std::vector<double>(kClasses, 0.0));
  for (int t = 0; t <= sweeps; ++t) {
    Matrix next = product(w, u);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double weight = std::accumulate(y[i].begin(), y[i].end(), 0.0);
      for (std::size_t c = 0; c < kClasses; ++c) {
        const double source = (y[i][c] - weight * mean[c] / total) / total;
        next[i][c] = d[i] > 0 ? (next[i][c] + source) / d[i] : source;
      }
    }
    u = next;
  }
  return u;
}

namespace {

std::size_t best(const std::vector<double>& row, const std::vector<double>& r) {
  std::size_t found = 0;
  for (std::size_t c = 1; c < row.size(); ++c) {
    found = row[c] * r[c] > row[found] * r[found] ? c : found;
  }
  return found;
}

bool is_zero(const std::vector<double>& row) {
  return std::all_of(row.begin(), row.end(), [](double value) { return value == 0; });
}

}  // namespace

/// Algorithm 2 of Calder et al. first_sweeps: of the Poisson learning before.
Matrix reference_volume(const Matrix& w, const Task& task, int first_sweeps) {
  const Matrix first = reference_poisson(w, task, first_sweeps);
  const Matrix y = one_hot(task, w.size());
  const auto d = degrees(w);
  const double dt = 1 / *std::max_element(d.begin(), d.end());
  std::vector<double> mean(kClasses, 0.0);
  double total = 0;
  for (const NodeSeed& seed : task.seeds) {
    mean[to_size(seed.label)] += seed.weight;
    total += seed.weight;
  }
  Matrix u(w.size(), std::vector<double>(kClasses, 0.0));
  std::vector<std::size_t> labels(w.size(), 99);
  std::vector<std::size_t> before(w.size(), 77);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (!is_zero(first[i])) {
      u[i][best(first[i], std::vector<double>(kClasses, 1.0))] = 1;
    }
  }
  std::vector<double> r;
  for (int outer = 0; outer < 20; ++outer) {
    for (int inner = 0; inner < 40; ++inner) {
      Matrix next = product(w, u);
      for (std::size_t i = 0; i < w.size(); ++i) {
        const double weight = std::accumulate(y[i].begin(), y[i].end(), 0.0);
        for (std::size_t c = 0; c < kClasses; ++c) {
          const double source = y[i][c] - weight * mean[c] / total;
          next[i][c] = u[i][c] - dt * (d[i] * u[i][c] - next[i][c] - source);
        }
      }
      u = next;
    }
    r.assign(kClasses, 1.0);
    for (int step = 0; step < 100; ++step) {
      std::vector<double> share(kClasses, 0.0);
      double reached = 0;
      for (const auto& row : u) {
        if (!is_zero(row)) {
          share[best(row, r)] += 1;
          reached += 1;
        }
      }
      double farthest = 0;
      for (std::size_t c = 0; c < kClasses; ++c) {
        share[c] = (task.prior.empty() ? mean[c] / total : task.prior[c]) - share[c] / reached;
        farthest = std::max(farthest, std::abs(share[c]));
      }
      if (farthest < 1e-3) {
        break;
      }
      for (std::size_t c = 0; c < kClasses; ++c) {
        r[c] = std::clamp(r[c] + 10 * share[c], 0.5, 2.0);
      }
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      labels[i] = is_zero(u[i]) ? 99 : best(u[i], r);
    }
    if (labels == before || outer == 19) {
      break;
    }
    before = labels;
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t c = 0; c < kClasses; ++c) {
        u[i][c] = labels[i] == c ? 1 : 0;
      }
    }
  }
  for (auto& row : u) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      row[c] = std::max(row[c] * r[c], 0.0);
    }
  }
  normalize(u);
  return u;
}

}  // namespace kith::propagate::test
