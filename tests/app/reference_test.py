"""Labels of another corpus ([reference]) teach heads: alone, beside seeds, and not where they mislead."""
import json
import os
import signal
import shutil
import unittest

import h5py
import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

import kith_runner as kith

FILES = ["reference.h5", "reference.json", "labels.h5", "heads.h5", "propagation.h5", "qa.h5"]
KEPT = numpy.array([0.15, 1, 0.5, 0.7])  # of the items of a class: other class shares than those of the reference


class Reference(unittest.TestCase):
    def setUp(self):
        """Blobs around the same centers: a corpus, and a reference of other class shares."""
        both = kith.Blobs(items=1800, spread=75, seeds_per_class=1)
        random = numpy.random.RandomState(9)
        rows = numpy.flatnonzero(random.uniform(size=900) < KEPT[both.truth[:900]])
        self.vectors, self.truth = both.vectors[rows], both.truth[rows]
        self.there, self.known = both.vectors[900:], both.truth[900:]
        self.names = list(kith.NAMES)
        self.labels = numpy.full(len(rows), -1, numpy.int32)
        for label in range(len(kith.NAMES)):
            self.labels[random.permutation(numpy.flatnonzero(self.truth == label))[:6]] = label

    def write(self, directory, parts=1):
        with h5py.File(os.path.join(directory, "corpus.h5"), "w") as file:
            file["embeddings"], file["labels"], file["gold"] = self.vectors, self.labels, self.truth
            file["classes"] = kith.NAMES
        for part in range(parts):
            with h5py.File(os.path.join(directory, f"there-{part}.h5"), "w") as file:
                names = self.names if part == 0 else self.names[::-1]
                known = self.known[part::parts]
                file["embeddings"], file["classes"] = self.there[part::parts], names
                file["labels"] = known if part == 0 else numpy.where(known < 0, -1, len(names) - 1 - known)

    def run_in(self, directory, command="run", ranks=1, labels="", reference=None, corpus=None, **sections):
        reference = {"files": os.path.join(directory, "there-*.h5"), "labels": "/labels", **(reference or {})}
        config = kith.ini(directory, corpus={"labels": labels, **(corpus or {})}, cells={"num_cells": 5},
                          reference=reference, **sections)
        return kith.run([command, "-c", config], ranks)

    def results(self, directory):
        """Labels of the run, and its report."""
        with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
            best, status = file["best"][...], file["status"][...]
        with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
            return best, status, json.load(file)

    def test_alone(self):
        found = set()
        for ranks in (1, 2, 3, 5):
            with self.subTest(ranks=ranks), kith.temporary_directory() as directory:
                self.write(directory, parts=2)
                done = self.run_in(directory, ranks=ranks)
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES))
                best, status, report = self.results(directory)
                again = self.run_in(directory, ranks=ranks)
                with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
                    page = file.read()
                with open(os.path.join(directory, "run", "manifest.json"), encoding="utf-8") as file:
                    inputs = json.load(file)["inputs"]
        self.assertEqual(len(found), 1)
        model = LogisticRegression(C=1, max_iter=1000).fit(self.there / 255, self.known)
        right = (best == self.truth).mean()
        self.assertGreater(right, model.score(self.vectors / 255, self.truth))
        self.assertFalse({0, 1} & set(status))  # no label is promised to be right, and none was given
        reference = report["reference"]
        counts = numpy.bincount(self.truth) / len(self.truth)
        self.assertEqual([one["name"] for one in reference["classes"]], kith.NAMES)
        estimated = [one["estimated_share"] for one in reference["classes"]]
        there = numpy.bincount(self.known) / len(self.known)
        self.assertLess(numpy.abs(estimated - counts).sum(), numpy.abs(there - counts).sum() / 3)
        numpy.testing.assert_allclose([one["share_of_reference"] for one in reference["classes"]], there)
        folds = cross_val_score(model, self.there / 255, self.known, cv=5)
        self.assertAlmostEqual(reference["head"]["held_out_accuracy"], folds.mean(), delta=0.03)
        self.assertEqual(reference["warnings"], [])
        self.assertLess(reference["shift"]["separation"], 0.1)
        self.assertEqual((reference["labeled_items"], reference["learned_from"]), (900, 900))
        self.assertIn("What does the other corpus say?", page)
        self.assertIn("estimate   not known (there are no seeds)", done.stdout)
        self.assertEqual(again.stderr.count("done_before"), 10)
        self.assertEqual(sum(entry.get("of") == "reference" for entry in inputs), 2)
        self.assertIn("nearest_seed_vectors", [member["name"] for member in report["members"]])

    def test_beside_seeds(self):
        found, right, weights = set(), {}, {}
        for ranks, reference in ((1, {}), (2, {}), (3, {}), (5, {}), (2, {"weight": 0.5}), (2, {"files": "", "labels": ""})):
            with self.subTest(ranks=ranks, reference=reference), kith.temporary_directory() as directory:
                self.write(directory)
                done = self.run_in(directory, ranks=ranks, labels="/labels", reference=reference)
                self.assertEqual(done.returncode, 0, done.stderr)
                if not reference:
                    found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES))
                best, _, report = self.results(directory)
                key = tuple(reference)
                right[key] = (best == self.truth)[self.labels < 0].mean()
                weights[key] = report.get("reference", {}).get("weight")
        self.assertEqual(len(found), 1)
        self.assertGreater(right[()], right["files", "labels"] + 0.02)
        tried = {one["weight"]: one["held_out_log_loss"] for one in weights[()]["tried"]}
        self.assertLess(tried[weights[()]["weight"]], tried[0])
        self.assertEqual((weights["weight",], weights["files", "labels"]), ({"weight": 0.5, "tried": []}, None))

    def test_labels_that_mislead(self):
        self.known = (self.known + 1) % len(kith.NAMES)
        with kith.temporary_directory() as directory:
            self.write(directory)
            done = self.run_in(directory, ranks=2, labels="/labels")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("warning: the reference teaches nothing", done.stderr)
            with h5py.File(os.path.join(directory, "run", "reference.h5")) as file:
                self.assertEqual(len(file["labels"]), 0)
            with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
                self.assertIn("They teach nothing here", file.read())

    def test_another_program_made_the_vectors(self):
        self.there = self.there[:, ::-1] + 40
        with kith.temporary_directory() as directory:
            self.write(directory)
            done = self.run_in(directory, ranks=2)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("are farther from every labeled item", done.stderr)
            self.assertIn("both must be made by the same program", done.stderr)
            again = self.run_in(directory)
            self.assertIn("both must be made by the same program", again.stderr)

    def test_the_same_items(self):
        self.there, self.known = self.vectors, self.truth
        with kith.temporary_directory() as directory:
            self.write(directory)
            done = self.run_in(directory, ranks=3)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("100 % of the items have the very vector of a labeled item", done.stderr)
            self.assertGreater((self.results(directory)[0] == self.truth).mean(), 0.8)

    def test_classes_by_name(self):
        """Named in another order, one that the corpus has not, and one of which nothing is known."""
        self.names = ["eel", " dog", "bee", "ant "]  # cats are not named: they are eels there
        self.known = numpy.array([3, 2, 0, 1], numpy.int32)[self.known]
        self.known[::7] = -1
        with kith.temporary_directory() as directory:
            self.write(directory)
            done = self.run_in(directory, ranks=2, corpus={"allow_missing_classes": "yes"})
            self.assertEqual(done.returncode, 0, done.stderr)
            best, _, report = self.results(directory)
        self.assertIn('nothing that teaches is labeled with 1 of the classes (cat)', done.stderr)
        self.assertEqual(report["reference"]["foreign_classes"], ["eel"])
        self.assertEqual(report["reference"]["labeled_items"], int((self.known >= 0).sum()))
        self.assertEqual(report["reference"]["of_known_classes"], int((self.known > 0).sum()))
        self.assertEqual(set(best) - {-1}, {0, 1, 3})
        others = self.truth != 2
        self.assertGreater((best == self.truth)[others].mean(), 0.8)

    def test_a_file_of_labels_and_few_items(self):
        """A seed file says the same as a column; items are chosen alike on any number of ranks."""
        found = {}
        for ranks, source, items in ((1, "labels", 60), (3, "seeds", 60), (2, "labels", 1), (7, "seeds", 10)):
            with self.subTest(ranks=ranks, source=source, items=items), kith.temporary_directory() as directory:
                self.write(directory)
                path = os.path.join(directory, "known.csv")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("row,label\n" + "".join(f"{row},{kith.NAMES[label]}\n" for row, label in enumerate(self.known)))
                keys = {"seeds": path, "labels": ""} if source == "seeds" else {}
                done = self.run_in(directory, ranks=ranks, reference={**keys, "items": items},
                                   corpus={"allow_missing_classes": "yes"})
                self.assertEqual(done.returncode, 0, done.stderr)
                found.setdefault(items, set()).add(kith.digest(os.path.join(directory, "run", "reference.h5")))
                with h5py.File(os.path.join(directory, "run", "reference.h5")) as file:
                    self.assertEqual(file["vectors"].shape, (items, 12))
        self.assertEqual([len(of_items) for of_items in found.values()], [1, 1, 1])

    def test_shares_that_are_given(self):
        with kith.temporary_directory() as directory:
            self.write(directory)
            done = self.run_in(directory, ranks=2, ensemble={"prior": "0.1, 0.4, 0.2, 0.3"})
            self.assertEqual(done.returncode, 0, done.stderr)
            learned = [one["learned_share"] for one in self.results(directory)[2]["reference"]["classes"]]
            numpy.testing.assert_allclose(learned, [0.1, 0.4, 0.2, 0.3], atol=1e-6)

    def test_other_shares_are_taken_anew(self):
        """Given shares are in what the reference teaches alone."""
        shares = "0.1, 0.4, 0.2, 0.3"
        found = []
        for first in ("estimated", shares):
            with kith.temporary_directory() as directory:
                self.write(directory)
                self.assertEqual(self.run_in(directory, ensemble={"prior": first}).returncode, 0)
                done = self.run_in(directory, ensemble={"prior": shares})
                self.assertEqual(done.returncode, 0, done.stderr)
                found.append([kith.digest(os.path.join(directory, "run", name)) for name in ("reference.h5", "labels.h5")])
        self.assertEqual(found[0], found[1])

    def test_a_class_without_a_seed(self):
        """Members of the graph never say what only the reference knows: the run says so."""
        for design, weight in (("by_class", 1), ("random", 1), ("by_class", 0)):
            with self.subTest(design=design, weight=weight), kith.temporary_directory() as directory:
                self.labels[self.labels == 2] = -1
                self.write(directory)
                done = self.run_in(directory, labels="/labels", reference={"weight": weight},
                                   corpus={"allow_missing_classes": "yes", "seed_design": design})
                self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(os.path.join(directory, "run", "reference.h5")) as file:
                    teaches = len(file["labels"]) > 0
                self.assertIn("only the reference labels 1 of the classes (cat)" if teaches else
                              "nothing that teaches is labeled with 1 of the classes (cat)", done.stderr)

    def test_beside_votes(self):
        """Votes and a reference, no seed: both teach."""
        with kith.temporary_directory() as directory:
            self.write(directory)
            random = numpy.random.RandomState(3)
            votes = numpy.where(random.uniform(size=(len(self.truth), 3)) < 0.3, self.truth[:, None], -1)
            with h5py.File(os.path.join(directory, "corpus.h5"), "a") as file:
                file["rules"] = votes.astype(numpy.int16)
            done = self.run_in(directory, ranks=3, corpus={"votes": "/rules"})
            self.assertEqual(done.returncode, 0, done.stderr)
            best, _, report = self.results(directory)
            self.assertGreater((best == self.truth).mean(), 0.9)
            self.assertIn("spreading", [member["name"] for member in report["members"]])

    def test_other_labels_are_learned_anew(self):
        with kith.temporary_directory() as directory:
            self.write(directory)
            self.assertEqual(self.run_in(directory).returncode, 0)
            self.known[0] = (self.known[0] + 1) % len(kith.NAMES)
            self.write(directory)
            done = self.run_in(directory)
            self.assertIn("other reference", done.stderr)
            self.assertIn("stage=reference state=done ", done.stderr)
            self.assertIn("stage=graph state=done_before", done.stderr)

    def test_kill(self):
        with kith.temporary_directory() as directory:
            self.write(directory)
            self.assertEqual(self.run_in(directory).returncode, 0)
            expected = [kith.digest(os.path.join(directory, "run", name)) for name in FILES]
            shutil.rmtree(os.path.join(directory, "run"))
            for number, moment in enumerate(["/reference.h5", "/reference.json", "stage=reference state=done", "/heads.h5"]):
                log = os.path.join(directory, "log")
                process, pids, _ = kith.start_until(moment, ["run", "-c", os.path.join(directory, "run.ini")], 1 + number % 3, log)
                kith.send(signal.SIGKILL, pids)
                process.wait(timeout=kith.PATIENCE_S)
                kith.wait_until(lambda pids=pids: kith.all_gone(pids), "the end of all ranks")
            self.assertEqual(self.run_in(directory, ranks=2).returncode, 0)
            self.assertEqual([kith.digest(os.path.join(directory, "run", name)) for name in FILES], expected)

    def test_damaged_results(self):
        """What a stage has left is looked at before it is used."""
        with kith.temporary_directory() as directory:
            self.write(directory)
            config = {"labels": "/labels"}
            self.assertEqual(self.run_in(directory, **config).returncode, 0)
            path = os.path.join(directory, "run", "reference.h5")
            for dataset, value in (("labels", 9), ("weights", -1), ("rows", 99999), ("vectors", numpy.nan)):
                with h5py.File(path, "r+") as file:
                    before = file[dataset][...]
                    file[dataset][1] = value
                os.remove(os.path.join(directory, "run", "heads.h5"))
                done = self.run_in(directory, **config)
                with self.subTest(dataset=dataset):  # the record of the run tells it from what was written
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn("stage=reference state=done ", done.stderr)
                with h5py.File(path) as file:
                    numpy.testing.assert_array_equal(file[dataset][...], before)

    def test_what_cannot_be(self):
        cases = [({"labels": ""}, {}, "reference.labels and reference.seeds: one of them"),
                 ({"seeds": "seeds.csv"}, {}, "reference.labels and reference.seeds: one of them"),
                 ({"files": ""}, {}, "reference.labels = /labels, but reference.files is not set"),
                 ({"files": "nowhere-*.h5"}, {}, "nowhere-*.h5"),
                 ({"labels": "/other"}, {}, "/other"),
                 ({"classes": "/none"}, {}, "none"),
                 ({"items": 0}, {}, "reference.items = 0"),
                 ({"weight": 2}, {}, "reference.weight = 2"), ({"weight": 1e-9}, {}, "reference.weight = 1e-09"),
                 ({"files": "", "labels": "", "items": 5}, {}, "a key of [reference] is set, but reference.files is not"),
                 ({"labels": "", "seeds": os.devnull}, {}, "reference.seeds"),
                 ({}, {"member.one": {"method": "poisson"}}, "no member is a head on corpus.embeddings"),
                 ({}, {"member.one": {"method": "poisson"}, "member.two": {"method": "lda"}}, "member.one.method = poisson, which needs seeds"),
                 ({}, {"ensemble": {"prior": "seeds"}}, "ensemble.prior = seeds, but neither")]
        with kith.temporary_directory() as directory:
            self.write(directory)
            for reference, sections, words in cases:
                for command in ("check", "run"):
                    with self.subTest(words=words, command=command):
                        kith.expect_one_sentence(self, self.run_in(directory, command, 1, reference=reference, **sections), words)

    def test_a_reference_that_does_not_fit(self):
        original = self.there, self.known, self.names
        broken, empty = self.there.copy(), self.there.copy()
        broken[500, 3] = numpy.nan
        empty[7] = 0
        for there, known, names, words in [
                (self.there[:, :7], self.known, self.names, "there-0.h5: /embeddings: has 7 values a vector, but"),
                (broken, self.known, self.names, "there-0.h5: /embeddings: row 500: not a vector of numbers"),
                (empty, self.known, self.names, "there-0.h5: /embeddings: row 7: a vector of zeros"),
                (self.there, self.known, list("abcd"), "none of its classes (a, b, c, d) has the name of a class of the corpus (ant, bee, cat, dog): set reference.classes"),
                (self.there, numpy.full_like(self.known, -1), self.names, "none of its 0 labeled items has a class of the corpus"),
                (self.there, self.known + 1, self.names, "there-0.h5: /labels: row")]:
            self.there, self.known, self.names = there, known, names
            with self.subTest(words=words), kith.temporary_directory() as directory:
                self.write(directory)
                for command in ("check", "run"):
                    metric = {"metric": "cosine" if "zeros" in words else "l2"}
                    kith.expect_one_sentence(self, self.run_in(directory, command, 2, corpus=metric), words)
                    self.assertFalse(os.path.exists(os.path.join(directory, "run", "graph")))
            self.there, self.known, self.names = original


if __name__ == "__main__":
    unittest.main()
