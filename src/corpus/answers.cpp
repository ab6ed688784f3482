#include "kith/corpus/answers.hpp"

#include <algorithm>
#include <optional>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ids.hpp"

#include "corpus/answer_table.hpp"
#include "corpus/class_names.hpp"
#include "corpus/share_names.hpp"
#include "corpus/table_reader.hpp"

namespace kith::corpus {
namespace {

void add_note(std::vector<std::string>& notes, Count number, std::string_view what,
              const std::string& path) {
  if (number > 0) {
    notes.push_back(fmt::format("{}: {} {}", path, number, what));
  }
}

/// Collective. Rows of the ids that the table of rank 0 names, by number of the name.
std::vector<GlobalId> look_up(const comm::Communicator& comm, const Corpus& corpus,
                              const CorpusConfig& config, const std::optional<AnswerTable>& table) {
  std::vector<Hash128> ids;
  comm::on_root(comm, [&] {
    for (Count i = 0; i < table->items.size(); ++i) {
      const auto id = hash_of_id(corpus.id_kind, table->items.name(i));
      if (!id) {
        fail("{}: id {} is none that the corpus can have",
             table->reader->place_of(table->item_rows[to_size(i)]), quote(table->items.name(i)));
      }
      ids.push_back(*id);
    }
  });
  comm::broadcast(comm, ids);
  const std::vector<GlobalId> rows = find_rows_of_ids(comm, corpus, config, ids);
  comm::on_root(comm, [&] {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].is_none()) {
        fail("{}: id {} is not in the corpus", table->reader->place_of(table->item_rows[i]),
             quote(table->items.name(static_cast<Count>(i))));
      }
    }
  });
  return rows;
}

/// Numbers of names as they came become places of the sorted names; rows: of items by number, if
/// they are ids.
Answers sort_out(AnswerTable& table, const Corpus* corpus, std::span<const GlobalId> rows,
                 const std::string& path) {
  Answers answers;
  SortedNames annotators = sorted_names(table.annotators);
  SortedNames items = corpus == nullptr ? sorted_names(table.items) : SortedNames{};
  AnswerLabels::Classes classes = table.labels.classes();
  for (AnswerLine& line : table.lines) {
    Answer& answer = line.answer;
    answer.annotator = static_cast<std::int32_t>(annotators.places[to_size(answer.annotator)]);
    answer.label = classes.of_number[to_size(answer.label)];
    if (corpus == nullptr) {
      answer.item = items.places[to_size(answer.item)];
    } else if (table.has_names) {
      answer.item = rows[to_size(answer.item)].value();
    }
  }
  add_note(answers.notes, table.num_empty, "lines have no label and are no answers", path);
  add_note(answers.notes, keep_latest(table.lines),
           "answers were given before a later one by the same annotator on the same item", path);
  for (const AnswerLine& line : table.lines) {
    answers.answers.push_back(line.answer);
  }
  answers.annotators = std::move(annotators.names);
  answers.item_names = std::move(items.names);
  answers.classes = std::move(classes.names);
  return answers;
}

}  // namespace

Answers read_answers(const comm::Communicator& comm, const Corpus* corpus,
                     const CorpusConfig& config) {
  std::optional<AnswerTable> table;  // on rank 0
  comm::on_root(comm, [&] {
    std::vector<std::string> classes;
    if (corpus != nullptr) {
      classes = corpus->class_names;
    } else if (!config.classes.empty()) {
      classes = read_class_file(config, config.answers);
    }
    table = read_answer_table(config.answers, corpus, classes);
  });
  std::vector<GlobalId> rows;
  if (comm::any_rank(comm, corpus != nullptr && table && table->has_names)) {
    rows = look_up(comm, *corpus, config, table);
  }
  Answers answers;
  comm::on_root(comm, [&] { answers = sort_out(*table, corpus, rows, config.answers); });
  comm::broadcast(comm, answers.answers);
  for (auto* names : {&answers.item_names, &answers.annotators, &answers.classes, &answers.notes}) {
    broadcast_strings(comm, *names);
  }
  return answers;
}

KnownLabels read_known_labels(const comm::Communicator& comm, const std::string& path,
                              const Answers& answers) {
  KnownLabels known;
  std::vector<Count> ignored{0};
  comm::on_root(comm, [&] {
    NameMap<std::size_t> items;
    for (std::size_t i = 0; i < answers.item_names.size(); ++i) {
      items.emplace(answers.item_names[i], i);
    }
    known.classes.assign(answers.item_names.size(), -1);
    const std::unique_ptr<TableReader> table = open_table(path, "/gold", "item,label");
    const std::size_t item_column = find_item_column(*table).column;
    const std::size_t label_column = table->require_column("label");
    AnswerLabels labels{answers.classes};
    while (table->next_row()) {
      const auto item = items.find(table->cell(item_column));
      if (item == items.end()) {
        ++ignored[0];
        continue;
      }
      const std::int32_t label = labels.number_of(table->cell(label_column), *table);
      std::int32_t& of_item = known.classes[item->second];
      if (label >= 0 && of_item >= 0 && of_item != label) {
        fail("{}: item {} has a second label, {}", table->place(), quote(table->cell(item_column)),
             quote(answers.classes[to_size(label)]));
      }
      of_item = std::max(of_item, label);
    }
  });
  comm::broadcast(comm, known.classes);
  comm::broadcast(comm, ignored);
  known.num_ignored = ignored[0];
  return known;
}

}  // namespace kith::corpus
