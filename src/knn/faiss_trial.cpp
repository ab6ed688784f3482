#include "kith/knn/faiss_trial.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>
#include <vector>

#include <faiss/Index.h>

#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/random.hpp"
#include "kith/io/child_process.hpp"

#include "faiss_baseline.hpp"

namespace kith::knn {
namespace {

/// Before the text of an exception, as the C++ runtime has it where nobody catches it.
constexpr std::string_view kWhat = "what():";
constexpr std::string_view kCommand = "try-faiss";
constexpr double kLimit_s = 15;  // training of many quantizers takes minutes
constexpr Count kMostVectors = 1000;

bool can_start_child = false;

/// An index must not take the machine's memory, nor leave an image of itself, nor outlive the run.
void limit_this_process() {
  constexpr rlim_t kMostBytes = rlim_t{8} << 30;
  rlim_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  const rlim_t most = pages * 4096 + kMostBytes;
  const rlimit memory{most, most};
  setrlimit(RLIMIT_AS, &memory);
  const rlimit core{0, 0};
  setrlimit(RLIMIT_CORE, &core);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/// Builds and searches. The vectors have unit length in no metric: FAISS does not ask for it.
void build_and_search(const FaissTrial& trial) {
  const Count count = std::clamp<Count>(trial.num_vectors, 1, kMostVectors);
  std::vector<float> vectors;
  for (Count i = 0; i < count * trial.dim; ++i) {
    vectors.push_back(static_cast<float>(random_uniform(1, Purpose::tie, i)) - 0.5F);
  }
  const std::unique_ptr<faiss::Index> index =
      make_faiss_index(trial.factory, trial.dim, trial.metric);
  index->train(count, vectors.data());
  index->add(count, vectors.data());
  const Count num_queries = std::min<Count>(count, 10);
  const Count wanted = trial.k + 1;
  std::vector<float> distances(to_size(num_queries * wanted));
  std::vector<faiss::Index::idx_t> found(distances.size());
  index->search(num_queries, vectors.data(), wanted, distances.data(), found.data());
}

Count to_count(std::string_view text) {
  Count value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The text of FAISS's last exception, caught or not, or of a failed assertion, without the place
/// in its source. Empty if there is none.
std::string last_words(const std::string& output) {
  constexpr std::size_t kMostShown = 200;
  constexpr auto kNowhere = std::string::npos;
  const std::size_t what = output.rfind(kWhat);
  std::size_t begin = output.rfind("Assertion");
  if (what != kNowhere) {
    const std::size_t place = output.find("Error in ", what);
    const std::size_t text = output.find(": ", output.find(" at ", place));
    begin = text != kNowhere ? text + 2 : what + kWhat.size();
  }
  std::string words = begin == kNowhere ? "" : output.substr(begin);
  std::replace_if(
      words.begin(), words.end(), [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
  words.erase(0, std::min(words.size(), words.find_first_not_of(' ')));
  words.erase(words.find_last_not_of(' ') + 1);
  return words.size() > kMostShown ? words.substr(0, kMostShown) + "..." : words;
}

/// Of a process that did something wrong, not of one that was asked to end.
bool is_crash(int signal) {
  return signal != 0 && signal != SIGTERM && signal != SIGINT && signal != SIGUSR1;
}

/// Does FAISS only miss vectors to train on that a rank will have?
bool is_for_more_vectors(const FaissTrial& trial, std::string_view words) {
  constexpr std::string_view kComplaint = "should be at least as large as number of clusters (";
  const std::size_t at = words.find(kComplaint);
  return at != std::string_view::npos && trial.num_vectors > kMostVectors &&
         to_count(words.substr(at + kComplaint.size())) <= trial.num_vectors;
}

}  // namespace

std::optional<int> serve_faiss_trial(int argc, char** argv) {
  if (argc != 7 || argv[1] != kCommand) {
    can_start_child = true;
    return std::nullopt;
  }
  limit_this_process();
  const FaissTrial trial{argv[2], to_count(argv[3]),
                         std::string_view{argv[4]} == "inner_product"
                             ? corpus::Metric::inner_product
                             : corpus::Metric::l2,
                         to_count(argv[5]), static_cast<int>(to_count(argv[6]))};
  try {
    build_and_search(trial);
  } catch (const std::exception& error) {
    const std::string said = fmt::format("{} {}", kWhat, error.what());
    const bool is_told = write(STDOUT_FILENO, said.data(), said.size()) >= 0;
    return is_told && is_for_more_vectors(trial, error.what()) ? 0 : 1;
  }
  return 0;
}

void try_faiss(const FaissTrial& trial) {
  if (!can_start_child) {
    return;
  }
  const io::ChildResult child = io::run_child(
      "/proc/self/exe",
      {std::string{kCommand}, trial.factory, std::to_string(trial.dim),
       corpus::to_string(trial.metric), std::to_string(trial.num_vectors), std::to_string(trial.k)},
      {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1"}, kLimit_s);
  const std::string words = last_words(child.output);
  if (child.timed_out) {
    log::info(
        "warning: knn.method = faiss:{}: FAISS did not build it over {} random vectors in {} s; "
        "whether it can is not known",
        trial.factory, std::min(trial.num_vectors, kMostVectors), kLimit_s);
    return;
  }
  if (is_crash(child.signal)) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    fail("knn.method = faiss:{}: FAISS crashes on random vectors: {}", trial.factory,
         words.empty() ? strsignal(child.signal) : words);
  }
  if (child.status != 0) {
    fail("knn.method = faiss:{}: FAISS says: {}", trial.factory, words);
  }
}

}  // namespace kith::knn
