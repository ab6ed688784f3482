// kith review export | import, kith eval: what people say of a finished run.
#include <map>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/review/sheet.hpp"
#include "kith/run/run.hpp"
#include "kith/stages/stages.hpp"

#include "stages/qa/run_audit.hpp"
#include "stages/review/answers.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

std::string path_in(const config::Config& config, const char* name) {
  return (std::filesystem::path{config.run.directory} / name).string();
}

/// This rank's rows of labels.h5.
struct StoredLabels {
  IdRange<GlobalId> block;
  std::vector<std::int32_t> label;
  std::vector<std::int32_t> best;
  std::vector<std::uint8_t> status;
  std::vector<float> probability;
};

/// Collective.
StoredLabels read_labels(const comm::Communicator& comm, const config::Config& config,
                         const corpus::Corpus& corpus) {
  StoredLabels stored;
  stored.block = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  const auto rows = to_size(stored.block.size());
  stored.label.resize(rows);
  stored.best.resize(rows);
  stored.status.resize(rows);
  stored.probability.resize(rows);
  comm::locally(comm, [&] {
    const io::InputFile file{path_in(config, "labels.h5")};
    const Count first = stored.block.begin.value();
    for (const char* dataset : {"/label", "/best", "/status", "/probability"}) {
      require_shape(file, dataset, {corpus.num_items});
    }
    const auto is_class = [&](std::int32_t label) {
      return label >= -1 && label < corpus.num_classes();
    };
    file.read_rows<std::int32_t>("/label", first, stored.label);
    require_values<std::int32_t>(file, "/label", stored.label, first, 1, "a class or -1", is_class);
    file.read_rows<std::int32_t>("/best", first, stored.best);
    require_values<std::int32_t>(file, "/best", stored.best, first, 1, "a class or -1", is_class);
    file.read_rows<std::uint8_t>("/status", first, stored.status);
    require_values<std::uint8_t>(file, "/status", stored.status, first, 1, "a status",
                                 [](int status) { return status < ensemble::kNumStatuses; });
    file.read_rows<float>("/probability", first, stored.probability);
    require_values<float>(file, "/probability", stored.probability, first, 1, "a probability",
                          [](float share) { return share >= 0 && share <= 1; });
  });
  return stored;
}

void forget_seeds(StoredLabels& stored) {
  for (std::size_t i = 0; i < stored.best.size(); ++i) {
    if (stored.status[i] == static_cast<std::uint8_t>(ensemble::Status::seed)) {
      stored.best[i] = -1;
    }
  }
}

std::string class_line(const std::string& name, const qa::ClassAccuracy& accuracy) {
  const auto text = [](const qa::Proportion& share) {
    return share.value
               ? fmt::format("{:6.2f} % [{:.2f}, {:.2f}] of {}", *share.value * 100,
                             share.interval.low * 100, share.interval.high * 100, share.trials)
               : std::string{"   -"};
  };
  return fmt::format("{:<20} precision {:<36} recall {}\n", name, text(accuracy.precision),
                     text(accuracy.recall));
}

}  // namespace

std::string export_audit(const comm::Communicator& comm, const config::Config& config, Count budget,
                         const std::string& path) {
  const corpus::Corpus corpus = corpus::describe(comm, config.corpus);
  if (const auto old = read_audit(comm, config, corpus); old && old->answered() > 0) {
    throw comm::CollectiveError{fmt::format(
        "{}: has {} answers already, which a new audit would lose: move the file away first",
        path_in(config, kAuditFile), old->answered())};
  }
  comm::on_root(comm, [&] { io::require_new_file(path); });
  run::run(comm, all(), config, "qa");
  StoredLabels stored = read_labels(comm, config, corpus);
  forget_seeds(stored);
  const review::Audit audit =
      draw_audit(comm, corpus, config, {stored.block, stored.best, stored.probability}, budget);
  comm::on_root(comm, [&] {
    io::write_file_atomically(path, review::to_csv(audit, corpus.class_names));
    io::write_file_atomically(path_in(config, kAuditFile), review::to_json(audit));
  });
  return fmt::format(
      "{} items in {} strata, of {}: fill in the column label of {}, then\n"
      "kith review import --file {}\n",
      audit.entries.size(), audit.strata.size(), audit.population(), path, path);
}

namespace {

/// Collective.
std::string import_audit(const comm::Communicator& comm, const config::Config& config,
                         const std::string& path) {
  const corpus::Corpus corpus = corpus::describe(comm, config.corpus);
  auto audit = read_audit(comm, config, corpus);
  if (!audit) {
    throw comm::CollectiveError{
        fmt::format("{}: no audit was drawn there; kith review export --audit N draws one",
                    config.run.directory)};
  }
  Count answers = 0;
  comm::on_root(comm, [&] {
    answers = review::take_answers(*audit, io::TextFile{path}, corpus.class_names);
    io::write_file_atomically(path_in(config, kAuditFile), review::to_json(*audit));
  });
  run::run(comm, all(), config, "qa");
  return comm.is_root() ? fmt::format("{} answers taken, {} of {} drawn items are answered\n",
                                      answers, audit->answered(), audit->entries.size())
                        : std::string{};
}

}  // namespace

std::string import_review(const comm::Communicator& comm, const config::Config& config,
                          const std::string& path, const std::string& annotator) {
  std::vector<Count> is_of_queue{0};
  comm::on_root(comm, [&] { is_of_queue[0] = review::names_lists(path) ? 1 : 0; });
  comm::broadcast(comm, is_of_queue);
  if (is_of_queue[0] != 0) {
    return import_answers(comm, config, path, annotator);
  }
  if (!annotator.empty()) {
    throw comm::CollectiveError{"review import: --annotator belongs to the answers of a queue"};
  }
  comm::locally(comm, [&] { config::validate(config); });  // as kith run, which comes next
  return import_audit(comm, config, path);
}

std::string evaluate(const comm::Communicator& comm, const config::Config& config,
                     const std::string& gold_path) {
  const corpus::Corpus corpus = corpus::describe(comm, config.corpus);
  corpus::CorpusConfig source = config.corpus;
  source.labels.clear();
  source.has_answers = false;
  source.seeds = gold_path;
  source.allow_missing_classes = true;
  const std::vector<corpus::Seed> gold = corpus::read_seeds(comm, corpus, source);
  run::require_recorded(comm, all().at("ensemble"), config.run.directory);
  const StoredLabels stored = read_labels(comm, config, corpus);
  std::vector<Label> truth;
  std::vector<Label> stated;
  for (const corpus::Seed& entry : gold) {
    if (stored.block.contains(entry.row)) {
      const std::size_t at = to_size(entry.row.value() - stored.block.begin.value());
      if (stored.status[at] != static_cast<std::uint8_t>(ensemble::Status::seed)) {
        truth.push_back(entry.label);
        stated.emplace_back(stored.label[at]);
      }
    }
  }
  qa::Confusion confusion{corpus.num_classes()};
  confusion.add_all(truth, stated);
  confusion.sum_over(comm);
  const qa::Accuracy accuracy = qa::measure_accuracy(confusion);
  std::string text;
  for (std::size_t k = 0; k < accuracy.classes.size(); ++k) {
    text += class_line(corpus.class_names[k], accuracy.classes[k]);
  }
  const qa::Proportion& overall = accuracy.overall;
  if (!overall.value) {
    return text + fmt::format(
                      "accuracy not known: no gold label on an item with a stated label, "
                      "{} without a stated label; seeds left out\n",
                      accuracy.abstained);
  }
  return text + fmt::format(
                    "accuracy {:.2f} % [{:.2f}, {:.2f}] of {} stated labels, {} without a "
                    "stated label; seeds left out\n",
                    *overall.value * 100, overall.interval.low * 100, overall.interval.high * 100,
                    overall.trials, accuracy.abstained);
}

}  // namespace kith::stages
