#include "corpus/inspect.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/storage.hpp"

#include "corpus/class_column.hpp"
#include "corpus/class_names.hpp"
#include "corpus/file_order.hpp"
#include "corpus/names_of_files.hpp"
#include "corpus/require_column.hpp"
#include "corpus/seed_file.hpp"

namespace kith::corpus {
namespace {

constexpr Count kMostItems = Count{1} << 48;
constexpr Count kMostValues = Count{1} << 24;
constexpr Count kMostVoters = 4096;
constexpr Count kMostClasses = Count{1} << 24;

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

/// Names of a file's groups: the attribute names, or the members of an enumeration.
NamesOfFile group_names_of(const Inspection& found, const io::InputFile& file,
                           const std::string& dataset) {
  if (found.is_text(dataset)) {  // the strings themselves, of all files
    return {file.path() + ": " + quote(dataset), std::nullopt};
  }
  NamesOfFile names = names_in_attribute(file, dataset);
  std::vector<std::string> members = names_of_members(file.describe(dataset));
  if (!names.names && !members.empty()) {
    names.names = std::move(members);
  }
  return names;
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

/// Returns how many classes the probabilities are of.
Count check_probs(const io::InputFile& file, const std::string& group, Count num_rows,
                  NamesOfFiles& names) {
  const std::vector<std::string> voters = file.children(group);
  if (voters.empty()) {
    fail("{}: {}: holds nothing, expected a dataset a voter", file.path(), quote(group));
  }
  names.prob_voters.push_back({file.path() + ": " + quote(group), voters});
  Count num_classes = 0;
  for (const std::string& name : voters) {
    if (!is_utf8(name)) {
      fail("{}: {}: the voter {} is not UTF-8", file.path(), quote(group), quote(name));
    }
    const std::string dataset = fmt::format("{}/{}", group, name);
    const io::DatasetInfo info = require_column(file, dataset, num_rows, 2);
    if (!info.type || !io::is_float(*info.type)) {
      fail("{}: {}: holds {}, expected f16, f32 or f64", file.path(), dataset, info.type_name);
    }
    require_width(file, dataset, info, kMostClasses, "classes");
    if (num_classes != 0 && info.shape[1] != num_classes) {
      fail("{}: {}: is of {} classes, but {} of {}", file.path(), dataset, info.shape[1],
           voters.front(), num_classes);
    }
    num_classes = info.shape[1];
  }
  return num_classes;
}

/// A file with class names of its own has a probability for each; the others' are counted in
/// `found`.
void count_prob_classes(const NamesOfFile& classes, const std::string& path,
                        const std::string& group, Count num_classes, Inspection& found) {
  if (classes.names) {
    if (num_classes != count_of(*classes.names)) {
      fail("{}: {}: is of {} classes, expected {}", path, group, num_classes,
           classes.names->size());
    }
    return;
  }
  if (found.prob_classes != 0 && num_classes != found.prob_classes) {
    fail("{}: {}: is of {} classes, but {} is of {}", path, group, num_classes, found.prob_file,
         found.prob_classes);
  }
  found.prob_classes = num_classes;
  found.prob_file = path;
}

/// Without names and seeds the class vectors say how many classes there are.
void count_class_vectors(const CorpusConfig& config, Inspection& found) {
  for (const FileExtent& extent : found.corpus.files) {
    const io::InputFile file{extent.path};
    if (!config.prototypes.empty() && file.has(config.prototypes)) {
      const io::DatasetInfo info = file.describe(config.prototypes);
      found.prob_classes = info.shape.empty() ? 0 : std::min(info.shape.front(), kMostClasses + 1);
      found.prob_file = extent.path;
      return;
    }
  }
}

/// Values that are not there read as zeros: as class 0, as group 0, as a vector.
void check_storage(const CorpusConfig& config, const io::InputFile& file,
                   std::span<const std::string> columns, std::set<std::string>& sources) {
  std::vector<std::string> datasets(columns.begin(), columns.end());
  datasets.push_back(config.embeddings);
  if (!config.probs.empty()) {
    for (const std::string& voter : file.children(config.probs)) {
      datasets.push_back(fmt::format("{}/{}", config.probs, voter));
    }
  }
  const std::vector<io::Storage> storage = io::describe_storage(file.path(), datasets);
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    sources.insert(storage[i].sources.begin(), storage[i].sources.end());
    const bool is_number = i < columns.size() && !file.describe(datasets[i]).has_strings;
    if (is_number && storage[i].unwritten) {
      fail(
          "{}: {}: {} never written and would read as 0; write them, or give the dataset a fill "
          "value: -1 for none",
          file.path(), quote(datasets[i]), *storage[i].unwritten);
    }
  }
}

void inspect_file(const CorpusConfig& config, const io::InputFile& file, Inspection& found,
                  NamesOfFiles& names) {
  append_embeddings(found.corpus, file);
  check_ids(found, config, file);
  std::vector<std::string> columns = config.slices;
  columns.insert(columns.end(), {config.labels, config.gold});
  std::erase(columns, "");
  for (const std::string& column : columns) {
    (void)require_named_column(found, file, column, 1);
  }
  if (!config.votes.empty()) {
    const io::DatasetInfo info = require_named_column(found, file, config.votes, 2);
    require_width(file, config.votes, info, kMostVoters, "voters");
    add_voters(file, config.votes, info.shape[1], names);
    columns.push_back(config.votes);
  }
  names.classes.push_back(class_names_of(config, file));
  for (std::size_t slice = 0; slice < config.slices.size(); ++slice) {
    names.slices[slice].push_back(group_names_of(found, file, config.slices[slice]));
  }
  if (!config.probs.empty()) {
    const Count num_classes =
        check_probs(file, config.probs, found.corpus.files.back().num_rows, names);
    count_prob_classes(names.classes.back(), file.path(), config.probs, num_classes, found);
  }
  if (found.corpus.id_kind != IdKind::none) {
    columns.push_back(config.ids);
  }
  check_storage(config, file, columns, names.sources);
}

}  // namespace

Inspection inspect(const CorpusConfig& config) {
  validate(config);
  Inspection found;
  Corpus& corpus = found.corpus;
  corpus.metric = config.metric;
  corpus.embeddings = config.embeddings;
  NamesOfFiles names;
  names.slices.resize(config.slices.size());
  for (const std::string& path : expand_files(config)) {
    inspect_file(config, io::InputFile{path}, found, names);
  }
  if (corpus.num_items == 0) {
    fail("{}: {}: has no rows", corpus.files[0].path, corpus.embeddings);
  }
  join_names_of_files(config, names, corpus);
  corpus.sources.assign(names.sources.begin(), names.sources.end());
  if (corpus.class_names.empty() && !config.classes.empty()) {
    corpus.class_names = read_class_file(config, corpus.files[0].path);
  }
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
  if (corpus.class_names.empty() && !config.has_seeds() && found.prob_classes == 0) {
    count_class_vectors(config, found);
  }
  return found;
}

}  // namespace kith::corpus
