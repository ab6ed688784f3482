#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/run/command.hpp"
#include "kith/stages/stages.hpp"

#include "support/mpi_world.hpp"

namespace kith::run {

using config::Config;
using config::help_text;
using config::parse_bytes;
using config::to_text;
using config::value_text;

namespace {

using test::world;

/// An INI file of rank 0 that goes with the test.
class IniFile {
 public:
  explicit IniFile(const std::string& text)
      : path_{(std::filesystem::temp_directory_path() / fmt::format("kith_{}.ini", getpid()))
                  .string()} {
    comm::broadcast(world(), path_);
    if (world().is_root()) {
      std::ofstream{path_} << text;
    }
  }
  ~IniFile() {
    if (world().is_root()) {
      std::filesystem::remove(path_);
    }
  }
  IniFile(const IniFile&) = delete;
  IniFile& operator=(const IniFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Command parse(std::vector<std::string> words) {
  words.insert(words.begin(), "kith");
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  return parse_command_line(world(), stages::all(), static_cast<int>(arguments.size()),
                            arguments.data());
}

std::string error_of(const std::vector<std::string>& words) {
  try {
    (void)parse(words);
  } catch (const comm::CollectiveError& error) {
    return error.what();
  }
  return "no error";
}

constexpr const char* kSmallIni =
    "[run]\ndirectory = out\n[corpus]\nfiles = a.h5, b/*.h5\nlabels = /labels\n[knn]\nk = 12\n";

TEST(Config, ReadsAnIniFileAndLetsTheCommandLineWin) {
  const IniFile ini{kSmallIni};

  const Command command = parse({"run", "-c", ini.path(), "--knn.k", "7", "--knn.probes=3"});

  EXPECT_EQ(command.name, "run");
  EXPECT_EQ(command.config.run.directory, "out");
  EXPECT_EQ(command.config.corpus.files, (std::vector<std::string>{"a.h5", "b/*.h5"}));
  EXPECT_EQ(command.config.knn.k, 7);
  EXPECT_EQ(command.config.effort.probes, 3);
  EXPECT_EQ(command.config.ensemble.members.size(), ensemble::default_members().size());
}

TEST(Config, ReadsMembersInTheOrderTheyAreWritten) {
  const IniFile ini{std::string{kSmallIni} +
                    "[member.slow]\nmethod = spreading\nalpha = 0.9\n"
                    "[member.quick]\nmethod = harmonic\nclass_mass = normalize\nbootstrap = 3\n"};

  const Command command = parse({"run", "-c", ini.path(), "--member.slow.max_sweeps", "9"});

  const auto& members = command.config.ensemble.members;
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "slow");
  EXPECT_EQ(members[0].solver.parameters["alpha"], 0.9);
  EXPECT_EQ(members[0].solver.max_sweeps, 9);
  EXPECT_EQ(members[1].name, "quick");
  EXPECT_EQ(members[1].bootstrap, 3);
  EXPECT_EQ(members[1].class_mass, ensemble::ClassMass::normalize);
}

TEST(Config, IsTheSameOnEveryRank) {
  const IniFile ini{std::string{kSmallIni} + "[member.slow]\nmethod = spreading\nalpha = 0.9\n"};

  std::string text = to_text(parse({"run", "-c", ini.path()}).config);

  const std::string mine = text;
  comm::broadcast(world(), text);
  EXPECT_EQ(mine, text);
}

TEST(Config, NamesTheNearestKnownKey) {
  const IniFile ini{std::string{kSmallIni} + "[knn]\nprobe = 3\n"};
  EXPECT_EQ(error_of({"run", "-c", ini.path()}),
            ini.path() + ": line 9: unknown key knn.probe; the nearest known one is knn.probes");
  EXPECT_EQ(error_of({"run", "--knn.kk", "3"}),
            "command line: unknown key knn.kk; the nearest known one is knn.k");
}

TEST(Config, SaysWhatIsWrongInOneSentence) {
  const IniFile ini{kSmallIni};
  EXPECT_EQ(error_of({"run", "-c", ini.path(), "--knn.k", "0"}),
            "command line: knn.k = 0, must be in 1..1024");
  EXPECT_EQ(error_of({"run", "-c", ini.path(), "--knn.k", "ten"}),
            "command line: knn.k = \"ten\", must be a whole number in 1..1024");
  EXPECT_EQ(error_of({"run", "-c", ini.path(), "--corpus.metric", "l3"}),
            "command line: corpus.metric = l3, must be one of: l2 | cosine | inner_product");
  EXPECT_EQ(error_of({"run", "-c", "/nowhere.ini"}), "/nowhere.ini: No such file or directory");
  EXPECT_EQ(error_of({"run"}), "corpus.files is not set: which HDF5 files hold the corpus?");
  EXPECT_EQ(
      error_of({"run", "-c", ini.path(), "--corpus.labels", ""}),
      "neither corpus.labels nor corpus.seeds is set: without seeds something else must say what "
      "the classes are: corpus.votes (of rules or models), corpus.prototypes (class vectors), "
      "reference.files (another corpus with labels), or a [member.NAME] with method = smooth and "
      "voter = one of corpus.probs");
}

/// Keys of numbers, with the range that the help shows.
std::vector<std::pair<std::string, std::string>> number_keys() {
  std::vector<std::pair<std::string, std::string>> keys;
  std::istringstream help{help_text()};
  for (std::string line; std::getline(help, line);) {
    const std::size_t open = line.find(" (");
    if (!line.starts_with("  --") || open == std::string::npos) {
      continue;
    }
    const std::string range = line.substr(open + 2, line.rfind(')') - open - 2);
    if (range.find("..") != std::string::npos) {
      keys.emplace_back(line.substr(2, open - 2), range);
    }
  }
  return keys;
}

TEST(Config, RefusesEveryNumberThatIsNotInTheRangeOfTheHelp) {
  const IniFile ini{kSmallIni};
  const auto keys = number_keys();
  EXPECT_GE(keys.size(), 35U);
  for (const auto& [key, range] : keys) {
    for (const char* value : {"nan", "-nan", "inf", "-inf", "1e308", "-1e308", "1e-308", "1e999",
                              "1,nan", "0.5,inf", "ten", "0x10", "1e"}) {
      const std::string error =
          error_of({"run", "-c", ini.path(), fmt::format("{}={}", key, value)});
      const bool is_small = std::string_view{value} == "1e-308";
      if (is_small && range.starts_with("0..")) {
        continue;  // nothing divides by it
      }
      const std::string name = key.substr(2);
      EXPECT_TRUE(error.find(fmt::format("{} = {}, must be ", name, value)) != std::string::npos ||
                  error.find(fmt::format("{} = \"{}\", must be ", name, value)) !=
                      std::string::npos)
          << key << ": " << error;
      EXPECT_NE(error.find(range), std::string::npos) << key << ": " << error;
    }
  }
}

TEST(Config, RefusesAKeyGivenTwice) {
  const IniFile ini{std::string{kSmallIni} + "[knn]\nk = 13\n"};
  EXPECT_EQ(error_of({"run", "-c", ini.path()}),
            ini.path() + ": line 9: key knn.k is given twice, first in line 7");
}

TEST(Config, OddNamesComeThroughToEveryRank) {
  const IniFile ini{
      "\xEF\xBB\xBF[run]\r\ndirectory = \"exp #1 of 'caf\u00E9'\"  # a comment\r\n[corpus]\r\n"
      "files = \"a, #1.h5\", b[0]#2.h5 ; two\r\nlabels = \"/la\"\"bels;\"\r\n"
      "[member.s #1]\r\nmethod = spreading\r\n"};

  const Config config = parse({"run", "-c", ini.path()}).config;

  EXPECT_EQ(config.run.directory, "exp #1 of 'caf\u00E9'");
  EXPECT_EQ(config.corpus.files, (std::vector<std::string>{"a, #1.h5", "b[0]#2.h5"}));
  EXPECT_EQ(config.corpus.labels, "/la\"bels;");
  EXPECT_EQ(config.ensemble.members.front().name, "s #1");
  EXPECT_EQ(value_text(config, "run.directory"), config.run.directory);
}

TEST(Config, ItsTextIsAnIniFileOfTheSame) {
  const Config before = parse({"run", "--run.directory", "exp #1", "--corpus.files",
                               "\"a,b.h5\",c.h5", "--corpus.labels", ";l", "--corpus.gold",
                               "\"\"\"g\"\"\"", "--member.a.method", "poisson"})
                            .config;
  const IniFile ini{to_text(before)};

  const Config after = parse({"run", "-c", ini.path()}).config;

  EXPECT_EQ(to_text(after), to_text(before));
  EXPECT_EQ(after.run.directory, "exp #1");
  EXPECT_EQ(after.corpus.files, (std::vector<std::string>{"a,b.h5", "c.h5"}));
  EXPECT_EQ(after.corpus.gold, "\"g\"");
}

TEST(Config, FilesThatComeWithTheProgramAreRead) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator{KITH_CONFIGS}) {
    if (file.path().extension() == ".ini") {
      EXPECT_EQ(error_of({"config", "-c", file.path().string()}), "no error");
      ++files;
    }
  }
  EXPECT_GE(files, 2);
}

TEST(Config, RefusesTextThatIsNone) {
  const IniFile ini{kSmallIni};
  const auto with = [&](const char* key, const std::string& value) {
    return error_of({"run", "-c", ini.path(), key, value});
  };
  EXPECT_EQ(with("--corpus.gold", "/gold\nrun.seed=9"),
            "command line: a word has the control character \\x0A: \"/gold\\x0Arun.seed=9\"");
  EXPECT_EQ(with("--run.directory", "r\xFF"), "command line: a word is not UTF-8: \"r\\xFF\"");
  EXPECT_EQ(with("--corpus.labels", "\"a\" b"),
            "command line: a quote is not closed or does not end the text: \"a\" b");
  EXPECT_EQ(with("--member.a/b.method", "harmonic"),
            "command line: [member.a/b]: a name has at most 100 bytes, no / = \" and no space at "
            "its ends");
  EXPECT_LT(with("--run.directory", std::string(70'000, 'r')).size(), 400U);
  EXPECT_LT(error_of({"run", "--" + std::string(70'000, 'k'), "1"}).size(), 400U);
}

TEST(Config, EveryKeyHasHelp) {
  const std::string help = help_text();
  for (const char* key : {"--run.directory", "--knn.k", "--member.NAME.alpha"}) {
    EXPECT_NE(help.find(key), std::string::npos) << key;
  }
}

TEST(Config, StagesDependOnTheirOwnOptionsOnly) {
  const IniFile ini{kSmallIni};
  const Config before = parse({"run", "-c", ini.path()}).config;
  const Config after = parse({"run", "-c", ini.path(), "--knn.k", "5", "--run.threads", "2",
                              "--corpus.labels", "/other"})
                           .config;
  for (const char* stage : {"check", "cells", "knn", "graph", "label_model", "reference", "heads",
                            "propagate", "ensemble", "qa"}) {
    const auto values = config::values_of_stage(before, stage);
    EXPECT_FALSE(values.empty()) << stage;
    EXPECT_EQ(values == config::values_of_stage(after, stage), std::string{stage} != "knn")
        << stage;
  }
}

TEST(Bytes, AreReadWithTheirUnit) {
  EXPECT_EQ(config::parse_bytes("0"), 0);
  EXPECT_EQ(config::parse_bytes("1000"), 1000);
  EXPECT_EQ(config::parse_bytes("1.5GiB"), Count{3} << 29);
  EXPECT_EQ(config::parse_bytes("512 MiB"), Count{512} << 20);
  EXPECT_EQ(config::parse_bytes("1024TiB"), Count{1} << 50);
  for (const char* wrong : {"", "GiB", "-1", "4 GB", "1e9", ".", "1.2.3", "1025TiB",
                            "9000000000GiB", "99999999999999999999"}) {
    EXPECT_THROW((void)config::parse_bytes(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace kith::run
