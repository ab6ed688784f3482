/// Text that people and other programs write, line by line.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "kith/core/types.hpp"

namespace kith::io {

/// The longest line, in bytes of UTF-8.
inline constexpr Count kLongestLine = 1'000'000;

/// The largest text: of one that is read as a stream, and of one that is kept as a whole.
inline constexpr Count kMostStreamedBytes = Count{64} << 30;
inline constexpr Count kMostKeptBytes = Count{64} << 20;

/// Why `text` is no line of text, as "is not UTF-8: ..." or "has the control character \x07: ...";
/// empty if it is one. A tab is text. encoding: what it was written in, for the sentence.
[[nodiscard]] std::string fault_of_text(std::string_view text, const char* encoding = "UTF-8");

/// A text in UTF-8, or in UTF-16 with a byte order mark; lines end with LF, CRLF or CR. Holds one
/// block of it at a time. Whatever is no such text throws Error, naming file and line.
class TextFile {
 public:
  /// Opens a regular file. Throws Error if it is none, and later where it exceeds `most_bytes`.
  explicit TextFile(const std::string& path, Count most_bytes = kMostStreamedBytes);

  /// A text in memory. path: for messages.
  [[nodiscard]] static TextFile of_text(std::string_view text, const std::string& path);

  /// Goes to the next line; false behind the last. Throws Error.
  bool next_line();

  /// The line without its end, until the next call of next_line().
  [[nodiscard]] std::string_view line() const {
    return std::string_view{buffer_}.substr(line_begin_, line_bytes_);
  }
  [[nodiscard]] Count line_number() const { return line_number_; }  // from 1

  /// "PATH", fit for a message, and "PATH: line 3".
  [[nodiscard]] const std::string& shown_path() const { return shown_path_; }
  [[nodiscard]] std::string place_of(Count line_number) const {
    return fmt::format("{}: line {}", shown_path_, line_number);
  }
  [[nodiscard]] std::string place() const { return place_of(line_number_); }

 private:
  enum class Encoding { utf8, utf16_little, utf16_big };
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

  TextFile(const std::string& path, Count most_bytes, File file);

  bool read_block();
  void take_block(std::string_view bytes, bool is_last);
  void find_encoding(std::string_view& bytes);
  void decode_utf16(bool is_last);
  [[nodiscard]] const char* encoding_name() const;

  std::string shown_path_;
  Count most_bytes_;
  File file_;
  Count bytes_read_ = 0;
  Encoding encoding_ = Encoding::utf8;
  std::string undecoded_;  // bytes of UTF-16
  std::string buffer_;     // UTF-8
  std::size_t begin_ = 0;  // of what is left in the buffer
  bool ended_with_cr_ = false;
  std::size_t line_begin_ = 0;
  std::size_t line_bytes_ = 0;
  Count line_number_ = 0;
};

}  // namespace kith::io
