"""Resident memory stays under run.memory_per_rank where that is far less than a run would take, and the graph is the same."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

ITEMS, DIM, CELLS = 72_000, 1024, 720


def write_corpus(path):
    """Vectors on a flat sheet of four dimensions: a cell has few neighbors, a rank's cells have many."""
    random = numpy.random.RandomState(1)
    sheet = random.normal(size=(4, DIM)).astype(numpy.float32)
    places = random.uniform(-1, 1, size=(ITEMS, 4)).astype(numpy.float32)
    labels = numpy.full(ITEMS, -1, numpy.int32)
    labels[:40] = numpy.arange(40) % 4
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("embeddings", (ITEMS, DIM), numpy.float32)
        for first in range(0, ITEMS, 8000):
            rows[first:first + 8000] = places[first:first + 8000] @ sheet
        file["labels"] = labels
        file["classes"] = kith.NAMES


class Memory(unittest.TestCase):
    def run_graph(self, directory, limit_bytes):
        """Peak bytes by stage, and the digest of the graph."""
        run_directory = os.path.join(directory, f"run_{limit_bytes}")
        config = kith.ini(directory, run={"directory": run_directory, "memory_per_rank": limit_bytes},
                          corpus={"gold": ""}, cells={"num_cells": CELLS, "sample_per_cell": 16},
                          knn={"k": 10, "probes": 4, "refine_rounds": 1, "recall_sample": 0})
        done = kith.run(["graph", "-c", config], ranks=4)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(run_directory, "manifest.json"), encoding="utf-8") as file:
            stages = json.load(file)["stages"]
        waves = int(done.stderr.split(" waves=")[1].split()[0])
        return ({name: stage["peak_rss_bytes"] for name, stage in stages.items()}, waves,
                kith.digest(os.path.join(run_directory, "graph", "knn-00000.h5")))

    def test_a_third_of_what_a_run_would_take(self):
        with kith.temporary_directory(in_memory=False) as directory:
            write_corpus(os.path.join(directory, "corpus.h5"))
            wanted, waves, expected = self.run_graph(directory, 0)
            limit = max(wanted.values()) // 3
            self.assertEqual(waves, 1)

            peaks, waves, graph = self.run_graph(directory, limit)

            self.assertGreater(waves, 1)
            for stage, peak in peaks.items():
                self.assertLessEqual(peak, limit, f"{stage}: {peak >> 20} MiB, limit {limit >> 20} MiB; without it "
                                                  f"{ {name: bytes >> 20 for name, bytes in wanted.items()} }")
            self.assertEqual(graph, expected)


if __name__ == "__main__":
    unittest.main()
