"""Corpora that break neighbor graphs: many duplicates, one dense spot, distinct vectors at distance zero, skewed density."""
import os
import re
import unittest

import h5py
import numpy

import kith_runner as kith

SEED, UNREACHABLE, DUPLICATE = 1, 4, 6
CLASSES = len(kith.NAMES)
SMALLEST_SPLIT = 256  # items: smaller cells are not split


def facts(log):
    """Numbers of the log lines of each stage: {"cells": {"largest": 200.0, ...}, ...}."""
    found = {}
    for line in log.splitlines():
        stage = re.match(r"stage=(\w+) ", line)
        if stage:
            found.setdefault(stage[1], {}).update(
                {name: float(value) for name, value in re.findall(r"(\w+)=([0-9.]+)(?= |$)", line)})
    return found


def blobs(items, dim=16):
    """Four blobs around centers that are far apart, and which blob each item is from."""
    random = numpy.random.RandomState(1)
    truth = random.randint(0, CLASSES, items)
    vectors = 20 * numpy.eye(CLASSES, dim)[truth] + random.normal(0, 1, size=(items, dim))
    return vectors.astype(numpy.float32), truth


def choose_seeds(truth, rows, per_class=5):
    """The first so many of `rows` in each class."""
    labels = numpy.full(len(truth), -1, numpy.int32)
    for label in range(CLASSES):
        chosen = rows[truth[rows] == label][:per_class]
        labels[chosen] = label
    return labels


class HardCorpora(unittest.TestCase):
    def run_kith(self, vectors, labels, ranks, command="run", metric="l2", num_cells=30):
        """Facts of the log and columns of labels.h5."""
        with kith.temporary_directory() as directory:
            with h5py.File(os.path.join(directory, "corpus.h5"), "w") as file:
                file["embeddings"] = vectors
                file["labels"] = labels
                file["classes"] = kith.NAMES
            config = kith.ini(directory, corpus={"gold": "", "metric": metric},
                              cells={"num_cells": num_cells}, knn={"k": 10})
            done = kith.run([command, "-c", config], ranks)
            self.assertEqual(done.returncode, 0, done.stderr)
            columns = {}
            if command == "run":
                with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                    columns = {name: file[name][...] for name in file}
                self.assertEqual(columns["status_names"][UNREACHABLE], b"unreachable")
                self.assertEqual(columns["status_names"][DUPLICATE], b"duplicate")
        return facts(done.stderr), columns

    def check_cell_sizes(self, cells, num_nodes, num_cells):
        self.assertLessEqual(cells["largest"], max(SMALLEST_SPLIT, 4 * num_nodes / num_cells), cells)
        self.assertGreaterEqual(cells["smallest"], 1)

    def check_labels(self, columns, truth, least=0.5):
        self.assertTrue((columns["best"] == truth).all(), numpy.flatnonzero(columns["best"] != truth))
        self.assertFalse((columns["status"] == UNREACHABLE).any())
        self.assertTrue((columns["label"] >= 0).all())
        self.assertTrue((columns["probability"] > least).all())
        for name in ("probability", "margin", "vote_entropy", "bald", "neighbor_distance"):
            self.assertTrue(numpy.isfinite(columns[name]).all(), name)

    def check_duplicates(self, metric):
        items, random = 3000, numpy.random.RandomState(2)
        vectors, truth = blobs(items)
        rows = random.permutation(items)
        group, copies, originals = rows[:1000], rows[1000:1600], rows[1600:]
        for copy, original in [*((row, group[0]) for row in group), *zip(copies, random.choice(originals, 600))]:
            vectors[copy], truth[copy] = vectors[original], truth[original]
        unit = vectors.copy()
        if metric == "cosine":  # the direction is what counts
            vectors *= 2.0 ** random.randint(-3, 4, size=(items, 1))
        labels = choose_seeds(truth, random.permutation(numpy.concatenate([group[:20], copies])))
        labels[group] = -1
        group.sort()
        labels[group[5:8]] = truth[group[0]]
        labels[group[3]] = (truth[group[0]] + 1) % CLASSES

        log, columns = self.run_kith(vectors, labels, 3, metric=metric)

        self.assertEqual(log["check"]["duplicates"], 999 + 600)
        self.check_cell_sizes(log["cells"], 1401, 30)
        self.assertEqual(log["check"]["seed_conflicts"], 1)
        is_seed = labels >= 0
        self.check_labels(columns, numpy.where(is_seed, labels, truth), 0.2)
        numpy.testing.assert_array_equal(columns["label"][is_seed], labels[is_seed])
        _, which = numpy.unique(unit, axis=0, return_inverse=True)
        speaks = numpy.lexsort((numpy.arange(items), ~is_seed | (labels != truth), which))
        speaker = dict(reversed([(which[row], row) for row in speaks]))
        expected = numpy.array([-1 if speaker[of] == row else speaker[of] for row, of in enumerate(which)])
        numpy.testing.assert_array_equal(columns["duplicate_of"], expected)
        self.assertTrue((columns["status"][is_seed] == SEED).all())
        self.assertTrue((columns["status"][(expected >= 0) & ~is_seed] == DUPLICATE).all())
        self.assertFalse((columns["status"][(expected < 0) & ~is_seed] == DUPLICATE).any())
        numpy.testing.assert_allclose(columns["probability"][group[[3, 5, 0]]], (0.25, 0.75, 0.75))

    def test_duplicates_l2(self):
        self.check_duplicates("l2")

    def test_duplicates_cosine(self):
        self.check_duplicates("cosine")

    def test_dense_spot(self):
        vectors, truth = blobs(3000)
        spot = numpy.arange(0, 3000, 3)
        vectors[spot] = vectors[0] + 1e-4 * numpy.random.RandomState(3).normal(size=(1000, 16))
        truth[spot] = truth[0]
        labels = choose_seeds(truth, numpy.arange(3000))

        log, columns = self.run_kith(vectors, labels, 3)

        self.check_cell_sizes(log["cells"], 3000, 30)
        self.check_labels(columns, truth)

    def test_distinct_vectors_at_distance_zero(self):
        vectors, truth = blobs(1000)
        spot = numpy.arange(0, 1000, 5)
        # The squares of such differences are below the smallest float32.
        vectors[spot] = 1e-30 * numpy.random.RandomState(4).normal(size=(200, 16))
        vectors[1] = 0
        truth[spot] = truth[1] = 3
        labels = choose_seeds(truth, numpy.arange(1000))

        log, columns = self.run_kith(vectors, labels, 2, num_cells=10)

        self.assertEqual(log["check"]["duplicates"], 0)
        self.check_labels(columns, truth)

    def test_skewed_density(self):
        items, num_cells, random = 12000, 150, numpy.random.RandomState(5)
        scale = 10.0 ** (-5 * random.uniform(size=(items, 1)))  # the nearer to zero, the denser
        vectors = (scale * random.uniform(-1, 1, size=(items, 8))).astype(numpy.float32)
        labels = numpy.full(items, -1, numpy.int32)
        labels[:8] = numpy.arange(8) % CLASSES

        log, _ = self.run_kith(vectors, labels, 5, command="knn", num_cells=num_cells)

        self.check_cell_sizes(log["cells"], items, num_cells)
        self.assertLessEqual(log["cells"]["imbalance"], 1.15)
        self.assertLessEqual(log["knn"]["imbalance"], 1.15)
        self.assertGreater(log["knn"]["recall"], 0.95)


if __name__ == "__main__":
    unittest.main()
