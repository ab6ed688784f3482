/// What people have answered to the questions of a queue.
#pragma once

#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"

namespace kith::stages {

/// Collective. As import_review(), of a file that names its lists.
[[nodiscard]] std::string import_answers(const comm::Communicator& comm,
                                         const config::Config& config, const std::string& path,
                                         const std::string& annotator);

}  // namespace kith::stages
