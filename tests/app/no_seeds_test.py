"""Runs without any seed: class vectors, or a voter of corpus.probs, say what the classes are."""
import os
import unittest

import h5py
import numpy

import kith_runner as kith

FILES = ["labels.h5", "heads.h5", "propagation.h5", "qa.h5", "report.json"]


def class_vectors(blobs):
    """Directions that are not quite those of the classes."""
    centers = numpy.stack([blobs.vectors[blobs.truth == k].mean(0) for k in range(len(kith.NAMES))])
    return centers + numpy.random.RandomState(3).normal(size=centers.shape) * 10


def nearest(blobs, vectors):
    """The class vector with the largest cosine."""
    return (blobs.vectors @ (vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)).T).argmax(1)


class NoSeeds(unittest.TestCase):
    def setUp(self):
        self.blobs = kith.Blobs()

    def write(self, directory, **datasets):
        self.blobs.write(os.path.join(directory, "corpus.h5"))
        with h5py.File(os.path.join(directory, "corpus.h5"), "a") as file:
            for name, values in datasets.items():
                file[name] = values

    def run_in(self, directory, command="run", ranks=1, corpus=None, **sections):
        corpus = {"metric": "cosine", "labels": "", "seeds": "", "classes": "", **(corpus or {})}
        return kith.run([command, "-c", kith.ini(directory, corpus=corpus, **sections)], ranks)

    def test_class_vectors_label_everything(self):
        found = set()
        vectors = class_vectors(self.blobs)
        for ranks in (1, 2, 3, 5):
            with kith.temporary_directory() as directory:
                self.write(directory, prototypes=vectors)
                done = self.run_in(directory, ranks=ranks, corpus={"prototypes": "/prototypes"}, cells={"num_cells": 3})
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES[:4]))
                with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                    best, status, votes = file["best"][...], file["status"][...], file["votes"][...]
                with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
                    page = file.read()
        self.assertEqual(len(found), 1)
        plain = nearest(self.blobs, vectors)
        numpy.testing.assert_array_equal(votes[:, 0], plain)
        self.assertGreater((best == self.blobs.truth).mean(), (plain == self.blobs.truth).mean())
        self.assertNotIn(0, status)  # auto is a promise that seeds must bear out
        self.assertIn("estimate   not known (there are no seeds)", done.stdout)
        self.assertIn("the run cannot say how accurate it is", page)
        self.assertNotIn("from held-out seeds", page)

    def test_shares_that_are_given(self):
        vectors = class_vectors(self.blobs)
        found = {}
        for prior in ("estimated", "uniform", "0.97,0.01,0.01,0.01"):
            with kith.temporary_directory() as directory:
                self.write(directory, prototypes=vectors)
                done = self.run_in(directory, ranks=2, corpus={"prototypes": "/prototypes"}, ensemble={"prior": prior})
                self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                    found[prior] = file["best"][...]
        self.assertGreater((found["uniform"] == self.blobs.truth).mean(), 0.6)
        self.assertGreater((found["0.97,0.01,0.01,0.01"] == 0).mean(), (found["estimated"] == 0).mean() + 0.1)

    def test_a_voter_is_smoothed(self):
        probs = numpy.full((len(self.blobs.truth), len(kith.NAMES)), 0.1)
        random = numpy.random.RandomState(4)
        wrong = random.randint(0, len(kith.NAMES), size=len(probs))
        said = numpy.where(random.uniform(size=len(probs)) < 0.5, self.blobs.truth, wrong)
        probs[numpy.arange(len(probs)), said] = 0.7
        with kith.temporary_directory() as directory:
            self.write(directory, **{"probs/model": probs})
            done = self.run_in(directory, ranks=2, corpus={"probs": "/probs"},
                               **{"member.smooth": {"method": "smooth", "voter": "model"}})
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                smooth = file["votes"][:, 0]
        self.assertGreater((smooth == self.blobs.truth).mean(), (said == self.blobs.truth).mean() + 0.1)

    def test_what_cannot_be(self):
        vectors = class_vectors(self.blobs)
        given = {"prototypes": "/prototypes"}
        cases = [({}, {}, "without seeds something else must say what the classes are"),
                 (given, {"member.x": {"method": "harmonic"}}, "member.x.method = harmonic, which needs seeds"),
                 (given, {"member.x": {"method": "lda"}}, "member.x.method = lda, which needs seeds"),
                 ({}, {"member.x": {"method": "prototypes"}}, "needs seeds or class vectors, and its vectors have none"),
                 ({"prototypes": "/wide"}, {}, "one vector a class and as long as"),
                 (given, {"ensemble": {"prior": "seeds"}}, "ensemble.prior = seeds, but neither"),
                 (given, {"ensemble": {"class_mass": "normalize"}}, "set ensemble.prior to uniform or to the shares"),
                 ({"prototypes": "/nowhere"}, {}, "corpus.classes is not set")]
        with kith.temporary_directory() as directory:
            self.write(directory, prototypes=vectors, wide=numpy.ones((len(kith.NAMES), 13)))
            with h5py.File(os.path.join(directory, "corpus.h5"), "a") as file:
                for name in ("classes", "gold"):
                    if name in file:
                        del file[name]
            for corpus, sections, words in cases:
                for command in ("check", "run"):
                    with self.subTest(words=words, command=command):
                        done = self.run_in(directory, command, corpus={"gold": "", **corpus}, **sections)
                        kith.expect_one_sentence(self, done, words)


if __name__ == "__main__":
    unittest.main()
