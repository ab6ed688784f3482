// What this machine does a second, measured by the kernels that a run spends its time in.
#include "run/measure_rates.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"
#include "kith/distance/nearest.hpp"
#include "kith/distance/panels.hpp"
#include "kith/run/plan.hpp"

namespace kith::run {
namespace {

using Clock = std::chrono::steady_clock;

double passed_s(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<float> made_vectors(Count count, Count dim) {
  std::vector<float> values(to_size(count * dim));
  parallel_for(count_of(values), 65536, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      values[to_size(i)] = static_cast<float>(random_uniform(1, Purpose::tie, i));
    }
  });
  return values;
}

/// Calls work() until the time is up; calls a second. Not collective.
template <class Work>
double rate_of(double seconds, Work&& work) {
  const Clock::time_point start = Clock::now();
  int calls = 0;
  do {
    work();
    ++calls;
  } while (passed_s(start) < seconds);
  return calls / passed_s(start);
}

double scan_rate(const PlanInput& input, double seconds) {
  constexpr Count kQueries = 600;
  constexpr Count kItems = 4800;  // of eight cells
  const std::vector<float> items = made_vectors(kItems, input.dim);
  distance::Panels panels;
  panels.pack(items, input.dim, distance::Nearness::l2);
  std::vector<std::int32_t> numbers(to_size(kQueries));
  std::iota(numbers.begin(), numbers.end(), 0);
  const Count blocks = num_threads();
  const double rate = rate_of(seconds, [&] {
    parallel_for(blocks, 1, [&](Count, Count) {
      distance::Scanner scanner{input.dim, input.k};
      std::vector<distance::Neighbor> found(to_size(kQueries * input.k));
      scanner.start(std::span{items}.first(to_size(kQueries * input.dim)));
      scanner.scan(panels, 0, numbers);
      scanner.finish(found);
    });
  });
  return rate * static_cast<double>(2 * blocks * kQueries * kItems * input.dim);
}

double direct_rate(const PlanInput& input, double seconds) {
  const Count num_items = std::max<Count>(1024, (Count{64} << 20) / (input.dim * 4));
  const std::vector<float> items = made_vectors(num_items, input.dim);
  constexpr Count kRows = 256;
  const Count blocks = Count{16} * num_threads();
  const double rate = rate_of(seconds, [&] {
    parallel_for(blocks, 1, [&](Count block, Count) {
      std::vector<const std::byte*> rows;
      for (Count i = 0; i < kRows; ++i) {
        const auto item =
            random_bits(2, Purpose::tie, block * kRows + i) % static_cast<std::uint64_t>(num_items);
        const Count first = static_cast<Count>(item) * input.dim;
        rows.push_back(std::as_bytes(std::span{items}.subspan(to_size(first))).data());
      }
      std::vector<float> out(rows.size());
      distance::squared_distances(std::span{items}.first(to_size(input.dim)),
                                  distance::RowType::f32, rows, out);
    });
  });
  return rate * static_cast<double>(3 * blocks * kRows * input.dim);
}

double memory_rate(double seconds) {
  const Count count = Count{16} << 20;
  std::vector<float> from(to_size(count), 1.0F);
  std::vector<float> to(to_size(count), 0.0F);
  const double rate = rate_of(seconds, [&] {
    parallel_for(count, 1 << 18, [&](Count begin, Count end) {
      for (auto i = to_size(begin); i < to_size(end); ++i) {
        to[i] += 0.5F * from[i];
      }
    });
  });
  return rate * static_cast<double>(3 * count * Count{sizeof(float)});
}

/// Bytes a second of large reads, from the page cache if the file is there. 0: no such file.
double read_rate(const std::string& path, double seconds) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);  // NOLINT
  if (file < 0) {
    return 0;
  }
  std::vector<char> buffer(std::size_t{8} << 20);
  Count total = 0;
  const Clock::time_point start = Clock::now();
  while (passed_s(start) < seconds) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 || (got == 0 && (total == 0 || ::lseek(file, 0, SEEK_SET) != 0))) {
      break;
    }
    total += got;
  }
  const double rate = static_cast<double>(total) / passed_s(start);
  ::close(file);
  return rate;
}

}  // namespace

Rates measure_rates(const comm::Communicator& comm, const PlanInput& input, const std::string& file,
                    double seconds) {
  const double each = seconds / 8;  // the sweeps take what they take, about half of it
  const auto slowest = [&](double rate) { return -comm::max_over_ranks(comm, -rate); };
  Rates rates;
  rates.scan_flops = slowest(scan_rate(input, each));
  rates.direct_flops = slowest(direct_rate(input, each));
  rates.memory_bytes = slowest(memory_rate(each));
  constexpr double kGuess = 1e9;  // where nothing can be read
  const double read = slowest(read_rate(file, each));
  rates.read_bytes = read > 0 ? read : kGuess;
  std::vector<ensemble::MemberConfig> swept;
  std::vector<ensemble::MemberConfig> solved;
  for (const ensemble::MemberConfig& member : input.members) {
    if (member.head != nullptr) {
      continue;
    }
    if (member.solver.solver == propagate::Solver::conjugate_gradient) {
      solved.push_back(member);
    } else if (member.solver.method->facts().walk == propagate::Walk::neighbor_sums) {
      swept.push_back(member);
    }
  }
  rates.entries = sweep_rate(comm, input, swept);
  rates.solver_entries = sweep_rate(comm, input, solved);
  constexpr int kCalls = 200;
  Clock::time_point start = Clock::now();
  for (int i = 0; i < kCalls; ++i) {
    (void)comm::sum_over_ranks(comm, Count{1});
  }
  rates.allreduce_s = comm::max_over_ranks(comm, passed_s(start)) / kCalls;
  const std::vector<float> sent(std::size_t{1} << 20, 1.0F);
  const std::vector<Count> counts(to_size(comm.size()), count_of(sent) / comm.size());
  const auto sum = static_cast<std::size_t>(counts[0] * comm.size());
  constexpr int kExchanges = 20;
  start = Clock::now();
  for (int i = 0; i < kExchanges; ++i) {
    (void)comm::exchange<float>(comm, std::span{sent}.first(sum), counts);
  }
  rates.exchange_bytes = kExchanges * static_cast<double>(sum * sizeof(float)) /
                         comm::max_over_ranks(comm, passed_s(start));
  return rates;
}

}  // namespace kith::run
