/// Texts that are nearly right.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace kith::test {

/// Calls visit(text) with `count` texts that are `good` but for one to four changes: a byte
/// replaced by one of `bytes` or by any, left out, put in or moved, or a part of the text said
/// twice or cut off. The same ones every time.
template <class Visit>
void for_each_mutation(const std::string& good, std::string_view bytes, int count,
                       const Visit& visit) {
  std::mt19937 random{1};  // its numbers are the same everywhere; distributions are not
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
  for (int i = 0; i < count; ++i) {
    std::string text = good;
    for (std::size_t change = below(4) + 1; change > 0; --change) {
      const std::size_t at = below(text.size());
      const char byte =
          below(4) == 0 ? static_cast<char>(random() % 256) : bytes[below(bytes.size())];
      switch (below(6)) {
        case 0:
          text.insert(at, 1, byte);
          break;
        case 1:
          text.erase(at, below(4));
          break;
        case 2:
          text.insert(below(text.size()), text.substr(at, below(40)));
          break;
        case 3:
          text.resize(below(8) == 0 ? at : text.size());
          break;
        default:
          text.replace(at, text.empty() ? 0 : 1, 1, byte);
      }
    }
    visit(text);
  }
}

}  // namespace kith::test
