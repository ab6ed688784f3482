#include "propagate/reference.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>

#include "propagate/reference_poisson.hpp"

namespace kith::propagate::test {
namespace {

Matrix reference_harmonic(const Matrix& w, const Task& task, int sweeps) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  const auto d = degrees(w);
  Matrix f = y;
  for (int t = 0; t < sweeps; ++t) {
    Matrix next = product(w, f);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const bool is_seed = std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0;
      for (std::size_t c = 0; c < kClasses; ++c) {
        next[i][c] = is_seed ? y[i][c] : next[i][c] / (d[i] > 0 ? d[i] : 1);
      }
    }
    f = next;
  }
  normalize(f);
  return f;
}

Matrix reference_spreading(const Matrix& w, const Task& task, int sweeps) {
  const Matrix y = one_hot(task, w.size());
  const auto d = degrees(w);
  const double alpha = task.solver.parameters["alpha"];
  Matrix s = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      s[i][j] = w[i][j] > 0 ? w[i][j] / std::sqrt(d[i] * d[j]) : 0;
    }
  }
  Matrix f(w.size(), std::vector<double>(kClasses, 0.0));
  for (int t = 0; t <= sweeps; ++t) {
    f = product(s, f);
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t c = 0; c < kClasses; ++c) {
        f[i][c] = alpha * f[i][c] + (1 - alpha) * y[i][c];
      }
    }
  }
  normalize(f);
  return f;
}

/// Z. Shi et al.: heavier edges at seeds, written out as another graph.
Matrix reference_wnll(Matrix w, const Task& task, int sweeps) {
  std::vector<char> is_seed(w.size(), 0);
  for (const NodeSeed& seed : task.seeds) {
    is_seed[to_size(seed.node)] = 1;
  }
  const double seeds = static_cast<double>(std::count(is_seed.begin(), is_seed.end(), 1));
  const double ratio = static_cast<double>(w.size()) / seeds;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) {
      const double times = (is_seed[i] != 0 ? ratio : 1) + (is_seed[j] != 0 ? ratio : 1);
      w[i][j] *= times / 2;
    }
  }
  return reference_harmonic(w, task, sweeps);
}

Matrix reference_trusting(const Matrix& w, const Task& task, int sweeps) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  const auto d = degrees(w);
  const double t = task.solver.parameters["seed_trust"];
  Matrix f = y;
  for (auto& row : f) {
    for (double& value : row) {
      value *= t;
    }
  }
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    Matrix next = product(w, f);
    for (std::size_t i = 0; i < w.size(); ++i) {
      const bool is_seed = std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0;
      for (std::size_t c = 0; c < kClasses; ++c) {
        const double mean = d[i] > 0 ? next[i][c] / d[i] : 0;
        next[i][c] = is_seed ? t * y[i][c] + (1 - t) * mean : mean;
      }
    }
    f = next;
  }
  normalize(f);
  return f;
}

Matrix reference_adsorption(const Matrix& w, const Task& task, int sweeps) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  const auto d = degrees(w);
  const std::size_t n = w.size();
  std::vector<double> inject(n);
  std::vector<double> go_on(n);
  for (std::size_t v = 0; v < n; ++v) {
    double h = 0;
    for (const double weight : w[v]) {
      h -= weight > 0 ? weight / d[v] * std::log(weight / d[v]) : 0;
    }
    const bool is_seed = std::accumulate(y[v].begin(), y[v].end(), 0.0) > 0;
    const double c = std::log(2) / std::log(2 + std::exp(h));
    const double e = is_seed ? (1 - c) * std::sqrt(h) : 0;
    const double z = std::max(c + e, 1.0);
    inject[v] = e / z;
    go_on[v] = c / z;
  }
  const SolverConfig& mu = task.solver;
  Matrix f = Matrix(n, std::vector<double>(kClasses, 0.0));
  for (int t = 0; t <= sweeps; ++t) {
    Matrix next = f;
    for (std::size_t v = 0; v < n; ++v) {
      double m = mu.parameters["injection"] * inject[v] + mu.parameters["abandonment"];
      std::vector<double> sum(kClasses, 0.0);
      for (std::size_t u = 0; u < n; ++u) {
        const double both = go_on[v] * w[v][u] + go_on[u] * w[u][v];
        m += mu.parameters["continuation"] * both;
        for (std::size_t c = 0; c < kClasses; ++c) {
          sum[c] += mu.parameters["continuation"] * both * f[u][c];
        }
      }
      for (std::size_t c = 0; c < kClasses; ++c) {
        const double own =
            inject[v] > 0 ? mu.parameters["injection"] * inject[v] / m : mu.parameters["injection"];
        next[v][c] = own * y[v][c] + sum[c] / m;
      }
    }
    f = next;
  }
  normalize(f);
  return f;
}

Matrix reference_nearest(const Matrix& w, const Task& task) {
  const std::size_t n = w.size();
  std::map<Position, std::map<Label, double>> seeds;
  for (const NodeSeed& seed : task.seeds) {
    seeds[seed.node][seed.label] += seed.weight;
  }
  std::vector<std::vector<std::pair<double, Position>>> near(n);
  for (const auto& [source, labels] : seeds) {
    std::vector<double> distance(n, std::numeric_limits<double>::infinity());
    distance[to_size(source)] = 0;
    for (std::size_t round = 0; round < n; ++round) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          if (w[i][j] > 0) {
            distance[i] = std::min(distance[i], distance[j] + 1 / w[i][j]);
          }
        }
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isfinite(distance[i])) {
        near[i].emplace_back(distance[i], source);
      }
    }
  }
  Matrix f(n, std::vector<double>(kClasses, 0.0));
  for (std::size_t i = 0; i < n; ++i) {
    std::sort(near[i].begin(), near[i].end());
    near[i].resize(
        std::min(near[i].size(), static_cast<std::size_t>(task.solver.parameters["nearest"])));
    for (const auto& [distance, source] : near[i]) {
      for (const auto& [label, weight] : seeds[source]) {
        f[i][to_size(label)] += weight * (distance > 0 ? near[i][0].first / distance : 1);
      }
    }
  }
  normalize(f);
  return f;
}

/// One run of F <- (1 - a) F0 + a S F with F = F0 at first.
Matrix smooth(const Matrix& w, const Matrix& start, double a, int sweeps) {
  const auto d = degrees(w);
  Matrix f = start;
  for (auto& row : f) {
    for (double& value : row) {
      value *= 1 - a;
    }
  }
  for (int t = 0; t < sweeps; ++t) {
    Matrix scaled = f;
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (double& value : scaled[i]) {
        value /= d[i] > 0 ? std::sqrt(d[i]) : 1;
      }
    }
    Matrix next = product(w, scaled);
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t c = 0; c < kClasses; ++c) {
        const double s = next[i][c] / (d[i] > 0 ? std::sqrt(d[i]) : 1);
        next[i][c] = (1 - a) * start[i][c] + a * s;
      }
    }
    f = next;
  }
  return f;
}

/// sweeps: of each of the two steps.
Matrix reference_correct_smooth(const Matrix& w, const Task& task, int sweeps, const Matrix& base) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  Matrix error(w.size(), std::vector<double>(kClasses, 0.0));
  double sigma = 0;
  int seeds = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0) {
      ++seeds;
      for (std::size_t c = 0; c < kClasses; ++c) {
        error[i][c] = y[i][c] - base[i][c];
        sigma += std::abs(error[i][c]);
      }
    }
  }
  sigma /= seeds;
  const Matrix spread = smooth(w, error, task.solver.parameters["alpha"], sweeps);
  const auto d = degrees(w);
  Matrix corrected = base;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double size = 0;
    for (const double value : spread[i]) {
      size += std::abs(value);
    }
    const bool is_seed = std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
      corrected[i][c] += size > 0 ? sigma * spread[i][c] / size : 0;
      corrected[i][c] = is_seed ? y[i][c] : corrected[i][c];
    }
  }
  Matrix f = smooth(w, corrected, task.solver.parameters["smoothing"], sweeps);
  for (auto& row : f) {
    for (double& value : row) {
      value = std::max(value, 0.0);
    }
  }
  normalize(f);
  return f;
}

/// Seeds clamped, all else drawn to the voter.
Matrix reference_smooth(const Matrix& w, const Task& task, int sweeps, const Matrix& base) {
  Matrix y = one_hot(task, w.size());
  normalize(y);
  const auto is_seed = [&](std::size_t i) {
    return std::accumulate(y[i].begin(), y[i].end(), 0.0) > 0;
  };
  const double beta = task.solver.parameters["smoothing"];
  const auto d = degrees(w);
  Matrix f = y;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    Matrix next = f;
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t c = 0; c < kClasses && !is_seed(i); ++c) {
        double sum = 0;
        for (std::size_t j = 0; j < w.size(); ++j) {
          sum += w[i][j] > 0 ? w[i][j] * f[j][c] / std::sqrt(d[i] * d[j]) : 0.0;
        }
        next[i][c] = (1 - beta) * base[i][c] + beta * sum;
      }
    }
    f = next;
  }
  normalize(f);
  return f;
}

}  // namespace

Matrix reference(const Matrix& w, const Task& task, int sweeps, const Matrix& base) {
  using Reference = std::function<Matrix()>;
  const std::map<std::string, Reference> references{
      {"harmonic",
       [&] {
         return task.solver.parameters["seed_trust"] < 1 ? reference_trusting(w, task, sweeps)
                                                         : reference_harmonic(w, task, sweeps);
       }},
      {"spreading", [&] { return reference_spreading(w, task, sweeps); }},
      {"walk", [&] { return reference_spreading(w, task, sweeps); }},
      {"poisson", [&] { return reference_poisson(w, task, sweeps); }},
      {"wnll", [&] { return reference_wnll(w, task, sweeps); }},
      {"adsorption", [&] { return reference_adsorption(w, task, sweeps); }},
      {"nearest_seed", [&] { return reference_nearest(w, task); }},
      {"correct_smooth", [&] { return reference_correct_smooth(w, task, sweeps, base); }},
      {"smooth", [&] { return reference_smooth(w, task, sweeps, base); }},
      {"poisson_volume", [&] { return reference_volume(w, task, sweeps); }},
  };
  return references.at(task.solver.method->name())();
}

}  // namespace kith::propagate::test
