#include "knn_options.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <boost/program_options.hpp>

#include "kith/core/error.hpp"
#include "kith/io/output_file.hpp"

#include "made_corpus.hpp"

namespace kith::perf {

Options parse(int argc, char** argv) {
  namespace po = boost::program_options;
  Options options;
  po::options_description table{"Options"};
  auto add = table.add_options();
  add("help", "this text");
  add("corpus", po::value(&options.corpus), "mixture, skewed or duplicates");
  add("file", po::value(&options.file), "an HDF5 file instead of a made corpus");
  add("dataset", po::value(&options.dataset), "its vectors");
  add("folder", po::value(&options.folder), "where a made corpus is written meanwhile");
  add("items", po::value(&options.num_items), "of a made corpus");
  add("dim", po::value(&options.dim), "of a made corpus");
  add("k", po::value(&options.k), "neighbors");
  add("repeats", po::value(&options.repeats), "of every run");
  add("samples", po::value(&options.num_samples), "items whose recall is measured");
  add("run", po::value(&options.runs)->composing(),
      "kith:CELLS,PROBES,ROUNDS (CELLS 0 = chosen), kith:recall=TARGET, faiss:FACTORY[:PARAMETERS] "
      "or "
      "hnswlib:M,EFCONSTRUCTION,EF; any number of times");
  po::variables_map given;
  po::store(po::parse_command_line(argc, argv, table), given);
  po::notify(given);
  if (given.count("help") > 0) {
    std::cout << table;
    std::exit(0);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  if (options.runs.empty()) {
    options.runs = {"kith:0,8,1"};
  }
  if (options.file.empty() && !is_made_corpus(options.corpus)) {
    fail("--corpus {}: must be mixture, skewed or duplicates", options.corpus);
  }
  return options;
}

CorpusFile::CorpusFile(const comm::Communicator& comm, const Options& options)
    : path_{options.file}, is_made_{options.file.empty()}, removes_{is_made_ && comm.is_root()} {
  if (is_made_) {
    path_ = fmt::format("{}/kith-perf-{}-{}x{}.h5", options.folder, options.corpus,
                        options.num_items, options.dim);
    const auto rows = make_corpus(options.corpus, options.num_items, options.dim);
    io::OutputFile file = io::OutputFile::create(comm, path_);
    file.write_whole<float>(options.dataset, rows, {options.num_items, options.dim});
    file.commit();
  }
}

CorpusFile::~CorpusFile() {
  if (removes_) {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
}

}  // namespace kith::perf
