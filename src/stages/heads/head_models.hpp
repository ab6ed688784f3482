/// Models of heads, between ranks and in heads.h5.
#pragma once

#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/heads/heads.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

namespace kith::stages {

/// Collective. Every rank gets what `root` has.
void share_fits(const comm::Communicator& comm, heads::Fits& fits, Rank root);

/// The group of a head's model; fold -1: of all seeds.
[[nodiscard]] std::string model_group(const std::string& member, int fold);

/// Collective. The same on all ranks.
void write_model(io::OutputFile& file, const std::string& group, const heads::Model& model);

/// All but the arrays. Local; throws Error.
[[nodiscard]] heads::Model read_model_facts(const io::InputFile& file, const std::string& group,
                                            int num_classes);

/// Looked at before it is used. Local; throws Error.
[[nodiscard]] heads::Model read_model(const io::InputFile& file, const std::string& group,
                                      int num_classes, Count dim);

}  // namespace kith::stages
