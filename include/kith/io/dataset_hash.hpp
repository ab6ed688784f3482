/// Hashes of the values of datasets, by all ranks together: the same wherever a file lies, however
/// it is chunked or compressed, and whatever else it holds.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"

namespace kith::io {

struct DatasetPlace {
  std::string path;
  std::string dataset;      // of numbers, enumerations or strings
  bool may_sample = false;  // not every value need count
};

/// Collective. XXH3-128 of shape, type, the attribute "names" and the values of each dataset, as 32
/// hexadecimal digits; does not depend on ranks. Of a dataset of more than 64 MiB that may be
/// sampled only 256 equally spaced blocks of 64 KiB are read: tells other values from these, not
/// every change. Throws CollectiveError if a dataset cannot be read.
[[nodiscard]] std::vector<std::string> hash_datasets(const comm::Communicator& comm,
                                                     std::span<const DatasetPlace> places);

}  // namespace kith::io
