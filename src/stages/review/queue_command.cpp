// kith review export --queue: people are asked.
#include <algorithm>
#include <filesystem>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/ledger.hpp"
#include "kith/io/files.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/review/previews.hpp"
#include "kith/run/run.hpp"
#include "kith/stages/stages.hpp"

#include "stages/qa/run_audit.hpp"
#include "stages/review/queue.hpp"

namespace kith::stages {
namespace {

/// What corpus.reviews says before this queue.
struct Before {
  std::vector<Count> asked;  // rows, sorted
  Count lists = 0;
};

/// Collective.
Before read_before(const comm::Communicator& comm, const std::string& path) {
  Before before;
  comm::on_root(comm, [&] {
    std::set<std::string> lists;
    for (const corpus::LedgerLine& line : corpus::read_ledger(path)) {
      before.asked.push_back(line.row);
      lists.insert(line.list);
    }
    before.lists = count_of(lists);
  });
  comm::broadcast(comm, before.asked);
  std::vector<Count> lists{before.lists};
  comm::broadcast(comm, lists);
  before.lists = lists[0];
  std::sort(before.asked.begin(), before.asked.end());
  return before;
}

/// Is there anything besides vectors that labels can be made of?
bool can_label(const config::Config& config) {
  return config.corpus.has_seeds() || config::learns_from_votes(config) ||
         config::learns_from_reference(config) || !config.corpus.prototypes.empty() ||
         !config.corpus.probs.empty();
}

/// Names the list by its number and what is in it.
std::string name_of_list(const corpus::Corpus& corpus,
                         const std::vector<review::Question>& questions, int number) {
  std::string text = fmt::format("{} {} {}\n", corpus.num_items, corpus.dim, number);
  for (const std::string& name : corpus.class_names) {
    text += name + "\n";
  }
  for (const review::Question& question : questions) {
    text += fmt::format("{} {}\n", question.row, question.id);
  }
  constexpr int kHashBits = 48;
  return fmt::format("queue-{:04}-{:012x}", number,
                     hash_bytes(text.data(), text.size()).low >> (64 - kHashBits));
}

/// An annotator who sees what is predicted may agree with it: some are not shown it.
void hide_some(const config::Config& config, std::vector<review::Question>& questions) {
  for (review::Question& question : questions) {
    const double draw = random_uniform(config.run.seed, Purpose::review_sample, question.row, 1);
    question.is_shown = !question.predicted.empty() && draw >= config.review.blind_share;
  }
}

/// Collective. Ids, texts, pictures and places of the items.
void add_previews(const run::Workspace& workspace, std::vector<review::Question>& questions) {
  const comm::Communicator& comm = workspace.comm;
  const corpus::CorpusConfig& config = workspace.config.corpus;
  std::vector<Count> rows;
  for (const review::Question& question : questions) {
    rows.push_back(question.row);
  }
  const std::vector<std::string> ids = layout::id_texts(comm, workspace.corpus, config, rows);
  std::vector<review::Preview> previews = review::previews_of(comm, workspace.corpus, config, rows);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    questions[i].id = ids.empty() ? std::string{} : ids[i];
    questions[i].text = std::move(previews[i].text);
    questions[i].uri = std::move(previews[i].uri);
    questions[i].image = std::move(previews[i].image);
  }
}

/// Rank 0. The ledger with the questions.
std::string ledger_with(const std::string& path, const review::Sheet& sheet) {
  std::vector<corpus::LedgerLine> lines = corpus::read_ledger(path);
  for (const review::Question& question : sheet.questions) {
    corpus::LedgerLine& line = lines.emplace_back();
    line.list = sheet.list;
    line.row = question.row;
    line.item_id = question.id;
    line.reason = question.reason;
    line.inclusion = question.inclusion;
    line.predicted = question.predicted;
    line.probability = question.probability;
    line.is_shown = question.is_shown;
  }
  return corpus::to_csv(lines);
}

std::string interface_path(const std::string& path) {
  return path.substr(0, path.size() - std::string_view{".json"}.size()) + ".xml";
}

/// The files that a sheet is.
std::vector<std::string> sheet_files(const std::string& path) {
  return review::form_of(path) == review::SheetForm::label_studio
             ? std::vector{path, interface_path(path)}
             : std::vector{path};
}

/// And a place for the ledger.
void require_new_files(const std::string& path, const std::string& ledger) {
  namespace fs = std::filesystem;
  for (const std::string& file : sheet_files(path)) {
    io::require_new_file(file);
    if (fs::weakly_canonical(file) == fs::weakly_canonical(ledger)) {
      fail("{}: is corpus.reviews, which keeps what was asked: write the questions elsewhere",
           file);
    }
  }
  if (std::error_code unknown; !fs::exists(ledger, unknown)) {
    io::require_new_file(ledger);
  }
}

/// Rank 0. Questions that the ledger does not know could never be answered: all is written or
/// nothing.
void write_all(const std::string& path, const review::Sheet& sheet, const std::string& ledger) {
  const std::string noted = ledger_with(ledger, sheet);
  const review::SheetForm form = review::form_of(path);
  try {
    io::write_file_atomically(path, review::to_text(sheet, form));
    if (form == review::SheetForm::label_studio) {
      io::write_file_atomically(interface_path(path), review::label_studio_config(sheet));
    }
    io::write_file_atomically(ledger, noted);
  } catch (const Error&) {
    for (const std::string& file : sheet_files(path)) {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    }
    throw;
  }
}

std::string what_to_do(const std::string& path, const review::Sheet& sheet) {
  std::string text =
      fmt::format("{} items asked about in list {}\n", sheet.questions.size(), sheet.list);
  switch (review::form_of(path)) {
    case review::SheetForm::csv:
      text += fmt::format(
          "fill in the columns label (a class, or ? for who does not know) and annotator of {}, "
          "then\nkith review import --file {}\n",
          path, path);
      break;
    case review::SheetForm::label_studio:
      text += fmt::format(
          "Label Studio: import {} into a project with the labeling interface of {}, label, "
          "export as JSON, then\nkith review import --file EXPORT.json\n",
          path, interface_path(path));
      break;
    case review::SheetForm::page:
      text += fmt::format(
          "open {} in a browser, label, save the file, then\nkith review import --file "
          "SAVED.json\n",
          path);
      break;
  }
  return text;
}

}  // namespace

std::string export_queue(const comm::Communicator& comm, const config::Config& config,
                         const QueueOrder& order, const std::string& path) {
  if (config.corpus.reviews.empty()) {
    throw comm::CollectiveError{
        "review export: corpus.reviews is not set: which file keeps the questions and answers?"};
  }
  QueueRequest request;
  request.items = order.items;
  request.strategy = order.strategy.empty() ? kDefaultStrategy : order.strategy;
  comm::on_root(comm, [&] {
    require_strategy(request.strategy, request.items);
    require_new_files(path, config.corpus.reviews);
  });
  const Before before = read_before(comm, config.corpus.reviews);
  request.has_labels = can_label(config);
  request.number = static_cast<int>(before.lists) + 1;
  if (request.has_labels) {
    comm::locally(comm, [&] { config::validate(config); });
  }
  run::run(comm, all(), config, request.has_labels ? "qa" : "knn");
  run::Workspace workspace = run::open_workspace(comm, all(), config);
  run::open_corpus(workspace);
  request.left_out = before.asked;
  if (const auto audit = read_audit(comm, config, workspace.corpus)) {
    for (const review::AuditEntry& entry : audit->entries) {
      request.left_out.push_back(entry.row);
    }
    std::sort(request.left_out.begin(), request.left_out.end());
  }
  review::Sheet sheet{"", workspace.corpus.class_names, draw_queue(workspace, request)};
  if (sheet.questions.empty()) {
    throw comm::CollectiveError{
        "review export: no item is left to ask about: the others are seeds, gold, of an audit, or "
        "were "
        "asked about before"};
  }
  hide_some(config, sheet.questions);
  add_previews(workspace, sheet.questions);
  sheet.list = name_of_list(workspace.corpus, sheet.questions, request.number);
  comm::on_root(comm, [&] { write_all(path, sheet, config.corpus.reviews); });
  return what_to_do(path, sheet);
}

}  // namespace kith::stages
