"""The same bytes of cells and graph from any number of ranks and threads and from the smallest instruction set."""
import glob
import os
import unittest

import h5py
import numpy

import kith_runner as kith

RANKS_AND_THREADS = [(1, 1), (3, 2)]


def digests(run_directory):
    paths = sorted(glob.glob(os.path.join(run_directory, "graph", "knn-*.h5")))
    paths.append(os.path.join(run_directory, "cells", "cells.h5"))
    return {os.path.relpath(path, run_directory): kith.digest(path) for path in paths}


def write_corpus(path, items, dim, dtype):
    """Uneven blobs in whole numbers, with ties and a fiftieth of duplicates."""
    random = numpy.random.RandomState(5)
    centers = random.randint(40, 216, size=(20, dim))
    blobs = (20 * random.uniform(size=items) ** 2).astype(int)
    vectors = numpy.clip(numpy.rint(centers[blobs] + random.normal(0, 12, size=(items, dim))), 0, 255)
    vectors[random.randint(0, items, items // 50)] = vectors[random.randint(0, items, items // 50)]
    if dtype == numpy.float32:
        vectors[::2] += random.uniform(-0.4, 0.4, size=(len(vectors[::2]), dim))
    labels = numpy.full(items, -1, numpy.int32)
    labels[:8] = numpy.arange(8) % 4
    with h5py.File(path, "w") as file:
        file["embeddings"] = vectors.astype(dtype)
        file["labels"] = labels
        file["classes"] = kith.NAMES


class GraphBytes(unittest.TestCase):
    def check(self, metric, dtype, items=1500, dim=19, cells=None, knn=None, num_files=1, runs=tuple(RANKS_AND_THREADS)):
        cells = cells or {"num_cells": 25}
        knn = {"k": 7, "recall_sample": 0, **(knn or {"probes": 3, "refine_rounds": 2})}
        smallest = kith.instruction_sets()[-1]
        with kith.temporary_directory() as directory:
            write_corpus(os.path.join(directory, "corpus.h5"), items, dim, dtype)
            expected = None
            for ranks, threads, target in [*((*run, None) for run in runs), (2, 1, smallest)]:
                run_directory = os.path.join(directory, f"run_{ranks}_{threads}_{target}")
                config = kith.ini(directory, run={"directory": run_directory},
                                  corpus={"metric": metric, "gold": ""}, cells=cells, knn=knn)
                done = kith.run(["knn", "-c", config], ranks, threads,
                                variables={"KITH_TARGET": target} if target else None)
                self.assertEqual(done.returncode, 0, done.stderr)
                if target:
                    self.assertIn(f" cpu_target={target}\n", done.stderr)
                found = digests(run_directory)
                self.assertEqual(len(found), num_files + 1)
                expected = expected or found
                self.assertEqual(found, expected, f"{ranks} ranks, {threads} threads, instruction set {target}")

    def test_l2_f32(self):
        self.check("l2", numpy.float32, runs=[(1, 1), (1, 2), (2, 1), (3, 1), (5, 1)])

    def test_l2_u8(self):
        self.check("l2", numpy.uint8)

    def test_cosine_f32(self):
        self.check("cosine", numpy.float32)

    def test_cosine_u8(self):
        self.check("cosine", numpy.uint8)

    def test_inner_product_f32(self):
        self.check("inner_product", numpy.float32)

    def test_inner_product_u8(self):
        self.check("inner_product", numpy.uint8)

    def test_chosen_by_pilot(self):
        self.check("l2", numpy.float32, knn={"recall": 0.9})

    def test_several_files(self):
        # A file of the graph holds 4096 cells.
        self.check("l2", numpy.float32, items=9000, dim=4, num_files=2, runs=[(1, 2), (5, 1)],
                   cells={"num_cells": 4500, "sample_per_cell": 2})


class Targets(unittest.TestCase):
    def test_names(self):
        names = kith.instruction_sets()
        self.assertEqual(len(set(names)), len(names))
        with kith.temporary_directory() as directory:
            write_corpus(os.path.join(directory, "corpus.h5"), 100, 4, numpy.float32)
            config = kith.ini(directory, corpus={"gold": ""})
            done = kith.run(["knn", "-c", config], 2, variables={"KITH_TARGET": "ABACUS"})
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stderr, "kith: KITH_TARGET = ABACUS: no such instruction set here, must be one of "
                                          f"{', '.join(names)}\n")
            self.assertFalse(os.path.exists(os.path.join(directory, "run")))


if __name__ == "__main__":
    unittest.main()
