/// The page to label in, short of its items.
#pragma once

namespace kith::review {

extern const char* const kPageStyle;
extern const char* const kPageBody;
extern const char* const kPageScript;

}  // namespace kith::review
