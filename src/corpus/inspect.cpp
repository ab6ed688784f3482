#include "corpus/inspect.hpp"

#include <algorithm>
#include <array>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/input_file.hpp"

#include "corpus/class_column.hpp"
#include "corpus/class_names.hpp"
#include "corpus/file_order.hpp"
#include "corpus/seed_file.hpp"

namespace kith::corpus {
namespace {

constexpr Count kMostItems = Count{1} << 48;
constexpr Count kMostValues = Count{1} << 24;
constexpr Count kMostVoters = 4096;
constexpr Count kMostClasses = Count{1} << 24;

void require_shape(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, std::size_t num_axes) {
  const bool is_one_wide = num_axes == 1 && info.shape.size() == 2 && info.shape[1] == 1;
  if (info.shape.size() != num_axes && !is_one_wide) {
    fail("{}: {}: has the shape {}, expected {}", file.path(), quote(dataset),
         info.shape.empty() ? "of one value" : fmt::format("{}", fmt::join(info.shape, " x ")),
         num_axes == 1 ? "one value an item" : "items x values");
  }
}

/// Before anything of that width is allocated.
void require_width(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, Count most, const char* what) {
  if (info.shape[1] < 1 || info.shape[1] > most) {
    fail("{}: {}: has the shape {} x {}, expected 1 to {} {}", file.path(), quote(dataset),
         info.shape[0], info.shape[1], most, what);
  }
}

/// A dataset with one row an item; num_axes: 1 (or N x 1) or 2.
io::DatasetInfo require_column(const io::InputFile& file, const std::string& dataset,
                               Count num_rows, std::size_t num_axes) {
  io::DatasetInfo info = file.describe(dataset);
  require_shape(file, dataset, info, num_axes);
  if (info.num_rows() != num_rows) {
    fail("{}: {}: has {} rows, but the embeddings have {}", file.path(), dataset, info.num_rows(),
         num_rows);
  }
  return info;
}

/// A column of classes or groups. All files store it as strings, or none does.
io::DatasetInfo require_named_column(Inspection& found, const io::InputFile& file,
                                     const std::string& dataset, std::size_t num_axes) {
  const Corpus& corpus = found.corpus;
  io::DatasetInfo info = require_column(file, dataset, corpus.files.back().num_rows, num_axes);
  require_named_values(file, dataset, info);
  if (corpus.files.size() == 1 && info.has_strings) {
    found.text_columns.push_back(dataset);
  }
  if (info.has_strings != found.is_text(dataset)) {
    fail("{}: {}: holds {}, but {} holds {}", file.path(), quote(dataset), info.type_name,
         corpus.files[0].path, info.has_strings ? "numbers" : "strings");
  }
  return info;
}

/// Do columns of strings name the classes, as nothing else does? Then no other column may number
/// them: it knows nothing of the order that they get.
bool has_classes_in_columns(const Inspection& found, const CorpusConfig& config) {
  const std::vector<std::string> columns = class_columns(config);
  const auto named = std::find_if(columns.begin(), columns.end(),
                                  [&](const std::string& column) { return found.is_text(column); });
  for (const std::string& column : columns) {
    if (named != columns.end() && !found.is_text(column)) {
      fail(
          "{}: {}: holds numbers, but {} holds names; corpus.classes must say which class is which",
          found.corpus.files[0].path, quote(column), quote(*named));
    }
  }
  return named != columns.end();
}

/// The groups' names, if the dataset has an attribute names or is an enumeration.
std::vector<std::string> group_names(const io::InputFile& file, const std::string& dataset) {
  return file.has_attribute(dataset, "names") ? file.attribute_strings(dataset, "names")
                                              : names_of_members(file.describe(dataset));
}

void append_embeddings(Corpus& corpus, const io::InputFile& file) {
  const std::string& dataset = corpus.embeddings;
  const io::DatasetInfo info = file.describe(dataset);
  using io::ElementType;
  constexpr std::array allowed = {ElementType::f32, ElementType::f16, ElementType::f64,
                                  ElementType::u8, ElementType::i8};
  if (!info.is_number() || std::find(allowed.begin(), allowed.end(), *info.type) == allowed.end()) {
    fail("{}: {}: holds {}, expected f32, f16, f64, u8 or i8", file.path(), dataset,
         info.type_name);
  }
  require_shape(file, dataset, info, 2);
  const Count dim = info.shape[1];
  require_width(file, dataset, info, kMostValues, "values a vector");
  if (info.num_rows() > kMostItems - corpus.num_items) {
    fail("{}: {}: has the shape {} x {}, expected at most {} items in all", file.path(),
         quote(dataset), info.num_rows(), dim, kMostItems);
  }
  if (corpus.files.empty()) {
    corpus.dim = dim;
    corpus.type = *info.type;
  } else if (dim != corpus.dim) {
    fail("{}: {}: has {} values a vector, but {} has {}", file.path(), dataset, dim,
         corpus.files[0].path, corpus.dim);
  } else if (*info.type != corpus.type) {
    fail("{}: {}: holds {}, but {} holds {}", file.path(), dataset, info.type_name,
         corpus.files[0].path, io::to_string(corpus.type));
  }
  corpus.files.push_back({file.path(), GlobalId{corpus.num_items}, info.num_rows()});
  corpus.num_items += info.num_rows();
}

/// Ids of one file: integers of any size, or texts.
IdKind id_kind_of(const io::InputFile& file, const std::string& dataset,
                  const io::DatasetInfo& info) {
  if (info.has_strings) {
    return IdKind::text;
  }
  if (!info.is_number() || io::is_float(*info.type)) {
    fail("{}: {}: holds {}, expected integers or strings", file.path(), quote(dataset),
         info.type_name);
  }
  return io::is_signed_integer(*info.type) ? IdKind::signed_integer : IdKind::unsigned_integer;
}

/// Joins the kind of this file's ids with those of the files before.
void join_id_kinds(Inspection& found, const CorpusConfig& config, const io::InputFile& file,
                   const io::DatasetInfo& info) {
  Corpus& corpus = found.corpus;
  const IdKind kind = id_kind_of(file, config.ids, info);
  const auto differ = [&](const std::string& other, const char* holds) {
    fail("{}: {}: holds {}, but {} holds {}", file.path(), quote(config.ids), info.type_name, other,
         holds);
  };
  if (corpus.files.size() > 1 && (kind == IdKind::text) != (corpus.id_kind == IdKind::text)) {
    differ(corpus.files[0].path, kind == IdKind::text ? "integers" : "strings");
  }
  const bool is_signed = kind == IdKind::signed_integer;
  const bool is_u64 = info.type == io::ElementType::u64;
  if (is_signed && !found.u64_id_file.empty()) {
    differ(found.u64_id_file, "u64");
  }
  if (is_u64 && corpus.id_kind == IdKind::signed_integer) {
    differ(found.signed_id_file, "signed integers");
  }
  if (is_u64) {
    found.u64_id_file = file.path();
  }
  if (is_signed) {
    found.signed_id_file = file.path();
  }
  corpus.id_kind = corpus.id_kind == IdKind::signed_integer ? corpus.id_kind : kind;
}

/// Ids are optional, but all files have them or none.
void check_ids(Inspection& found, const CorpusConfig& config, const io::InputFile& file) {
  const Corpus& corpus = found.corpus;
  const bool is_first = corpus.files.size() == 1;
  const bool is_asked_for = config.ids != CorpusConfig{}.ids;
  if (config.ids.empty() || (is_first && !is_asked_for && !file.has(config.ids))) {
    return;
  }
  if (!is_first && corpus.id_kind == IdKind::none) {
    if (file.has(config.ids)) {
      fail("{}: has a dataset {}, but {} has not", file.path(), config.ids, corpus.files[0].path);
    }
    return;
  }
  join_id_kinds(found, config, file,
                require_column(file, config.ids, corpus.files.back().num_rows, 1));
}

void check_votes(Inspection& found, const std::string& dataset, const io::InputFile& file) {
  Corpus& corpus = found.corpus;
  const io::DatasetInfo info = require_named_column(found, file, dataset, 2);
  require_width(file, dataset, info, kMostVoters, "voters");
  if (corpus.files.size() > 1) {
    if (info.shape[1] != count_of(corpus.vote_names)) {
      fail("{}: {}: has {} voters, but {} has {}", file.path(), dataset, info.shape[1],
           corpus.files[0].path, corpus.vote_names.size());
    }
    return;
  }
  if (file.has_attribute(dataset, "names")) {
    corpus.vote_names = file.attribute_strings(dataset, "names");
    if (count_of(corpus.vote_names) != info.shape[1]) {
      fail("{}: {}: has {} voters, but its attribute names has {}", file.path(), dataset,
           info.shape[1], corpus.vote_names.size());
    }
    return;
  }
  for (Count voter = 0; voter < info.shape[1]; ++voter) {
    corpus.vote_names.push_back(fmt::format("votes.{}", voter));
  }
}

/// Returns how many classes the probabilities are of, 0 without voters.
Count check_probs(Corpus& corpus, const std::string& group, const io::InputFile& file) {
  const std::vector<std::string> names = file.children(group);
  if (corpus.files.size() == 1) {
    corpus.prob_names = names;
  } else if (names != corpus.prob_names) {
    fail("{}: {}: has the voters {}, but {} has {}", file.path(), group, fmt::join(names, ", "),
         corpus.files[0].path, fmt::join(corpus.prob_names, ", "));
  }
  Count num_classes = 0;
  for (const std::string& name : names) {
    if (!is_utf8(name)) {
      fail("{}: {}: the voter {} is not UTF-8", file.path(), quote(group), quote(name));
    }
    const std::string dataset = fmt::format("{}/{}", group, name);
    const io::DatasetInfo info = require_column(file, dataset, corpus.files.back().num_rows, 2);
    if (!info.type || !io::is_float(*info.type)) {
      fail("{}: {}: holds {}, expected f16, f32 or f64", file.path(), dataset, info.type_name);
    }
    require_width(file, dataset, info, kMostClasses, "classes");
    if (num_classes != 0 && info.shape[1] != num_classes) {
      fail("{}: {}: is of {} classes, but {} of {}", file.path(), dataset, info.shape[1],
           names.front(), num_classes);
    }
    num_classes = info.shape[1];
  }
  return num_classes;
}

}  // namespace

std::vector<std::string> class_columns(const CorpusConfig& config) {
  std::vector<std::string> columns = {config.labels, config.gold, config.votes};
  std::erase(columns, "");
  return columns;
}

Inspection inspect(const CorpusConfig& config) {
  validate(config);
  Inspection found;
  Corpus& corpus = found.corpus;
  corpus.metric = config.metric;
  corpus.embeddings = config.embeddings;
  for (const std::string& path : expand_files(config)) {
    const io::InputFile file{path};
    append_embeddings(corpus, file);
    check_ids(found, config, file);
    std::vector<std::string> columns = config.slices;
    columns.insert(columns.end(), {config.labels, config.gold});
    for (const std::string& column : columns) {
      if (!column.empty()) {
        (void)require_named_column(found, file, column, 1);
      }
    }
    for (const std::string& slice : config.slices) {
      if (corpus.files.size() == 1) {
        corpus.slices.push_back({slice, group_names(file, slice)});
      }
    }
    if (!config.votes.empty()) {
      check_votes(found, config.votes, file);
    }
    if (!config.probs.empty()) {
      const Count classes = check_probs(corpus, config.probs, file);
      if (found.prob_classes != 0 && classes != found.prob_classes) {
        fail("{}: {}: is of {} classes, but {} is of {}", path, config.probs, classes,
             found.prob_file, found.prob_classes);
      }
      found.prob_classes = classes;
      found.prob_file = path;
    }
  }
  if (corpus.num_items == 0) {
    fail("{}: {}: has no rows", corpus.files[0].path, corpus.embeddings);
  }
  corpus.class_names = read_class_names(config, corpus.files[0].path);
  if (count_of(corpus.class_names) > kMostClasses) {
    fail("corpus.classes: has {} names, expected at most {}", corpus.class_names.size(),
         kMostClasses);
  }
  if (corpus.class_names.empty() && !has_classes_in_columns(found, config) &&
      !config.seeds.empty()) {
    for (const SeedEntry& seed : read_seed_file(config.seeds, corpus.id_kind, {}).entries) {
      found.largest_seed_label = std::max(found.largest_seed_label, seed.label);
    }
  }
  return found;
}

}  // namespace kith::corpus
