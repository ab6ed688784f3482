// Seconds of every statistic of one pass over a corpus' votes and probabilities, part by part.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "kith/comm/communicator.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/label_model/dawid_skene.hpp"
#include "kith/qa/acceptance.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/audit_design.hpp"
#include "kith/qa/calibration.hpp"
#include "kith/qa/diversity.hpp"
#include "kith/qa/label_errors.hpp"
#include "kith/qa/unsupervised_accuracy.hpp"

namespace {

using namespace kith;  // NOLINT(google-build-using-namespace)

struct Options {
  Count items = 10'000'000;
  int voters = 8;
  int classes = 10;
  int draws = 1000;
  double shared = 0.7;  // share of a voter's errors that it has in common with the others
  int repeats = 1;
};

/// Voters of one ensemble: right on easy items, at odds on hard ones, often wrong together.
struct Corpus {
  std::vector<GlobalId> ids;
  std::vector<Label> truth;
  std::vector<Label> predicted;
  std::vector<float> confidences;
  std::vector<std::int32_t> votes;
  std::vector<float> probabilities;
};

void make_item(const Options& options, std::size_t i, Corpus& corpus) {
  const auto uniform = [&](int draw) {
    return random_uniform(1, Purpose::pilot_sample, static_cast<std::int64_t>(i),
                          static_cast<std::uint64_t>(draw));
  };
  const auto num_voters = to_size(options.voters);
  const auto num_classes = to_size(options.classes);
  const int truth = static_cast<int>(uniform(0) * options.classes);
  const double hardness = uniform(1) * uniform(1);  // chance of being wrong: 1/3 on the mean
  const int confused = static_cast<int>(uniform(2) * options.classes);
  std::vector<int> tally(num_classes, 0);
  for (std::size_t m = 0; m < num_voters; ++m) {
    const int draw = 3 + 3 * static_cast<int>(m);
    const int own = static_cast<int>(uniform(draw + 1) * options.classes);
    const int wrong = uniform(draw + 2) < options.shared ? confused : own;
    const int vote = uniform(draw) < hardness ? wrong : truth;
    corpus.votes[i * num_voters + m] = vote;
    ++tally[to_size(vote)];
  }
  float* row = corpus.probabilities.data() + i * num_classes;
  for (std::size_t k = 0; k < num_classes; ++k) {
    row[k] = (static_cast<float>(tally[k]) + 0.1F) /
             (static_cast<float>(options.voters) + 0.1F * static_cast<float>(options.classes));
  }
  const auto best = std::max_element(row, row + num_classes);
  corpus.ids[i] = GlobalId{static_cast<std::int64_t>(i)};
  corpus.truth[i] = Label{truth};
  corpus.predicted[i] = Label{static_cast<std::int32_t>(best - row)};
  corpus.confidences[i] = *best;
}

Corpus make_corpus(const Options& options) {
  const auto size = to_size(options.items);
  Corpus corpus;
  corpus.ids.resize(size);
  corpus.truth.resize(size);
  corpus.predicted.resize(size);
  corpus.confidences.resize(size);
  corpus.votes.resize(size * to_size(options.voters));
  corpus.probabilities.resize(size * to_size(options.classes));
  parallel_for(options.items, 4096, [&](Count begin, Count end) {
    for (auto i = to_size(begin); i < to_size(end); ++i) {
      make_item(options, i, corpus);
    }
  });
  return corpus;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

class Stopwatch {
 public:
  Stopwatch(const Options& options, int repeat) : options_{options}, repeat_{repeat} {}

  template <class Work>
  auto time(const std::string& part, Work&& work) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    auto result = work();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    total_ += seconds;
    report(part, seconds);
    return result;
  }
  void finish() { report("all", total_); }

 private:
  void report(const std::string& part, double seconds) const {
    fmt::print("{},{},{},{},{},{},{},{:.3f},{:.0f}\n", KITH_GIT_HASH, num_threads(), options_.items,
               options_.voters, options_.classes, repeat_, part, seconds, peak_mib());
    std::fflush(stdout);
  }

  const Options& options_;
  int repeat_;
  double total_ = 0;
};

/// Votes with the truth as one more voter.
std::vector<std::int32_t> with_truth(const Corpus& corpus, int num_voters) {
  std::vector<std::int32_t> votes(corpus.truth.size() * to_size(num_voters + 1));
  for (std::size_t i = 0; i < corpus.truth.size(); ++i) {
    const auto from = corpus.votes.begin() + static_cast<Count>(i) * num_voters;
    const auto to = votes.begin() + static_cast<Count>(i) * (num_voters + 1);
    *std::copy(from, from + num_voters, to) = corpus.truth[i].value();
  }
  return votes;
}

void measure_votes(const comm::Communicator& comm, const Options& options, const Corpus& corpus,
                   Stopwatch& watch) {
  const auto patterns = watch.time("patterns", [&] {
    return label_model::count_patterns(comm, corpus.votes, options.voters, options.classes);
  });
  fmt::print(stderr, "patterns={}\n", patterns.size());
  const auto agreement =
      watch.time("agreement", [&] { return qa::measure_agreement(patterns, options.draws, 1); });
  const auto model =
      watch.time("dawid_skene", [&] { return label_model::fit_dawid_skene(patterns); });
  fmt::print(stderr, "dawid_skene: iterations={}\n", model.iterations);
  watch.time("expected_diversity", [&] { return qa::expected_diversity(patterns, model); });
  watch.time("triplet", [&] { return qa::triplet_accuracies(patterns); });
  watch.time("diversity_against_gold", [&] {
    const auto votes = with_truth(corpus, options.voters);
    return qa::measure_diversity(
        label_model::count_patterns(comm, votes, options.voters + 1, options.classes));
  });
  const auto streamed = watch.time("stream_agreement", [&] {
    return qa::stream_agreement(comm, corpus.votes, options.voters, options.classes);
  });
  if (std::abs(*agreement.mean_pair_agreement.value - *streamed.mean_pair_agreement.value) > 1e-9) {
    throw std::runtime_error{"two ways to the pair agreement differ"};
  }
}

void find_errors(const comm::Communicator& comm, const Options& options, const Corpus& corpus,
                 Stopwatch& watch) {
  const qa::GivenLabels labels{corpus.ids, corpus.truth, corpus.probabilities, options.classes};
  const auto joint =
      watch.time("confident_joint", [&] { return qa::confident_joint(comm, labels); });
  const char* names[] = {
      "predicted_neq_given", "confident_learning", "prune_by_class", "prune_by_noise_rate", "both",
      "low_self_confidence"};
  for (int filter = 0; filter < 6; ++filter) {
    if (static_cast<qa::LabelErrorFilter>(filter) == qa::LabelErrorFilter::both) {
      continue;  // the two prunings once more
    }
    watch.time(names[filter], [&] {
      return qa::find_label_errors(comm, labels, joint, static_cast<qa::LabelErrorFilter>(filter),
                                   1);
    });
  }
}

void audit(const comm::Communicator& comm, const Options& options, const Corpus& corpus,
           Stopwatch& watch) {
  const auto strata = watch.time("stratify", [&] {
    return qa::stratify(comm, {corpus.predicted, corpus.confidences, {}}, options.classes, {});
  });
  const auto counts = qa::allocate(strata.strata, 2000, qa::Allocation::neyman);
  std::vector<std::int32_t> of_item;
  const auto drawn = watch.time("draw_audit", [&] {
    for (std::size_t i = 0; i < corpus.ids.size(); ++i) {
      of_item.push_back(strata.stratum_of(corpus.predicted[i], double{corpus.confidences[i]}, 0));
    }
    return qa::draw_audit(comm, corpus.ids, of_item, counts, 1);
  });
  std::vector<qa::AuditedItem> audited;
  std::vector<double> rows;
  std::vector<Label> truth;
  const auto num_classes = to_size(options.classes);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] != 0) {
      const auto h = to_size(of_item[i]);
      audited.push_back(
          {corpus.predicted[i], corpus.truth[i],
           static_cast<double>(counts[h]) / static_cast<double>(strata.strata[h].items),
           double{corpus.confidences[i]}, of_item[i]});
      const auto row = corpus.probabilities.begin() + static_cast<Count>(i * num_classes);
      rows.insert(rows.end(), row, row + options.classes);
      truth.push_back(corpus.truth[i]);
    }
  }
  std::vector<Count> items;
  for (const qa::Stratum& stratum : strata.strata) {
    items.push_back(stratum.items);
  }
  watch.time("audit_classes", [&] { return qa::audit_classes(audited, items, options.classes); });
  watch.time("risk_coverage", [&] { return qa::risk_coverage(audited); });
  watch.time("calibration", [&] {
    return qa::measure_calibration(LabelRows<double>::dense(options.classes, rows), truth);
  });
}

Options parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description description{"qa_perf"};
  description.add_options()("items", po::value(&options.items))(
      "voters", po::value(&options.voters))("classes", po::value(&options.classes))(
      "draws", po::value(&options.draws))("shared", po::value(&options.shared))(
      "repeats", po::value(&options.repeats));
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, description), given);
  po::notify(given);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const comm::Environment mpi{argc, argv};
  try {
    const auto world = comm::Communicator::duplicate(MPI_COMM_SELF);
    const Options options = parse(argc, argv);
    const Corpus corpus = make_corpus(options);
    fmt::print(stderr, "inputs_mib={:.0f}\n", peak_mib());
    fmt::print("commit,threads,items,voters,classes,repeat,part,seconds,peak_mib\n");
    for (int repeat = 0; repeat < options.repeats; ++repeat) {
      Stopwatch watch{options, repeat};
      measure_votes(world, options, corpus, watch);
      find_errors(world, options, corpus, watch);
      audit(world, options, corpus, watch);
      watch.finish();
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "qa_perf: {}\n", error.what());
    return 1;
  }
}
