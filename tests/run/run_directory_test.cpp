#include "run/run_directory.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"
#include "kith/run/run.hpp"
#include "kith/stages/stages.hpp"

#include "run/manifest.hpp"
#include "run/run_files.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::run {
namespace {

namespace fs = std::filesystem;

using test::TemporaryDirectory;
using test::world;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// What the call says when it fails; nothing if it does not.
template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

const Fingerprint kPrint{{{"knn.k", "10"}}, "print"};

class RunDirectory : public testing::Test {
 protected:
  /// Rank 0 writes a file below the directory.
  void write(const std::string& name, const std::string& text) const {
    comm::on_root(world(), [&] {
      const fs::path path{directory_ / name};
      fs::create_directories(path.parent_path());
      std::ofstream{path} << text;
    });
  }
  /// What rank 0 finds there; nothing if there is no such file.
  [[nodiscard]] std::string read(const std::string& name) const {
    std::string text;
    comm::on_root(world(), [&] {
      text = fs::exists(directory_ / name) ? io::read_file(directory_ / name) : std::string{};
    });
    comm::broadcast(world(), text);
    return text;
  }
  [[nodiscard]] std::string refusal() const {
    return message_of([&] { require_own_directory(world(), stages::all(), directory_.path()); });
  }
  [[nodiscard]] Manifest open() const {
    config::Config config;
    config.run.directory = directory_.path();
    return Manifest::open(world(), stages::all(), config, io::Json::object());
  }
  /// Opens the manifest and does a stage that leaves files with this text.
  void do_stage(const std::string& stage, const std::string& text) const {
    Manifest manifest = open();
    manifest.begin(world(), stage, kPrint);
    for (const std::string& name : stages::all().at(stage).description().files) {
      write(name, text);
    }
    manifest.record(world(), stage, kPrint, {});
  }
  /// Is the stage found done by the next start?
  [[nodiscard]] bool is_done(const std::string& stage) const {
    Manifest manifest = open();
    Fingerprints prints;
    for (const std::string& name : stages::all().names()) {
      prints[name] = kPrint;
    }
    manifest.verify(world(), prints, "qa");
    return manifest.is_done(stage, kPrint);
  }

  TemporaryDirectory directory_{world()};
};

TEST(JsonText, WhatIsDamagedIsOneSentence) {
  for (const std::string text :
       {"", "{\"a\": 1", "\xff\xfe", "{\"a\": 1e999}", "{\"a\": \"\xff\"}", "{} {}"}) {
    EXPECT_THAT(message_of([&] { (void)io::parse_json(text, "x.json"); }),
                AllOf(HasSubstr("x.json: is damaged"), Not(HasSubstr("json.exception"))))
        << text;
  }
  EXPECT_THAT(message_of([] { (void)io::parse_json(std::string(1'000'000, '['), "x.json"); }),
              HasSubstr("x.json: is damaged"));
  EXPECT_EQ(io::json_text(io::Json{{"path", "\xe9"}}, -1), "{\"path\":\"\xef\xbf\xbd\"}");
}

TEST_F(RunDirectory, ADamagedManifestIsOneSentence) {
  const io::Json whole = io::Json::parse(R"({"program": "kith", "configuration": {"run.seed": "1"},
    "inputs": [{"path": "a"}], "starts": [{"status": "done"}], "begun": ["check"],
    "stages": {"check": {"fingerprint": "f", "files": {"check.json": {"bytes": 1, "hash": "h"}}}}})");
  write(kManifestFile, whole.dump());
  EXPECT_EQ(refusal(), "");

  for (const char* place :
       {"/configuration", "/configuration/run.seed", "/inputs", "/inputs/0", "/inputs/0/path",
        "/starts", "/starts/0", "/starts/0/status", "/begun", "/begun/0", "/stages",
        "/stages/check", "/stages/check/fingerprint", "/stages/check/files",
        "/stages/check/files/check.json", "/stages/check/files/check.json/bytes",
        "/stages/check/files/check.json/hash"}) {
    for (const io::Json& value : {io::Json{5.5}, io::Json(nullptr), io::Json(true)}) {
      io::Json broken = whole;
      broken[io::Json::json_pointer{place}] = value;
      write(kManifestFile, broken.dump());
      EXPECT_THAT(refusal(), HasSubstr("manifest.json: is damaged")) << place << value;
    }
  }
  for (const char* other : {"[]", "5", "{}", R"({"program": "npm"})"}) {
    write(kManifestFile, other);
    EXPECT_THAT(refusal(), HasSubstr("is no manifest of a run of kith")) << other;
  }
}

TEST_F(RunDirectory, FilesOfOthersAreNamedAndStay) {
  for (const char* name : {"labels.h5", "report.html", "graph/knn-00012.h5", "cells/cells.json",
                           "snapshots/knn.1.h5", "lock"}) {
    write(name, "mine");
    EXPECT_THAT(refusal(), HasSubstr(directory_ / name)) << name;
    EXPECT_THROW((void)open(), comm::CollectiveError);
    EXPECT_EQ(read(name), "mine");
    comm::on_root(world(), [&] { fs::remove(directory_ / name); });
  }
  EXPECT_EQ(read(kManifestFile), "");
  write("cells.csv", "mine");
  write("labels.h5.part", "mine");
  write("graph/knn-mine.h5", "mine");
  do_stage("ensemble", "labels");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(read("labels.h5.part"), "mine");
}

TEST_F(RunDirectory, WhatIsNoDirectoryIsRefused) {
  write("file", "mine");
  EXPECT_EQ(message_of([&] { require_own_directory(world(), stages::all(), directory_ / "file"); }),
            "run.directory = " + (directory_ / "file") +
                ": is there, but is no directory: set another one");
  const std::string link = directory_ / "link";
  comm::on_root(world(), [&] { fs::create_symlink("nowhere", link); });
  EXPECT_EQ(message_of([&] { require_own_directory(world(), stages::all(), link); }),
            "run.directory = " + link + ": is a link to nowhere, which is not there");
  write("labels.h5/inside", "mine");
  EXPECT_THAT(refusal(), HasSubstr("labels.h5: kith would write over"));
  EXPECT_EQ(
      message_of([&] { require_own_directory(world(), stages::all(), directory_ / "missing"); }),
      "");
}

TEST_F(RunDirectory, AfterAKillItsFilesAreKnown) {
  {
    Manifest manifest = open();
    manifest.begin(world(), "ensemble", kPrint);
    write("labels.h5", "renamed, and not recorded yet");
    write("labels.h5.kith.part", "half");
  }

  EXPECT_FALSE(is_done("ensemble"));  // and no refusal
  EXPECT_EQ(read("labels.h5.kith.part"), "");
  write("qa.h5", "mine");
  EXPECT_THAT(refusal(), HasSubstr("qa.h5"));
}

TEST_F(RunDirectory, AStageIsDoneIfItsFilesAreWhatWasRecorded) {
  do_stage("ensemble", "labels");
  EXPECT_TRUE(is_done("ensemble"));

  write("labels.h5", "babels");
  EXPECT_THAT(
      message_of([&] { require_recorded(world(), stages::all().at("qa"), directory_.path()); }),
      HasSubstr("has no stage qa"));
  EXPECT_THAT(message_of([&] {
                require_recorded(world(), stages::all().at("ensemble"), directory_.path());
              }),
              HasSubstr("file=labels.h5 reason=\"has other bytes\""));
  EXPECT_FALSE(is_done("ensemble"));
  EXPECT_EQ(read("labels.h5.changed"), "babels");
}

TEST_F(RunDirectory, AStageWithoutFilesIsNotDone) {
  do_stage("qa", "numbers");
  for (const char* name : {"qa.h5", "report.html", "report.json"}) {
    io::Json manifest = io::Json::parse(read(kManifestFile));
    manifest["stages"]["qa"]["files"].erase(name);
    write(kManifestFile, manifest.dump());
    EXPECT_FALSE(is_done("qa")) << name;
    do_stage("qa", "numbers");
  }
  EXPECT_TRUE(is_done("qa"));
}

TEST_F(RunDirectory, WhatWasMadeFromOtherFilesIsNotDone) {
  do_stage("cells", "cells");
  do_stage("graph", "graph");
  do_stage("cells", "cells");
  EXPECT_TRUE(is_done("graph"));

  do_stage("cells", "other cells");
  EXPECT_TRUE(is_done("cells"));
  EXPECT_FALSE(is_done("graph"));
}

TEST_F(RunDirectory, OnlyItsOwnFilesAreNoInput) {
  do_stage("ensemble", "labels");
  comm::barrier(world());
  const fs::path directory{directory_.path()};
  for (const char* name :
       {"labels.h5", "manifest.json", "lock", "graph/knn-00000.h5", "cells", ""}) {
    EXPECT_TRUE(is_of_a_run(stages::all(), (directory / name).string())) << name;
  }
  for (const char* name : {"corpus.h5", "part-1.h5", "graph/knn-x.h5", "../labels.h5"}) {
    EXPECT_FALSE(is_of_a_run(stages::all(), (directory / name).string())) << name;
  }
}

}  // namespace
}  // namespace kith::run
