"""Hundreds of classes: rows that keep few labels, from kith run to the report."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

CLASSES = 260  # more than any table of class by class is made for


def write_corpus(path, items=1200, classes=CLASSES, dim=16, spread=0.55, apart=1.0, votes=False):
    """One center a class, three seeds each."""
    random = numpy.random.RandomState(3)
    centers = apart * random.normal(size=(classes, dim))
    truth = random.permutation(items) % classes
    labels = numpy.full(items, -1, numpy.int32)
    for label in range(classes):
        labels[numpy.flatnonzero(truth == label)[:3]] = label
    with h5py.File(path, "w") as file:
        file["embeddings"] = (centers[truth] + spread * random.normal(size=(items, dim))).astype(numpy.float32)
        file["labels"] = labels
        file["gold"] = numpy.where(labels >= 0, -1, truth).astype(numpy.int32)
        file["classes"] = [f"class {label}" for label in range(classes)]
        if votes:
            guess = numpy.where(random.uniform(size=items) < 0.7, truth, random.randint(0, classes, size=items))
            file["votes"] = numpy.where(random.uniform(size=items) < 0.5, guess, -1).astype(numpy.int16)[:, None]
            probs = numpy.full((items, classes), 0.2 / classes)
            probs[numpy.arange(items), guess] += 0.8
            file["probs/model"] = probs.astype(numpy.float32)


MEMBERS = {"member.harmonic": {"method": "harmonic", "max_sweeps": 10, "class_mass": "normalize"},
           "member.spreading": {"method": "spreading", "max_sweeps": 10, "class_mass": "normalize"},
           "member.poisson": {"method": "poisson", "max_sweeps": 10},
           "member.near": {"method": "nearest_seed"},
           "member.again": {"method": "spreading", "max_sweeps": 10, "bootstrap": 1}}


class ManyClasses(unittest.TestCase):
    def run_in(self, directory, name, ranks, **sections):
        run = {"directory": os.path.join(directory, name)}
        done = kith.run(["run", "-c", kith.ini(directory, run=run, **sections)], ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(directory, name, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        with h5py.File(os.path.join(directory, name, "labels.h5")) as file:
            return done, report, {key: file[key][...] for key in file}

    def test_same_bytes_and_nearly_the_dense_accuracy(self):
        with kith.temporary_directory() as directory:
            write_corpus(os.path.join(directory, "corpus.h5"), votes=True)
            voters = {"corpus": {"votes": "/votes", "probs": "/probs"}, "ensemble": {"outside_weight": 0.1}}
            seen = set()
            for ranks in (1, 3):
                done, report, columns = self.run_in(directory, f"run{ranks}", ranks, **voters)
                seen.add(tuple(kith.digest(os.path.join(directory, f"run{ranks}", name))
                               for name in ("propagation.h5", "labels.h5", "qa.h5", "report.json")))
            dense = self.run_in(directory, "dense", 2, corpus=voters["corpus"], **MEMBERS, **{
                "member.lda": {"method": "lda"}, "ensemble": {"outside_weight": 0.1, "folds": 2, "top_labels": CLASSES}})[1]
            self.check_report(done, report, os.path.join(directory, "run3"))
        self.assertEqual(len(seen), 1)
        names = [name.decode() for name in columns["member_names"]]
        self.assertEqual(names[:6], ["harmonic", "spreading", "poisson", "nearest-seed", "spreading-b1", "poisson-b2"])
        self.assertEqual(names[-1], "model")
        accuracy, of_dense = (entry["consensus"]["gold"]["accuracy"]["value"] for entry in (report, dense))
        self.assertGreater(accuracy, 0.85)
        self.assertLess(abs(accuracy - of_dense), 0.03)
        self.assertIsNone(dense["members"][0]["mean_rest"])

    def check_report(self, done, report, run):
        self.assertIn("classes=260 top_labels=16 members=harmonic,spreading,poisson,nearest-seed", done.stderr)
        self.assertRegex(done.stderr, r"member=spreading top_labels=16 mean_rest=0\.\d+ largest_rest=0\.\d+")
        self.assertEqual(report["graph"]["top_labels"], 16)
        members = {member["name"]: member for member in report["members"]}
        self.assertGreater(members["spreading"]["mean_rest"], 0.01)
        self.assertEqual(members["nearest-seed"]["largest_rest"], 0)
        self.assertNotIn("confusion", report["consensus"]["gold"])
        with h5py.File(os.path.join(run, "qa.h5")) as file:
            counts = file["confusion/gold"][...]
            trace = file["convergence/spreading/trace_counts"].attrs
            self.assertAlmostEqual(trace["mean_rest"], members["spreading"]["mean_rest"])
            self.assertAlmostEqual(trace["largest_rest"], members["spreading"]["largest_rest"])
        right = counts[counts[:, 0] == counts[:, 1], 2].sum()
        self.assertEqual(right, report["consensus"]["gold"]["accuracy"]["successes"])
        with h5py.File(os.path.join(run, "propagation.h5")) as file:
            member = file["members/spreading"]
            scores, labels, other = (member[name][...] for name in ("scores", "labels", "other"))
        self.assertEqual(scores.shape, (1200, 16))
        named = (labels >= 0).sum(axis=1)
        numpy.testing.assert_allclose(scores.sum(axis=1) + other * (CLASSES - named), 1, atol=1e-4)
        with open(os.path.join(run, "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("Scores keep the 16 largest labels", page)
        self.assertIn("260 classes are too many for a table of class by class", page)

    def test_as_dense_where_no_row_has_more_labels(self):
        """Groups of eight classes, far from each other: no item hears of more than eight."""
        with kith.temporary_directory() as directory:
            path = os.path.join(directory, "corpus.h5")
            write_corpus(path, items=960, classes=96, spread=0.4)
            with h5py.File(path, "a") as file:
                truth = numpy.where(file["labels"][...] >= 0, file["labels"][...], file["gold"][...])
                far = 100 * numpy.eye(16, dtype=numpy.float32)[truth // 8]
                file["embeddings"][...] = file["embeddings"][...] + far
            # Potentials of Poisson learning differ in every class: rows of few labels keep the mean of the others.
            members = {name: member for name, member in MEMBERS.items() if name != "member.poisson"}
            found = {}
            for top in (96, 16):
                found[top] = self.run_in(directory, f"run{top}", 2, ensemble={"top_labels": top, "folds": 2}, **members)
        for member in found[16][1]["members"]:
            self.assertEqual(member["largest_rest"], 0, member["name"])
        for name, values in found[96][2].items():
            if values.dtype.kind == "f":
                numpy.testing.assert_allclose(found[16][2][name], values, atol=1e-6, err_msg=name)
            else:
                numpy.testing.assert_array_equal(found[16][2][name], values, name)

    def test_what_cannot_be_used_is_one_sentence(self):
        with kith.temporary_directory() as directory:
            write_corpus(os.path.join(directory, "corpus.h5"))
            for sections, words in (
                    ({"member.m": {"method": "wnll"}}, "member.m.method = wnll, which needs all classes: use"),
                    ({"member.m": {"method": "spreading", "solver": "chebyshev"}}, "member.m.solver = chebyshev"),
                    ({"ensemble": {"calibration": "vector"}}, "ensemble.calibration = vector, which needs all classes"),
                    ({"ensemble": {"top_labels": -1}}, "ensemble.top_labels = -1, must be in 0..1000000"),
                    ({"qa": {"seed_filter": "both"}}, "qa.seed_filter needs a table of 260 x 260 classes")):
                done = kith.run(["run", "-c", kith.ini(directory, **sections)], 2)
                kith.expect_one_sentence(self, done, words)


if __name__ == "__main__":
    unittest.main()
