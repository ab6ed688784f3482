#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/corpus/census.hpp"

#include "corpus/made_files.hpp"
#include "support/failures.hpp"
#include "support/mpi_world.hpp"

namespace {

using kith::corpus::Corpus;
using kith::corpus::CorpusConfig;
using kith::corpus::Metric;
using kith::corpus::test::config_of;
using kith::corpus::test::directory_of;
using kith::corpus::test::read_all_of;
using kith::test::message_of;
using kith::test::world;

struct BadInput {
  const char* kind;
  const char* sentence;  // @ stands for the directory
  const char* seeds = "";
  Metric metric = Metric::l2;
};

class BadInputs : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputs, GetOneSentence) {
  const BadInput& bad = GetParam();
  CorpusConfig config = config_of(bad.kind);
  config.gold = "gold";
  config.votes = "votes";
  config.probs = "probs";
  config.metric = bad.metric;
  if (*bad.seeds != '\0') {
    config.seeds = directory_of(bad.kind) + "/" + bad.seeds;
    config.labels = "";
  }
  std::string expected = bad.sentence;
  for (std::size_t at = expected.find('@'); at != std::string::npos; at = expected.find('@')) {
    expected.replace(at, 1, directory_of(bad.kind));
  }

  EXPECT_EQ(message_of([&] { read_all_of(config); }), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Corpus, BadInputs,
    testing::Values(
        BadInput{"none", "corpus.files: @/part-*.h5 matches no file"},
        BadInput{"text", "@/part-1.h5: is not an HDF5 file"},
        BadInput{
            "missing-dataset",
            "@/part-1.h5: has no dataset /embeddings; it has: gold, ids, labels, probs, votes"},
        BadInput{"one-axis", "@/part-2.h5: /embeddings: has the shape 39, expected items x values"},
        BadInput{"three-axes",
                 "@/part-2.h5: /embeddings: has the shape 39 x 1 x 7, expected items x values"},
        BadInput{"int32", "@/part-0.h5: /embeddings: holds i32, expected f32, f16, f64, u8 or i8"},
        BadInput{"strings",
                 "@/part-2.h5: /embeddings: holds string, expected f32, f16, f64, u8 or i8"},
        BadInput{"other-type", "@/part-2.h5: /embeddings: holds f64, but @/part-0.h5 holds f32"},
        BadInput{"other-dim",
                 "@/part-2.h5: /embeddings: has 5 values a vector, but @/part-0.h5 has 7"},
        BadInput{"short-labels", "@/part-2.h5: labels: has 38 rows, but the embeddings have 39"},
        BadInput{"names-in-some",
                 "@/part-1.h5: /classes: names no classes, but @/part-0.h5: /classes and "
                 "@/part-2.h5: /classes name theirs differently"},
        BadInput{"label-beyond-own-names",
                 "@/part-1.h5: labels: row 0: label 3, expected 0 to 2, or -1 for none"},
        BadInput{"text-beyond-own-names",
                 "@/part-1.h5: labels: row 0: \"fox\" is not known, expected one of the 3 names, "
                 "or nothing for none"},
        BadInput{"labels-half-written",
                 "@/part-2.h5: labels: 2 of 4 chunks were never written and would read as 0; write "
                 "them, or give the dataset a fill value: -1 for none"},
        BadInput{
            "names-missing",
            "@/part-0.h5: /classes: is a virtual dataset, but its source names.hdf5 is missing "
            "or cannot be opened"},
        BadInput{"seeds-half-written",
                 "@/seeds.hdf5: /seeds: 2 of 3 chunks were never written and would read as 0; "
                 "write them",
                 "seeds.hdf5"},
        BadInput{"virtual-source-missing",
                 "@/part-0.h5: /embeddings: is a virtual dataset, but its source nested.hdf5 is "
                 "missing or cannot be opened"},
        BadInput{"virtual-nested-source-missing",
                 "@/part-0.h5: /embeddings: is a virtual dataset, but its source values.hdf5 is "
                 "missing or cannot be opened"},
        BadInput{"virtual-dataset-missing",
                 "@/nested.hdf5: inner: is a virtual dataset, but its source @/values.hdf5 has no "
                 "dataset last"},
        BadInput{"virtual-dataset-short",
                 "@/nested.hdf5: inner: is a virtual dataset, but its source @/values.hdf5: last "
                 "has the shape 29 x 7, expected 210 values"},
        BadInput{"virtual-part-short",
                 "@/part-0.h5: /embeddings: is a virtual dataset, but its source @/values.hdf5: "
                 "last has the shape 29 x 7, expected 30 x 7"},
        BadInput{"external-missing",
                 "@/part-0.h5: /embeddings: its values lie in the file @/values.raw, which is not "
                 "there"},
        BadInput{"external-short",
                 "@/part-0.h5: /embeddings: its values lie in the file @/values.raw, which has "
                 "1000 bytes, "
                 "expected 1400"},
        BadInput{"label-out-of-range",
                 "@/part-2.h5: labels: row 4: label 3, expected 0 to 2, or -1 for none"},
        BadInput{"label-negative",
                 "@/part-2.h5: labels: row 4: label -2, expected 0 to 2, or -1 for none"},
        BadInput{"gold-out-of-range",
                 "@/part-2.h5: gold: row 38: label 99, expected 0 to 2, or -1 for none"},
        BadInput{"float-ids", "@/part-2.h5: /ids: holds f64, expected integers or strings"},
        BadInput{
            "ids-missing-in-one",
            "@/part-2.h5: has no dataset /ids; it has: embeddings, gold, labels, probs, votes"},
        BadInput{"duplicate-ids",
                 "@/part-2.h5: /ids: row 26: id 1021 is also that of @/part-0.h5: /ids: row 3"},
        BadInput{"class-names-twice",
                 "@/part-0.h5: /classes: classes 0 and 2 are both named \"cat\""},
        BadInput{"no-seeds",
                 "no seed at all: neither corpus.labels nor corpus.seeds names a label"},
        BadInput{
            "class-without-seed",
            "class 1 (\"dog\") has no seed, so no item could get it (1 of 3 classes have none; "
            "corpus.allow_missing_classes goes on)"},
        BadInput{"seed-unknown-class",
                 "@/seeds.csv: line 3: class \"horse\" is not known, expected one of: cat, dog, "
                 "owl, or 0 to 2",
                 "seeds.csv"},
        BadInput{"seed-label-out-of-range", "@/seeds.csv: line 3: label 3, expected 0 to 2",
                 "seeds.csv"},
        BadInput{"seed-id-missing", "@/seeds.csv: line 3: id 1001 is not in the corpus",
                 "seeds.csv"},
        BadInput{"seed-row-missing", "@/seeds.csv: line 3: row 90 is not in the corpus of 90 rows",
                 "seeds.csv"},
        BadInput{"seed-twice",
                 "@/seeds.csv: line 4: labels row 0 of the corpus dog, but @/seeds.csv: line 2 "
                 "labels it cat (corpus.soft_seeds takes both, by weight)",
                 "seeds.csv"},
        BadInput{"seed-bad-header",
                 "@/seeds.csv: line 1: has no column row, expected the header row,label or "
                 "id,label; it has: item, class",
                 "seeds.csv"},
        BadInput{"seed-bad-row", "@/seeds.csv: line 2: row \"zero\" is not a whole number",
                 "seeds.csv"},
        BadInput{"seed-bad-weight", "@/seeds.csv: line 2: weight -1, expected 1e-09..1000000000",
                 "seeds.csv"},
        BadInput{"seed-huge-weight",
                 "@/seeds.csv: line 3: weight 1.1e9, expected 1e-09..1000000000", "seeds.csv"},
        BadInput{"seed-tiny-weight",
                 "@/seeds.csv: line 3: weight 1e-40, expected 1e-09..1000000000", "seeds.csv"},
        BadInput{"seed-nan-weight",
                 "@/seeds.csv: line 2: weight \"nan\", expected a number in 1e-09..1000000000",
                 "seeds.csv"},
        BadInput{"seed-hdf5-weight",
                 "@/seeds.hdf5: /seeds: row 1: weight inf, expected 1e-09..1000000000",
                 "seeds.hdf5"},
        BadInput{"seed-few-cells", "@/seeds.csv: line 2: has 1 values, but the header has 2",
                 "seeds.csv"},
        BadInput{"seed-empty",
                 "no seed at all: neither corpus.labels nor corpus.seeds names a label",
                 "seeds.csv"},
        BadInput{"seed-ids-without-ids",
                 "@/seeds.csv: names seeds by id, but the corpus has no ids; use row numbers",
                 "seeds.csv"},
        BadInput{"plain", "@/seeds.csv: No such file or directory", "seeds.csv"},
        BadInput{
            "vote-out-of-range",
            "@/part-2.h5: votes: row 15: vote 3 of votes.1, expected 0 to 2, or -1 to abstain"},
        BadInput{"votes-other-width", "@/part-2.h5: votes: has 1 voters, but @/part-0.h5 has 2"},
        BadInput{"probability-nan",
                 "@/part-2.h5: probs/model: row 15: probability nan, expected 0 to 1"},
        BadInput{"probability-negative",
                 "@/part-2.h5: probs/model: row 15: probability -0.1, expected 0 to 1"},
        BadInput{"nan",
                 "@/part-2.h5: /embeddings: row 15: the vector holds NaN (2 such rows in the "
                 "corpus)"},
        BadInput{"infinite",
                 "@/part-1.h5: /embeddings: row 0: the vector holds a value that is infinite in "
                 "single precision (1 such row in the corpus)"},
        BadInput{"f16-infinite",
                 "@/part-2.h5: /embeddings: row 38: the vector holds a value that is infinite in "
                 "single precision (1 such row in the corpus)"},
        BadInput{"f64-infinite",
                 "@/part-2.h5: /embeddings: row 38: the vector holds a value that is infinite in "
                 "single precision (1 such row in the corpus)"},
        BadInput{"too-long",
                 "@/part-0.h5: /embeddings: row 12: the vector has a norm of 1e15 or more, too "
                 "long for squared distances in single precision: divide all vectors by a constant "
                 "(1 such row in the corpus)"},
        BadInput{"too-short",
                 "/embeddings: the longest vector has a norm of 1.44e-29, too short for squared "
                 "distances in single precision: multiply all vectors by a constant that makes it "
                 "1e-15 or more"},
        BadInput{"zero-vector",
                 "@/part-2.h5: /embeddings: row 37: the vector is zero and has no direction under "
                 "cosine (1 such row in the corpus)",
                 "", Metric::cosine}));

TEST(BadInput, WhoseSentenceHoldsHdf5sOwnWords) {
  EXPECT_EQ(
      message_of([] { read_all_of(config_of("truncated")); }),
      directory_of("truncated") + "/part-2.h5: is cut off: it is shorter than its header says");
  CorpusConfig config = config_of("probability-sum");
  config.probs = "probs";
  EXPECT_THAT(message_of([&] { read_all_of(config); }),
              testing::HasSubstr("part-2.h5: probs/model: row 15: probabilities sum to 0.95"));
  CorpusConfig empty = config_of("no-rows");
  empty.labels = "";
  EXPECT_EQ(message_of([&] { read_all_of(empty); }),
            directory_of("no-rows") + "/part-0.h5: /embeddings: has no rows");
}

}  // namespace
