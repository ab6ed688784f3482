/// What knn_perf is asked for, and the corpus that it works on.
#pragma once

#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"

namespace kith::perf {

struct Options {
  std::string corpus = "mixture";
  std::string file;
  std::string dataset = "/embeddings";
  std::string folder = "/tmp";
  Count num_items = 200'000;
  Count dim = 128;
  int k = 10;
  int repeats = 1;
  Count num_samples = 1000;
  std::vector<std::string> runs;
};

/// Of the command line. Throws Error for a corpus that it cannot make; ends the program on --help.
[[nodiscard]] Options parse(int argc, char** argv);

/// The corpus as a file; a made one is removed at the end.
class CorpusFile {
 public:
  /// Collective.
  CorpusFile(const comm::Communicator& comm, const Options& options);
  ~CorpusFile();
  CorpusFile(const CorpusFile&) = delete;
  CorpusFile& operator=(const CorpusFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool is_made_;
  bool removes_;
};

}  // namespace kith::perf
