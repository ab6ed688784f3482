"""An audit: drawn, filled in, taken back; and what the report says from then on."""
import csv
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith


class Review(unittest.TestCase):
    def setUp(self):
        self.folder = kith.temporary_directory()
        self.addCleanup(self.folder.cleanup)
        self.directory = self.folder.name
        self.blobs = kith.Blobs(items=1500, spread=75)
        self.groups = numpy.arange(1500) % 3 - 1  # a third in none
        kith.write_groups(self.blobs.write(os.path.join(self.directory, "corpus.h5")), "source", self.groups)
        self.list = os.path.join(self.directory, "audit.csv")

    def kith(self, *words, ranks=2, expect=0, **sections):
        config = kith.ini(self.directory, **sections)
        done = kith.run([*words, "-c", config], ranks)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def read(self):
        with open(self.list, encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def fill_in(self, rows):
        with open(self.list, "w", encoding="utf-8") as file:
            file.write("row,label\n")
            file.writelines(f"{row},{kith.NAMES[self.blobs.truth[row]]}\n" for row in rows)

    def report(self):
        with open(os.path.join(self.directory, "run", "report.json"), encoding="utf-8") as file:
            return json.load(file)

    def labels(self):
        with h5py.File(os.path.join(self.directory, "run", "labels.h5")) as file:
            return {name: file[name][...] for name in ("best", "label", "status", "probability")}

    def test_audit_from_draw_to_report(self):
        self.kith("review", "export", "--audit", "300", "--file", self.list, corpus={"gold": "", "slices": "/source"})
        drawn = self.read()
        labels = self.labels()
        self.assertEqual(len(drawn), 300)
        rows = numpy.array([int(item["row"]) for item in drawn])
        self.assertTrue((labels["status"][rows] != 1).all())
        self.assertEqual(list(drawn[0]), ["row", "stratum", "inclusion", "label"])
        weights = 1 / numpy.array([float(item["inclusion"]) for item in drawn])
        self.assertAlmostEqual(weights.sum(), (labels["status"] != 1).sum(), 6)
        for stratum in {item["stratum"] for item in drawn}:
            of_stratum = [int(item["row"]) for item in drawn if item["stratum"] == stratum]
            self.assertEqual(len(set(labels["best"][of_stratum])), 1)
        grouped = [stratum for stratum in {item["stratum"] for item in drawn}
                   if len({self.groups[int(item["row"])] for item in drawn if item["stratum"] == stratum}) == 1]
        self.assertGreater(len(grouped), 8)  # four classes, three groups; small ones are joined
        self.assertNotIn("audit", self.report())

        self.fill_in(rows)
        self.kith("review", "import", "--file", self.list, corpus={"gold": "", "slices": "/source"})
        report = self.report()
        wrong = labels["best"][rows] != self.blobs.truth[rows]
        others = labels["status"] != 1
        truth = (labels["best"] == self.blobs.truth)[others].mean()
        audit = report["audit"]
        self.assertEqual(audit["audited"], 300)
        self.assertAlmostEqual(audit["accuracy"]["value"], 1 - (weights * wrong).sum() / weights.sum(), 9)
        self.assertAlmostEqual(audit["hajek"]["value"], audit["accuracy"]["value"], 9)
        for estimate in ("accuracy", "hajek", "difference"):
            self.assertLess(audit[estimate]["low"], truth)
            self.assertGreater(audit[estimate]["high"], truth)
        self.assertEqual(report["acceptance"]["basis"], "the audit")
        self.check_groups(report["slices"], rows, weights, wrong)
        for label, entry in enumerate(report["balance"]["per_class"]):
            of_class = self.blobs.truth[rows] == label
            self.assertAlmostEqual(entry["corrected_share"], (weights * of_class).sum() / weights.sum(), 9)
        with open(os.path.join(self.directory, "run", "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("estimated from an audit of 300 items", page)
        self.assertNotIn("no guarantee", page)
        again = self.kith("review", "export", "--audit", "9", "--file", self.list, expect=1, corpus={"gold": "", "slices": "/source"})
        self.assertIn("has 300 answers already", again.stderr)

    def check_groups(self, slices, rows, weights, wrong):
        self.assertEqual(slices["basis"], "the audit")
        [source] = [grouping for grouping in slices["groupings"] if grouping["name"] == "/source"]
        self.assertEqual([entry["number"] for entry in source["slices"]], [0, 1])
        for entry in source["slices"]:
            of_group = self.groups[rows] == entry["number"]
            self.assertEqual(entry["error"]["trials"], of_group.sum())
            self.assertEqual(entry["error"]["successes"], wrong[of_group].sum())
            self.assertAlmostEqual(entry["weighted_error"]["value"],
                                   (weights * wrong)[of_group].sum() / weights[of_group].sum(), 9)

    def test_same_bytes_at_any_number_of_ranks(self):
        seen = set()
        corpus = {"gold": "", "slices": "/source"}
        for ranks in (1, 2, 3, 5):
            self.kith("review", "export", "--audit", "120", "--file", self.list, ranks=ranks, corpus=corpus)
            rows = [int(item["row"]) for item in self.read()]
            self.fill_in(rows[:100])
            self.kith("review", "import", "--file", self.list, ranks=ranks, corpus=corpus)
            seen.add((tuple(rows), *(kith.digest(os.path.join(self.directory, "run", name))
                                     for name in ("audit.json", "qa.h5", "report.json"))))
            os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, f"run{ranks}"))
            os.remove(self.list)  # a list of answers is not written over
        self.assertEqual(len(seen), 1)

    def test_eval_counts_as_we_do(self):
        self.kith("run")
        path = os.path.join(self.directory, "gold.csv")
        rows = numpy.arange(0, 1500, 7)
        self.list = path
        self.fill_in(rows)
        done = self.kith("eval", "--gold", path, ranks=3)
        labels = self.labels()
        rows = rows[(labels["status"][rows] != 1)]
        stated = labels["label"][rows] >= 0
        right = (labels["label"] == self.blobs.truth)[rows].sum() / stated.sum()
        self.assertIn(f"accuracy {100 * right:.2f} %", done.stdout)
        self.assertIn(f"of {stated.sum()} stated labels, {(~stated).sum()} without", done.stdout)

    def test_eval_says_when_nothing_is_known(self):
        self.kith("run")
        self.list = os.path.join(self.directory, "gold.csv")
        self.fill_in(numpy.flatnonzero(self.labels()["status"] == 1))  # seeds only
        done = self.kith("eval", "--gold", self.list, ranks=3)
        self.assertIn("accuracy not known", done.stdout)

    def test_what_is_asked_wrongly(self):
        with open(os.path.join(self.directory, "filled.csv"), "w", encoding="utf-8") as file:
            file.write("row,label\n1,ant\n")
        for words, message in (
                (("review",), "export or import?"), (("review", "export", "--audit", "5"), "which list?"),
                (("review", "export", "--file", self.list), "how many items? say --audit N"),
                (("review", "export", "--audit", "x", "--file", self.list), "--audit x, must be how many items"),
                (("eval",), "against what? say --gold FILE"),
                (("review", "import", "--file", self.list), "No such file"),
                (("review", "import", "--file", os.path.join(self.directory, "filled.csv")), "no audit was drawn there")):
            self.assertIn(message, self.kith(*words, expect=1).stderr)


if __name__ == "__main__":
    unittest.main()
