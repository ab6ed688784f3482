#include "io/read_elements.hpp"

#include "kith/core/quote.hpp"

namespace kith::io {
namespace {

constexpr std::size_t kLongestString = std::size_t{1} << 20;

}  // namespace

void require_strings(const Place& place, const Datatype& stored) {
  if (H5Tget_class(stored.id()) != H5T_STRING) {
    fail("{}: {}: holds {}, expected strings", place.path, quote(place.object),
         describe_type(stored.id()).type_name);
  }
  if (H5Tis_variable_str(stored.id()) <= 0 && H5Tget_size(stored.id()) > kLongestString) {
    fail("{}: {}: has strings of {} bytes, expected at most {}", place.path, quote(place.object),
         H5Tget_size(stored.id()), kLongestString);
  }
}

void require_utf8(const Place& place, std::span<const std::string> strings, Count first) {
  for (std::size_t i = 0; i < strings.size(); ++i) {
    if (!is_utf8(strings[i])) {
      fail("{}: {}: row {}: the string {} is not UTF-8", place.path, quote(place.object),
           first + static_cast<Count>(i), quote(strings[i]));
    }
  }
}

std::string unpadded(std::string_view text, bool pads_with_spaces) {
  text = text.substr(0, text.find('\0'));
  return std::string{pads_with_spaces ? text.substr(0, text.find_last_not_of(' ') + 1) : text};
}

}  // namespace kith::io
