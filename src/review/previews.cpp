#include "kith/review/previews.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/input_file.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/review/image.hpp"

#include "review/sheet_forms.hpp"

namespace kith::review {
namespace {

constexpr std::size_t kMostTextBytes = 2000;
constexpr int kMostPixels = 96;
constexpr const char* kShapeAttribute = "image_shape";

/// As a table and a page can hold it, cut between two characters.
std::string cut(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) { return (c < ' ' && c != '\n' && c != '\t') || c == 0x7F; }, ' ');
  if (text.size() > kMostTextBytes) {
    std::size_t end = 0;
    for (std::size_t next = utf8_length(text); next > 0 && end + next <= kMostTextBytes;) {
      end += next;
      next = utf8_length(std::string_view{text}.substr(end));
    }
    text.resize(end);
    text += " ...";
  }
  return text;
}

void require_strings(const io::InputFile& file, const std::string& dataset, const char* key,
                     Count num_rows) {
  const io::DatasetInfo info = file.describe(dataset);
  if (!info.has_strings || info.shape != std::vector<Count>{num_rows}) {
    fail("{}: {}: {}, expected {} strings for {}", file.path(), dataset,
         info.has_strings ? "another number of them" : info.type_name, num_rows, key);
  }
}

/// Of one picture: the shape of the dataset, or what the attribute image_shape says of vectors.
std::optional<ImageShape> image_shape(const io::InputFile& file, const std::string& dataset) {
  std::vector<Count> shape = file.describe(dataset).shape;
  if (shape.size() == 2 && file.has_attribute(dataset, kShapeAttribute)) {
    const auto numbers = file.attribute_numbers(dataset, kShapeAttribute);
    const Count values = shape[1];
    shape.resize(1);
    shape.insert(shape.end(), numbers.begin(), numbers.end());
    Count product = 1;
    for (const Count number : numbers) {
      product = number > 0 && product <= values / number ? product * number : 0;
    }
    if (product != values) {
      return std::nullopt;
    }
  }
  constexpr Count kMostSide = 1 << 14;
  const bool is_gray = shape.size() == 3;
  const bool is_color = shape.size() == 4 && shape[3] == 3;
  if ((!is_gray && !is_color) || shape[1] < 1 || shape[2] < 1 || shape[1] > kMostSide ||
      shape[2] > kMostSide) {
    return std::nullopt;
  }
  return ImageShape{static_cast<int>(shape[1]), static_cast<int>(shape[2]), is_color ? 3 : 1};
}

void require_images(const io::InputFile& file, const std::string& dataset, Count num_rows) {
  const io::DatasetInfo info = file.describe(dataset);
  if (!info.is_number() || info.num_rows() != num_rows || !image_shape(file, dataset)) {
    fail(
        "{}: {}: expected pictures for corpus.image: {} x H x W or {} x H x W x 3, or vectors with "
        "the attribute {}",
        file.path(), dataset, num_rows, num_rows, kShapeAttribute);
  }
}

/// low becomes 0, high 255.
std::vector<std::uint8_t> to_bytes(std::span<const float> values, float low, float high) {
  constexpr float kWhite = 255;
  const float scale = high > low ? kWhite / (high - low) : 0;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const float value : values) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::clamp((value - low) * scale + 0.5F, 0.F, kWhite)));
  }
  return bytes;
}

/// Bytes as they are; other numbers from the least of the picture, black, to the largest, white.
std::vector<std::uint8_t> pixels_of(const io::InputFile& file, const std::string& dataset,
                                    Count row) {
  const io::DatasetInfo info = file.describe(dataset);
  std::vector<float> values(to_size(info.row_size()));
  file.read_rows<float>(dataset, row, values);
  float low = 0;
  float high = 255;
  if (info.type != io::ElementType::u8) {
    std::replace_if(
        values.begin(), values.end(), [](float value) { return !(std::abs(value) < 1e30F); }, 0.F);
    low = *std::min_element(values.begin(), values.end());
    high = *std::max_element(values.begin(), values.end());
  }
  return to_bytes(values, low, high);
}

/// Local; throws Error.
Preview read_preview(const corpus::Corpus& corpus, const corpus::CorpusConfig& config, Count row) {
  const corpus::FileExtent& extent = corpus.file_of(GlobalId{row});
  const io::InputFile file{extent.path};
  const Count in_file = row - extent.first_row.value();
  Preview preview;
  if (!config.text.empty()) {
    preview.text = cut(file.read_strings(config.text, in_file, 1).front());
  }
  if (!config.uri.empty()) {
    preview.uri = cut(file.read_strings(config.uri, in_file, 1).front());
  }
  if (!config.image.empty()) {
    preview.image = png_uri(pixels_of(file, config.image, in_file),
                            *image_shape(file, config.image), kMostPixels);
  }
  return preview;
}

}  // namespace

void check_previews(const comm::Communicator& comm, const corpus::Corpus& corpus,
                    const corpus::CorpusConfig& config) {
  comm::on_root(comm, [&] {
    for (const corpus::FileExtent& extent : corpus.files) {
      const io::InputFile file{extent.path};
      if (!config.text.empty()) {
        require_strings(file, config.text, "corpus.text", extent.num_rows);
      }
      if (!config.uri.empty()) {
        require_strings(file, config.uri, "corpus.uri", extent.num_rows);
      }
      if (!config.image.empty()) {
        require_images(file, config.image, extent.num_rows);
      }
    }
  });
}

std::vector<Preview> previews_of(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                 const corpus::CorpusConfig& config, std::span<const Count> rows) {
  if (!has_previews(config)) {
    return std::vector<Preview>(rows.size());
  }
  check_previews(comm, corpus, config);
  constexpr Count kParts = 3;
  const auto block = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  const auto mine = comm::locally(comm, [&] {
    std::vector<layout::PlacedText> texts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (block.contains(GlobalId{rows[i]})) {
        Preview preview = read_preview(corpus, config, rows[i]);
        const Count first = kParts * static_cast<Count>(i);
        texts.push_back({first, std::move(preview.text)});
        texts.push_back({first + 1, std::move(preview.uri)});
        texts.push_back({first + 2, std::move(preview.image)});
      }
    }
    return texts;
  });
  std::vector<std::string> texts = layout::gather_texts(comm, mine, to_size(kParts) * rows.size());
  std::vector<Preview> previews;
  for (std::size_t i = 0; i < texts.size(); i += to_size(kParts)) {
    previews.push_back({std::move(texts[i]), std::move(texts[i + 1]), std::move(texts[i + 2])});
  }
  return previews;
}

void add_preview(const Preview& preview, io::Json& json) {
  add_text(json, "text", preview.text);
  add_text(json, "uri", preview.uri);
  add_text(json, "image", preview.image);
}

bool has_previews(const corpus::CorpusConfig& config) {
  return !config.text.empty() || !config.uri.empty() || !config.image.empty();
}

}  // namespace kith::review
