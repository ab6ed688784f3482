// kith review import: what people have answered.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ledger.hpp"
#include "kith/io/files.hpp"
#include "kith/review/sheet.hpp"
#include "kith/stages/stages.hpp"

#include "stages/review/answers.hpp"

namespace kith::stages {
namespace {

using corpus::LedgerLine;

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::string text(sizeof("2024-05-03T10:00:00Z"), '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

/// A note as a table can hold it.
std::string in_one_line(std::string text) {
  constexpr std::size_t kMostBytes = 10'000;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
  if (text.size() > kMostBytes) {
    text = quote(text);  // cut between two characters
  }
  return text;
}

struct Taken {
  Count added = 0;
  Count known = 0;    // were there already
  Count skipped = 0;  // of the added: the annotator does not know
};

/// Adds answers to the lines of a ledger.
class Intake {
 public:
  Intake(const corpus::Corpus& corpus, std::string annotator, std::vector<LedgerLine>& lines)
      : classes_{corpus.class_names},
        class_names_{&corpus.class_names},
        annotator_{std::move(annotator)},
        lines_{&lines},
        now_{now_utc()} {
    for (const LedgerLine& line : lines) {
      if (line.is_question()) {
        questions_[{line.list, line.row}] = line.item_id;
        lists_.insert(line.list);
      } else {
        add_known(line);
      }
    }
  }

  /// Throws Error, naming the place.
  void take(const review::Answer& answer, Taken& taken) {
    LedgerLine line = as_line(answer);
    require_one_answer(answer, line);
    if (is_known(line, answer.time)) {
      ++taken.known;
      return;
    }
    line.time = answer.time.empty() ? now_ : answer.time;
    add_known(line);
    ++taken.added;
    taken.skipped += line.label.empty() ? 1 : 0;
    lines_->push_back(line);
  }

 private:
  using Key = std::vector<std::string>;

  [[nodiscard]] static Key key_of_who(const LedgerLine& line) {
    return {line.list, std::to_string(line.row), line.annotator};
  }
  [[nodiscard]] static Key key(const LedgerLine& line, const std::string& time) {
    return {line.list, std::to_string(line.row), line.annotator, line.label, time};
  }
  /// Short of the time.
  [[nodiscard]] LedgerLine as_line(const review::Answer& answer) const {
    LedgerLine line;
    line.list = answer.list;
    line.row = answer.row;
    line.item_id = require_question(answer);
    line.annotator = require_annotator(answer);
    line.label = require_class(answer);
    line.note = in_one_line(answer.note);
    require_time(answer);
    return line;
  }

  [[nodiscard]] std::string require_annotator(const review::Answer& answer) const {
    const std::string& name = answer.annotator.empty() ? annotator_ : answer.annotator;
    if (name.empty()) {
      fail("{}: who answered? say --annotator NAME, or name the annotator in the file",
           answer.place);
    }
    return name;
  }

  [[nodiscard]] std::string require_class(const review::Answer& answer) const {
    return answer.label.empty()
               ? std::string{}
               : (*class_names_)[to_size(classes_.find(answer.label, answer.place))];
  }

  static void require_time(const review::Answer& answer) {
    if (!answer.time.empty() && !corpus::is_time(answer.time)) {
      fail("{}: time \"{}\", expected a date as 2024-05-03T10:00:00Z", answer.place,
           quote(answer.time));
    }
  }

  void add_known(const LedgerLine& line) {
    known_.insert(key(line, line.time));
    const auto [last, is_new] = last_.emplace(key_of_who(line), line);
    if (!is_new && corpus::is_later(line, last->second)) {
      last->second = line;
    }
  }

  /// Without a time: the annotator says what he has said last.
  [[nodiscard]] bool is_known(const LedgerLine& line, const std::string& time) const {
    if (!time.empty()) {
      return known_.contains(key(line, time));
    }
    const auto last = last_.find(key_of_who(line));
    return last != last_.end() && last->second.label == line.label;
  }

  /// The item's id of the question that this answers. Throws Error if nobody asked it.
  [[nodiscard]] std::string require_question(const review::Answer& answer) const {
    if (!lists_.contains(answer.list)) {
      fail(
          "{}: list \"{}\" is not among the lists that corpus.reviews knows: is the file of "
          "another "
          "corpus?",
          answer.place, quote(answer.list));
    }
    const auto question = questions_.find({answer.list, answer.row});
    if (question == questions_.end()) {
      fail("{}: row {} was not asked about in list {}", answer.place, answer.row, answer.list);
    }
    if (!answer.item_id.empty() && answer.item_id != question->second) {
      fail("{}: row {} has the id \"{}\", but list {} asked about \"{}\"", answer.place, answer.row,
           quote(answer.item_id), answer.list, quote(question->second));
    }
    return question->second;
  }

  /// A file without times has one answer an item and annotator.
  void require_one_answer(const review::Answer& answer, const LedgerLine& line) {
    if (!answer.time.empty()) {
      return;
    }
    const auto [first, is_new] = first_place_.emplace(
        Key{line.list, std::to_string(line.row), line.annotator}, answer.place);
    if (!is_new) {
      fail("{}: row {} is answered twice by {}, first at {}", answer.place, line.row,
           quote(line.annotator), first->second);
    }
  }

  ClassTable classes_;
  const std::vector<std::string>* class_names_;
  std::string annotator_;
  std::vector<LedgerLine>* lines_;
  std::string now_;
  std::map<std::pair<std::string, Count>, std::string> questions_;  // to the item's id
  std::set<std::string> lists_;
  std::set<Key> known_;
  std::map<Key, LedgerLine> last_;
  std::map<Key, std::string> first_place_;
};

std::string text_of(const Taken& taken) {
  std::string text = fmt::format("{} answers taken", taken.added);
  text += taken.known > 0 ? fmt::format(", {} were there already", taken.known) : "";
  text += taken.skipped > 0 ? fmt::format(", {} of them do not know", taken.skipped) : "";
  return text + "\n";
}

std::string text_of(const std::vector<corpus::ReviewedItem>& items) {
  const auto labeled =
      std::count_if(items.begin(), items.end(), [](const auto& item) { return item.has_label(); });
  const auto disputed =
      std::count_if(items.begin(), items.end(), [](const auto& item) { return item.is_disputed; });
  std::string text = fmt::format("{} items are labeled by people", labeled);
  text += disputed > 0
              ? fmt::format(", {} are disputed and teach nothing (corpus.adjudicator)", disputed)
              : "";
  return text + "; kith run learns from them\n";
}

}  // namespace

std::string import_answers(const comm::Communicator& comm, const config::Config& config,
                           const std::string& path, const std::string& annotator) {
  if (config.corpus.reviews.empty()) {
    throw comm::CollectiveError{
        "review import: corpus.reviews is not set: which file keeps the questions and answers?"};
  }
  const corpus::Corpus corpus = corpus::describe(comm, config.corpus);
  std::string said;
  comm::on_root(comm, [&] {
    std::vector<LedgerLine> lines = corpus::read_ledger(config.corpus.reviews);
    const std::size_t before = lines.size();
    Intake intake{corpus, annotator, lines};
    Taken taken;
    for (const review::Answer& answer : review::read_answers(path)) {
      intake.take(answer, taken);
    }
    if (lines.size() > before) {
      io::write_file_atomically(config.corpus.reviews, corpus::to_csv(lines));
    }
    said = text_of(taken) + text_of(corpus::reviewed_items(lines, config.corpus.adjudicator));
  });
  comm::broadcast(comm, said);
  return said;
}

}  // namespace kith::stages
