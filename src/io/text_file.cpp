#include "kith/io/text_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/files.hpp"

#include "io/descriptor.hpp"

namespace kith::io {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 16;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// True if all of it is printable ASCII and tabs: no further look is needed.
bool is_plain(std::string_view text) {
  unsigned odd = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(byte >= 0x7F) |
           (static_cast<unsigned>(byte < 0x20) & static_cast<unsigned>(byte != '\t'));
  }
  return odd == 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

/// What a message shows of a text that has a fault at a byte.
std::string around(std::string_view text, std::size_t fault) {
  std::size_t first = fault - std::min<std::size_t>(fault, 40);
  while (first < fault && (static_cast<unsigned char>(text[first]) & 0xC0U) == 0x80U) {
    ++first;  // inside of a character
  }
  return quote(text.substr(first, 80));
}

/// Throws Error unless the path leads to a regular file: others may have no end, or no beginning.
void require_regular(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code unknown;
  const fs::file_status status = fs::status(path, unknown);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    fail("{}: is {}, expected a text file", quote(path),
         fs::is_directory(status) ? "a directory"
         : fs::is_fifo(status)    ? "a pipe"
                                  : "a device");
  }
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | code >> 6);
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12);
    byte(0x80U | (code >> 6 & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | code >> 18);
    byte(0x80U | (code >> 12 & 0x3FU));
    byte(0x80U | (code >> 6 & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

bool is_high_surrogate(std::uint32_t code) {
  return code >= 0xD800 && code < 0xDC00;
}

bool is_low_surrogate(std::uint32_t code) {
  return code >= 0xDC00 && code < 0xE000;
}

}  // namespace

std::string fault_of_text(std::string_view text, const char* encoding) {
  if (is_plain(text)) {
    return {};
  }
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return fmt::format("has a zero byte, expected text in UTF-8: \"{}\"", around(text, zero));
  }
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  if (control != text.end()) {
    return fmt::format("has the control character \\x{:02X}: \"{}\"",
                       static_cast<unsigned char>(*control),
                       around(text, static_cast<std::size_t>(control - text.begin())));
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      return fmt::format("is not {}: \"{}\"", encoding, around(text, at));
    }
    if (text.substr(at, length) == kByteOrderMark) {
      return fmt::format("has a byte order mark inside, as joined files have: \"{}\"",
                         around(text, at));
    }
    at += length;
  }
  return {};
}

TextFile::TextFile(const std::string& path, Count most_bytes, File file)
    : shown_path_{quote(path)}, most_bytes_{most_bytes}, file_{std::move(file)} {
}

TextFile::TextFile(const std::string& path, Count most_bytes)
    : TextFile{path, most_bytes, File{nullptr, &std::fclose}} {
  require_regular(path);
  file_.reset(std::fopen(path.c_str(), "re"));
  if (file_ == nullptr) {
    fail_errno(shown_path_);
  }
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
}

TextFile TextFile::of_text(std::string_view text, const std::string& path) {
  TextFile file{path, count_of(text), File{nullptr, &std::fclose}};
  file.take_block(text, true);
  return file;
}

const char* TextFile::encoding_name() const {
  return encoding_ == Encoding::utf8 ? "UTF-8" : "UTF-16";
}

void TextFile::find_encoding(std::string_view& bytes) {
  if (bytes.starts_with(kByteOrderMark)) {
    bytes.remove_prefix(kByteOrderMark.size());
  } else if (bytes.starts_with("\xFF\xFE")) {
    encoding_ = Encoding::utf16_little;
    bytes.remove_prefix(2);
  } else if (bytes.starts_with("\xFE\xFF")) {
    encoding_ = Encoding::utf16_big;
    bytes.remove_prefix(2);
  }
}

/// Half a surrogate pair and an odd last byte become what is no UTF-8: their line is refused.
void TextFile::decode_utf16(bool is_last) {
  const std::size_t low = encoding_ == Encoding::utf16_little ? 0 : 1;
  const auto unit = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(undecoded_[at + low])) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(undecoded_[at + 1 - low])) << 8;
  };
  std::size_t at = 0;
  for (; at + 2 <= undecoded_.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (is_high_surrogate(code)) {
      if (at + 4 > undecoded_.size() && !is_last) {
        break;  // its other half comes with the next block
      }
      if (at + 4 <= undecoded_.size() && is_low_surrogate(unit(at + 2))) {
        code = 0x10000 + ((code - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
        at += 2;
      }
    }
    append_utf8(buffer_, code);
  }
  undecoded_.erase(0, at);
  if (is_last && !undecoded_.empty()) {
    buffer_ += '\xFF';
    undecoded_.clear();
  }
}

void TextFile::take_block(std::string_view bytes, bool is_last) {
  if (bytes_read_ == 0) {
    find_encoding(bytes);
  }
  bytes_read_ += count_of(bytes);
  if (encoding_ == Encoding::utf8) {
    buffer_ += bytes;
  } else {
    undecoded_ += bytes;
    decode_utf16(is_last);
  }
}

/// Appends to the buffer what comes next, and drops what was read; false if nothing came.
bool TextFile::read_block() {
  if (file_ == nullptr) {
    return false;
  }
  buffer_.erase(0, begin_);
  begin_ = 0;
  line_bytes_ = 0;
  std::array<char, kBlockBytes> block;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled
  errno = 0;
  const std::size_t got = std::fread(block.data(), 1, block.size(), file_.get());
  if (std::ferror(file_.get()) != 0) {
    fail_errno(shown_path_);
  }
  const bool is_last = got < block.size();
  if (is_last) {
    file_.reset();
  }
  take_block({block.data(), got}, is_last);
  if (bytes_read_ > most_bytes_) {
    fail("{}: is larger than {}, the most that is read of such a file", shown_path_,
         format_bytes(most_bytes_));
  }
  return true;
}

bool TextFile::next_line() {
  std::size_t searched = 0;  // bytes of the line that hold no line end
  while (true) {
    const auto first = buffer_.begin() + static_cast<std::ptrdiff_t>(begin_);
    if (ended_with_cr_ && first != buffer_.end()) {
      ended_with_cr_ = false;
      begin_ += *first == '\n' ? 1U : 0U;
      continue;
    }
    const auto end = std::find_if(first + static_cast<std::ptrdiff_t>(searched), buffer_.end(),
                                  [](char c) { return c == '\n' || c == '\r'; });
    searched = static_cast<std::size_t>(end - first);
    const bool is_whole = end != buffer_.end();
    if (!is_whole && static_cast<Count>(searched) <= kLongestLine && read_block()) {
      continue;
    }
    if (!is_whole && searched == 0) {
      line_bytes_ = 0;
      return false;
    }
    ++line_number_;
    if (static_cast<Count>(searched) > kLongestLine) {
      fail("{}: is longer than {} bytes", place(), kLongestLine);
    }
    line_begin_ = begin_;
    line_bytes_ = searched;
    ended_with_cr_ = is_whole && *end == '\r';
    begin_ += searched + (is_whole ? 1U : 0U);
    if (const std::string fault = fault_of_text(line(), encoding_name()); !fault.empty()) {
      fail("{}: {}", place(), fault);
    }
    return true;
  }
}

}  // namespace kith::io
