"""Heads: members that are models on the vectors, alone and smoothed over the graph."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

FILES = ["labels.h5", "heads.h5", "propagation.h5", "qa.h5"]
HEADS = {"member.softmax": {"method": "softmax_regression"}, "member.lda": {"method": "lda"},
         "member.prototypes": {"method": "prototypes"}, "member.near": {"method": "nearest_seed_vectors"}}
SMOOTH = {"member.smooth": {"method": "smooth", "voter": "lda"},
          "member.mended": {"method": "correct_smooth", "voter": "softmax"}}


def run(directory, ranks=1, threads=1, **sections):
    return kith.run(["run", "-c", kith.ini(directory, **sections)], ranks, threads)


def results(directory):
    return tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES)


def report_of(directory):
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return json.load(file)


def uneven(blobs):
    """A class with one seed."""
    rows = numpy.flatnonzero(blobs.labels == 3)
    blobs.labels[rows[1:]] = -1
    return blobs


class Heads(unittest.TestCase):
    def test_same_bytes_and_more_dimensions_than_seeds(self):
        """Ranks without items, a class with one seed, other vectors, f16."""
        blobs = uneven(kith.Blobs(items=400, dim=40, seeds_per_class=6))
        other = {"graph.other": {"dataset": "/other"}, "member.there": {"method": "lda", "graph": "other"},
                 "member.smooth-there": {"method": "smooth", "voter": "there"}}
        found = set()
        for ranks, threads in ((1, 2), (2, 1), (3, 1), (5, 1)):
            with kith.temporary_directory() as directory:
                path = blobs.write(os.path.join(directory, "corpus.h5"), dtype=numpy.float16)
                with h5py.File(path, "a") as file:
                    file["other"] = blobs.vectors[:, ::-1].astype(numpy.float32)
                done = run(directory, ranks, threads, cells={"num_cells": 4}, **HEADS, **SMOOTH, **other)
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(results(directory))
                gold = {member["name"]: member["gold"]["value"] for member in report_of(directory)["members"]}
        self.assertEqual(len(found), 1)
        self.assertAlmostEqual(gold["there"], gold["lda"], delta=0.01)  # the same columns in another order
        self.assertAlmostEqual(gold["smooth-there"], gold["smooth"], delta=0.03)

    def test_models_in_the_file_are_the_members(self):
        blobs = kith.Blobs(spread=90)
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            done = run(directory, 2, **HEADS, **SMOOTH)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = report_of(directory)
            with h5py.File(os.path.join(directory, "run", "heads.h5")) as file, \
                    h5py.File(os.path.join(directory, "run", "propagation.h5")) as graph:
                rows = graph["rows"][...]
                for member in ("softmax", "lda", "prototypes"):
                    model = file[f"models/{member}/all"]
                    logits = blobs.vectors[rows] @ model["weights"][...].T + model["biases"][...]
                    expected = numpy.exp(logits - logits.max(1, keepdims=True))
                    expected /= expected.sum(1, keepdims=True)
                    numpy.testing.assert_allclose(file[f"members/{member}/scores"][...], expected, atol=2e-3)
                near = file["members/near/scores"][...]
                self.assertEqual(file["models/near/all/seed_vectors"].shape, (32, 12))
        truth = blobs.truth[rows]
        unlabeled = blobs.labels[rows] < 0
        self.assertGreater((near.argmax(1) == truth)[unlabeled].mean(), 0.5)
        of = {member["name"]: member for member in report["members"]}
        self.assertEqual((of["lda"]["source"], of["smooth"]["source"]), ("vectors", "graph"))
        # Held-out accuracy is that of models that had not seen the seed: near the truth, not near 1.
        for member in ("softmax", "lda", "smooth"):
            self.assertLess(of[member]["held_out"]["value"], 0.99)
            self.assertAlmostEqual(of[member]["held_out"]["value"], of[member]["gold"]["value"], delta=0.25)
        self.assertGreater(of["smooth"]["gold"]["value"], of["lda"]["gold"]["value"] - 0.03)

    def test_what_does_not_read_a_change_is_not_done_again(self):
        blobs = kith.Blobs(items=300)
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            self.assertEqual(run(directory, **HEADS, **SMOOTH).returncode, 0)
            first = results(directory)
            changed = {**SMOOTH, "member.smooth": {"method": "smooth", "voter": "lda", "smoothing": 0.5}}
            done = run(directory, 3, **HEADS, **changed)  # the heads come from their file, on other ranks
            self.assertIn("stage=heads state=done_before", done.stderr)
            self.assertNotEqual(results(directory)[2], first[2])
            done = run(directory, 2, **HEADS, **SMOOTH)
            self.assertEqual(results(directory), first)

    def test_many_classes_keep_few_labels(self):
        blobs = kith.Blobs(items=600, seeds_per_class=10)
        sections = {"ensemble": {"top_labels": 2}, "member.poisson": {"method": "poisson"},
                    "member.lda": HEADS["member.lda"]}
        found = set()
        for ranks in (1, 3):
            with kith.temporary_directory() as directory:
                blobs.write(os.path.join(directory, "corpus.h5"))
                done = run(directory, ranks, **sections)
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(results(directory))
                with h5py.File(os.path.join(directory, "run", "heads.h5")) as file:
                    self.assertEqual(file["members/lda/labels"].shape[1], 2)
        self.assertEqual(len(found), 1)

    def test_given_class_vectors(self):
        """One seed a class says little by itself."""
        blobs = kith.Blobs(seeds_per_class=1, spread=90)
        centers = numpy.array([blobs.vectors[blobs.truth == label].mean(0) for label in range(4)])
        found = {}
        for name, prototypes in (("none", None), ("given", centers)):
            with kith.temporary_directory() as directory:
                path = blobs.write(os.path.join(directory, "corpus.h5"))
                sections = {"member.p": {"method": "prototypes"}}
                if prototypes is not None:
                    with h5py.File(path, "a") as file:
                        file["prototypes"] = prototypes.astype(numpy.float32)
                    sections["corpus"] = {"prototypes": "/prototypes"}
                done = run(directory, 2, **sections)
                self.assertEqual(done.returncode, 0, done.stderr)
                found[name] = report_of(directory)["members"][0]["gold"]["value"]
                if prototypes is not None:
                    for wrong, word in ((prototypes[:3], "expected 4 x 12"), (prototypes * numpy.nan, "not all values"),
                                        (prototypes * 0, "the vector is zero")):
                        with h5py.File(path, "a") as file:
                            del file["prototypes"]
                            file["prototypes"] = wrong
                        for command in ("run", "check"):
                            done = kith.run([command, "-c", kith.ini(directory, **sections)], 2)
                            kith.expect_one_sentence(self, done, word)
        self.assertGreater(found["given"], found["none"] + 0.1)

    def test_given_class_vectors_of_other_vectors(self):
        blobs = kith.Blobs(items=300, seeds_per_class=1, spread=90)
        centers = numpy.array([blobs.vectors[blobs.truth == label].mean(0) for label in range(4)])
        sections = {"graph.side": {"dataset": "/side", "prototypes": "/centers"},
                    "member.p": {"method": "prototypes", "graph": "side"}}
        with kith.temporary_directory() as directory:
            path = blobs.write(os.path.join(directory, "corpus.h5"))
            with h5py.File(path, "a") as file:
                file["side"] = blobs.vectors
                file["centers"] = centers.astype(numpy.float32)
            self.assertEqual(run(directory, 2, **sections).returncode, 0)
            first = results(directory)
            with h5py.File(path, "a") as file:
                file["centers"][...] = centers[::-1]
            done = run(directory, 2, **sections)
            self.assertIn('stage=heads state=stale reason="other prototypes"', done.stderr)
            self.assertNotEqual(results(directory)[1], first[1])
            with h5py.File(path, "a") as file:
                file["centers"][0] = 0
            for command in ("run", "check"):
                done = kith.run([command, "-c", kith.ini(directory, **sections)], 2)
                kith.expect_one_sentence(self, done, "/centers: row 0: the vector is zero")

    def test_bad_input_is_one_sentence(self):
        cases = [({"corpus": {"prototypes": "/centers"}, "member.a": {"method": "lda"}},
                  "corpus.prototypes = /centers, but no member"),
                 ({"member.a": {"method": "lda", "alpha": 0.5}}, "member.a.alpha is set, which lda does not take"),
                 ({"member.a": {"method": "lda", "bootstrap": 1}}, "member.a.bootstrap is set"),
                 ({"member.a": {"method": "smooth"}}, "member.a.voter is missing"),
                 ({"member.a": {"method": "smooth", "voter": "b"}}, "which is no head of the ensemble"),
                 ({"member.a": {"method": "poisson", "class_weights": "balanced"}}, "class_weights is set"),
                 ({"member.a": {"method": "lda", "graph": "copy"}}, "no section [graph.copy]"),
                 ({"member.a": {"method": "svm"}}, "must be one of")]
        with kith.temporary_directory() as directory:
            kith.Blobs(items=200).write(os.path.join(directory, "corpus.h5"))
            for sections, word in cases:
                for command in ("run", "check"):
                    done = kith.run([command, "-c", kith.ini(directory, **sections)])
                    kith.expect_one_sentence(self, done, word)


if __name__ == "__main__":
    unittest.main()
