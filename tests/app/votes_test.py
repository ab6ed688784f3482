"""kith votes: voters and label models without a graph, from columns of the corpus and from long tables."""
import collections
import csv
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

CLASSES = len(kith.NAMES)


def crowd(items, annotators, random, right=0.75):
    """Votes items x annotators, -1 = abstains, and the truth."""
    truth = random.randint(0, CLASSES, items)
    skill = random.uniform(right - 0.2, right + 0.2, annotators)
    votes = numpy.where(random.uniform(size=(items, annotators)) < skill, truth[:, None],
                        random.randint(0, CLASSES, (items, annotators)))
    votes[random.uniform(size=votes.shape) < 0.5] = -1
    return votes.astype(numpy.int16), truth


class Votes(unittest.TestCase):
    def setUp(self):
        temporary = kith.temporary_directory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.votes, self.truth = crowd(600, 7, numpy.random.RandomState(1))

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_corpus(self, votes=None, ids=None, **datasets):
        votes = self.votes if votes is None else votes
        with h5py.File(self.path("corpus.h5"), "w") as file:
            file["embeddings"] = numpy.ones((len(votes), 1), numpy.float32)
            file["votes"] = votes
            file["votes"].attrs["names"] = [f"v{m}" for m in range(votes.shape[1])]
            file["gold"] = self.truth[:len(votes)]
            file["classes"] = kith.NAMES
            if ids is not None:
                file["ids"] = ids
            for name, values in datasets.items():
                file[name] = values
        return ["--corpus.files", self.path("corpus.h5"), "--corpus.votes", "/votes", "--corpus.gold", "/gold"]

    def write_answers(self, name="answers.csv", key="row", names=None, header="", lines=()):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(header or f"{key},annotator,label\n")
            for row, voter in zip(*numpy.nonzero(self.votes >= 0)):
                file.write(f"{row if names is None else names[row]},v{voter},{kith.NAMES[self.votes[row, voter]]}\n")
            file.writelines(line + "\n" for line in lines)
        return ["--corpus.answers", self.path(name)]

    def report(self, *arguments, ranks=1, name="report.json"):
        done = kith.run(["votes", *arguments, "--json", self.path(name)], ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path(name), encoding="utf-8") as file:
            return json.load(file), done

    def test_same_bytes_and_counts(self):
        arguments = self.write_corpus()
        found = set()
        for ranks in (1, 2, 3, 5):
            report, done = self.report(*arguments, "--labels", self.path(f"{ranks}.csv"), ranks=ranks,
                                       name=f"{ranks}.json")
            found.add((kith.digest(self.path(f"{ranks}.json")), kith.digest(self.path(f"{ranks}.csv")), done.stdout))
        self.assertEqual(len(found), 1)
        cast = self.votes >= 0
        for voter, column in zip(report["voters"], range(7)):
            known = cast[:, column]
            self.assertEqual(voter["votes"], known.sum())
            self.assertEqual(voter["accuracy"]["right"], (self.votes[known, column] == self.truth[known]).sum())
            wrong = collections.Counter((kith.NAMES[true], kith.NAMES[vote])
                                        for true, vote in zip(self.truth[known], self.votes[known, column]) if true != vote)
            pairs = [((one["truth"], one["vote"]), one["items"]) for one in voter["mistakes"]]
            self.assertEqual([items for _, items in pairs], sorted(wrong.values(), reverse=True)[:3])
            self.assertTrue(all(wrong[pair] == items for pair, items in pairs))
        self.assertIn("; wrong: ", done.stdout)
        self.assertAlmostEqual(report["coverage"], cast.any(1).mean(), 12)
        shares = numpy.stack([(self.votes == k).sum(1) for k in range(CLASSES)], 1)
        majority = report["models"][0]
        covered = cast.any(1)
        self.assertEqual(majority["method"], "majority")
        self.assertEqual(majority["accuracy"]["right"], (shares.argmax(1) == self.truth)[covered].sum())
        chosen = {model["method"]: model for model in report["models"]}[report["choice"]["method"]]
        self.assertGreater(chosen["accuracy"]["value"], majority["accuracy"]["value"])

    def test_a_long_table_says_what_columns_say(self):
        """By row, by id beside a corpus; without any corpus."""
        ids = numpy.arange(600) * 3 + 7
        columns, _ = self.report(*self.write_corpus(ids=ids), name="columns.json")
        corpus = ["--corpus.files", self.path("corpus.h5"), "--corpus.gold", "/gold"]
        with open(self.path("truth.csv"), "w", encoding="utf-8") as file:
            file.write("item,label\nunseen,ant\n" +
                       "".join(f"{7 + 3 * row},{kith.NAMES[label]}\n" for row, label in enumerate(self.truth)))
        known = (self.votes >= 0).any(1)
        for name, arguments in (("row", [*corpus, *self.write_answers("row.csv")]),
                                ("item", [*corpus, *self.write_answers("item.csv", "item", ids)]),
                                ("alone", [*self.write_answers("alone.csv", "item", ids), "--gold", self.path("truth.csv")])):
            with self.subTest(name=name):
                report, _ = self.report(*arguments, ranks=2, name=name + ".json")
                self.assertEqual([voter["votes"] for voter in report["voters"]],
                                 [voter["votes"] for voter in columns["voters"]])
                self.assertEqual(report["items"], known.sum() if name == "alone" else 600)
                for ours, theirs in zip(report["models"], columns["models"]):
                    self.assertEqual(ours["accuracy"]["right"], theirs["accuracy"]["right"], ours["method"])

    def test_labels_are_seeds_of_a_run(self):
        arguments = [*self.write_answers("answers.csv", "item"), "--labels", self.path("labels.csv")]
        _, done = self.report(*arguments)
        self.assertIn("ACCURACY IS NOT KNOWN", done.stdout)
        with open(self.path("labels.csv"), encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        first = {}
        for line in lines:
            first.setdefault(line["item"], line["label"])
        covered = numpy.flatnonzero((self.votes >= 0).any(1))
        self.assertEqual(sorted(map(int, first)), covered.tolist())
        right = [kith.NAMES.index(first[str(row)]) == self.truth[row] for row in covered]
        self.assertGreater(numpy.mean(right), 0.8)
        again = kith.run(["votes", *arguments], 1)
        kith.expect_one_sentence(self, again, "labels.csv")  # a file of the user's is not written over

    def test_the_latest_answer_counts(self):
        wrong = (self.truth[0] + 1) % CLASSES
        with open(self.path("answers.csv"), "w", encoding="utf-8") as file:
            file.write("item,annotator,label,time\n")
            for row, voter in zip(*numpy.nonzero(self.votes >= 0)):
                file.write(f"{row},v{voter},{kith.NAMES[wrong]},2024-05-03T10:00:00\n")
                file.write(f"{row},v{voter},{kith.NAMES[self.votes[row, voter]]},2024-05-04T10:00:00\n")
                file.write(f"{row},v{voter},{kith.NAMES[wrong]},2024-05-01T10:00:00\n")
            file.write("0,v0,,2025-01-01\n1,v0,-1,2025-01-01\n")
        plain, _ = self.report(*self.write_answers("plain.csv", "item"), name="plain.json")
        report, done = self.report("--corpus.answers", self.path("answers.csv"))
        self.assertEqual(report["models"], plain["models"])
        self.assertIn(f"{2 * (self.votes >= 0).sum()} answers were given before a later one", done.stderr)
        self.assertIn("2 lines have no label", done.stderr)

    def test_a_table_in_hdf5(self):
        """Records say what lines of a CSV say, whatever the types of their fields."""
        rows, voters = numpy.nonzero(self.votes >= 0)
        labels = self.votes[rows, voters]
        text = h5py.string_dtype()
        forms = {"numbers": ([("row", "u4"), ("annotator", "i8"), ("label", "f4"), ("time", "f8"), ("more", "f4", 3)],
                             voters, labels, labels * 0.5),
                 "names": ([("time", text), ("label", text), ("annotator", text), ("row", "u8")],
                           [str(voter) for voter in voters], [kith.NAMES[label] for label in labels],
                           ["2024-05-03"] * len(rows))}
        with open(self.path("plain.csv"), "w", encoding="utf-8") as file:
            file.write("row,annotator,label\n" + "".join(f"{row},{voter},{kith.NAMES[label]}\n"
                                                        for row, voter, label in zip(rows, voters, labels)))
        corpus = [*self.write_corpus()[:2], "--corpus.gold", "/gold"]
        plain, _ = self.report(*corpus, "--corpus.answers", self.path("plain.csv"), name="plain.json")
        for form, (fields, annotators, named, times) in forms.items():
            table = numpy.zeros(len(rows) + 1, fields)
            table["row"][1:], table["annotator"][1:], table["label"][1:], table["time"][1:] = rows, annotators, named, times
            table["row"][0], table["annotator"][0] = 3, 2 if form == "numbers" else "2"
            table["label"][0], table["time"][0] = (numpy.nan, 0) if form == "numbers" else ("", "2024-05-03")  # no answer
            with h5py.File(self.path(form + ".h5"), "w") as file:
                file["answers"] = table
            with self.subTest(form=form):
                report, done = self.report(*corpus, "--corpus.answers", self.path(form + ".h5"), ranks=2, name=form + ".json")
                self.assertIn("1 lines have no label", done.stderr)
                for part in ("voters", "models", "choice"):
                    self.assertEqual(report[part], plain[part])
        with h5py.File(self.path("bad.h5"), "w") as file:
            file["answers"] = numpy.array([(0, 1, 0), (600, 1, 0)], [("row", "i4"), ("annotator", "i4"), ("label", "i4")])
            file["wide"] = 1
        kith.expect_one_sentence(self, kith.run(["votes", *corpus, "--corpus.answers", self.path("bad.h5")], 2),
                                 "bad.h5: /answers: row 1: row 600 is not in the corpus of 600 rows")
        for table, words in ((numpy.zeros(2, [("row", "i4"), ("label", "i4")]), "has no field annotator"),
                             (numpy.zeros(2, [("row", "i4", 2), ("annotator", "i4"), ("label", "i4")]), "holds arrays"),
                             (numpy.zeros((2, 2), [("row", "i4"), ("annotator", "i4"), ("label", "i4")]), "has 2 axes"),
                             (numpy.zeros(2, [("row", "i4"), ("annotator", "i4"),
                                              ("label", h5py.enum_dtype({"ant": 0, "bee": 1}))]), "label is an enumeration"),
                             (numpy.zeros(2, "i4"), "/answers")):
            with h5py.File(self.path("bad.h5"), "w") as file:
                file["answers"] = table
            kith.expect_one_sentence(self, kith.run(["votes", *corpus, "--corpus.answers", self.path("bad.h5")], 1), words)

    def test_one_class_alone(self):
        with open(self.path("one.csv"), "w", encoding="utf-8") as file:
            file.write("item,annotator,label\n0,0,0\n")
        kith.expect_one_sentence(self, kith.run(["votes", "--corpus.answers", self.path("one.csv")], 2), "there is no other class")

    def test_classes_beyond_16_bits(self):
        """Columns of votes may name any class."""
        few = numpy.array([[40000, 40000], [39999, 39999], [5, 40000]], numpy.int32)
        with h5py.File(self.path("corpus.h5"), "w") as file:
            file["embeddings"], file["votes"] = numpy.ones((3, 1), numpy.float32), few
            file["classes"] = [f"class{label}" for label in range(40001)]
        self.report("--corpus.files", self.path("corpus.h5"), "--corpus.votes", "/votes", "--votes.method", "majority",
                    "--labels", self.path("labels.csv"))
        with open(self.path("labels.csv"), encoding="utf-8", newline="") as file:
            labels = [(line["row"], line["label"]) for line in csv.DictReader(file)]
        self.assertEqual(labels[:2], [("0", "class40000"), ("1", "class39999")])

    def test_odd_voters(self):
        """A voter that never votes, two copies, one rule alone, nobody."""
        never = numpy.full((600, 1), -1, numpy.int16)
        report, _ = self.report(*self.write_corpus(numpy.hstack([self.votes, self.votes[:, :1], never])))
        self.assertEqual(report["voters"][8]["votes"], 0)
        self.assertIsNone(report["voters"][8]["accuracy"]["value"])
        weights = {voter["name"]: voter["weight"] for group in report["correlated"]["groups"] for voter in group["voters"]}
        self.assertAlmostEqual(weights["v0"], 0.5, delta=0.05)
        self.assertAlmostEqual(weights["v7"], 0.5, delta=0.05)
        rule = numpy.where(self.truth == 2, 2, -1).astype(numpy.int16)[:, None]
        alone, _ = self.report(*self.write_corpus(rule), name="alone.json")
        self.assertEqual(alone["models"][0]["accuracy"]["value"], 1)
        done = kith.run(["votes", *self.write_corpus(rule), "--votes.method", "triplet"], 3)
        kith.expect_one_sentence(self, done, "votes.method = triplet, which cannot be fitted to these votes")
        done = kith.run(["votes", *self.write_corpus(never)], 3)
        kith.expect_one_sentence(self, done, "no voter votes")

    def test_what_cannot_be_read(self):
        corpus = self.write_corpus()
        no_votes = ["--corpus.files", self.path("corpus.h5")]
        cases = [(no_votes, "of which voters?"), (["--corpus.votes", "/votes"], "corpus.files is not set"),
                 (["--corpus.answers", self.path("nowhere.csv")], "nowhere.csv"),
                 ([*corpus, "--json", self.path("x"), "--labels", self.path("x")], "is named twice"),
                 ([*corpus, "--graph", "x.h5"], "--graph belongs to kith export"), ([*corpus, "more"], "takes no argument")]
        tables = [("row,annotator\n0,a\n", "label"), ("row,annotator,label\n", "holds no answer"),
                  ("item,row,annotator,label\n0,0,a,ant\n", "one of the columns item, row and id"),
                  ("row,annotator,label\n600,a,ant\n", "line 2: row 600 is not in the corpus of 600 rows"),
                  ("row,annotator,label\n-3,a,ant\n", "expected a whole number of 0 or more"),
                  ("row,annotator,label\n0,,ant\n", "line 2: the annotator has no name"),
                  ("row,annotator,label\n0,a,ant\n1,a,eel\n", "line 3: class \"eel\" is not known")]
        for number, (text, words) in enumerate(tables):
            with open(self.path(f"bad{number}.csv"), "w", encoding="utf-8") as file:
                file.write(text)
            cases.append(([*no_votes, "--corpus.answers", self.path(f"bad{number}.csv")], words))
        for arguments, words in cases:
            with self.subTest(words=words):
                kith.expect_one_sentence(self, kith.run(["votes", *arguments]), words)
        kith.expect_one_sentence(self, kith.run(["votes", *arguments], 3), words)
        run = kith.run(["run", *corpus, "--corpus.labels", "/gold", "--corpus.gold", "", "--json", "x"], 1)
        kith.expect_one_sentence(self, run, "--json belongs to kith votes")


if __name__ == "__main__":
    unittest.main()
