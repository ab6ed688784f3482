"""The same results, byte for byte, from any number of ranks and threads and from any layout of the files."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json", "propagation.h5", "graph/knn-00000.h5", "cells/cells.h5"]


def digests(directory):
    return {name: kith.digest(os.path.join(directory, "run", name)) for name in RESULTS}


def label_columns(directory):
    with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
        return {name: file[name][...] for name in file}


class SameBytes(unittest.TestCase):
    def run_blobs(self, ranks, write, sections=lambda directory: {}):
        with kith.temporary_directory() as directory:
            write(directory)
            done = kith.run(["run", "-c", kith.ini(directory, **sections(directory))], ranks)
            self.assertEqual(done.returncode, 0, done.stderr)
            return label_columns(directory)

    def test_any_number_of_ranks_and_threads(self):
        blobs = kith.Blobs()
        # One folder for all: report.json names the files of the corpus.
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            seen = {}
            for ranks, threads in [(1, 1), (1, 2), (3, 2), (5, 1)]:
                run_directory = os.path.join(directory, "run")
                done = kith.run(["run", "-c", config], ranks, threads)
                self.assertEqual(done.returncode, 0, done.stderr)
                seen[ranks, threads] = digests(directory)
                os.rename(run_directory, f"{run_directory}_{ranks}_{threads}")
            for key, value in seen.items():
                self.assertEqual(value, seen[1, 1], f"{key} ranks, threads")

    def test_waves_of_little_memory(self):
        blobs = kith.Blobs()
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            labels = []
            for memory in ("0", "64KiB"):
                config = kith.ini(directory, run={"directory": os.path.join(directory, "run"),
                                                  "memory_per_rank": memory})
                done = kith.run(["run", "-c", config], 3)
                self.assertEqual(done.returncode, 0, done.stderr)
                labels.append(kith.digest(os.path.join(directory, "run", "labels.h5")))
                os.rename(os.path.join(directory, "run"), os.path.join(directory, "run_" + memory))
            self.assertEqual(labels[0], labels[1])

    def test_any_layout_of_the_files(self):
        blobs = kith.Blobs()

        def whole(directory):
            blobs.write(os.path.join(directory, "corpus.h5"))

        def chunked_half(directory):
            blobs.write(os.path.join(directory, "corpus.h5"), dtype=numpy.float16, chunks=(37, 5),
                        compression="gzip", shuffle=True)

        def bytes_in_three_files(directory):
            for part, rows in enumerate((slice(0, 100), slice(100, 750), slice(750, None))):
                blobs.write(os.path.join(directory, f"part{part}.h5"), rows, dtype=numpy.uint8, chunks=(64, 12))

        expected = self.run_blobs(2, whole)
        halves = self.run_blobs(2, chunked_half)
        split = self.run_blobs(3, bytes_in_three_files, lambda directory: {
            "corpus": {"files": os.path.join(directory, "part*.h5")}})
        for name, values in expected.items():
            numpy.testing.assert_array_equal(values, halves[name], name)
            numpy.testing.assert_array_equal(values, split[name], name)

    def test_report_states_an_accuracy_that_holds(self):
        blobs = kith.Blobs(items=1500, spread=30)
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            done = kith.run(["run", "-c", kith.ini(directory)], 2)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
                report = json.load(file)
            columns = label_columns(directory)
            unknown = blobs.labels < 0
            right = (columns["best"] == blobs.truth)[unknown]
            stated = report["consensus"]["gold"]["accuracy"]
            self.assertEqual(stated["successes"], int(right.sum()))
            self.assertEqual(stated["trials"], int(unknown.sum()))
            self.assertGreater(right.mean(), 0.9)
            self.assertEqual(sum(report["consensus"]["status_counts"].values()), 1500)
            numpy.testing.assert_array_equal(columns["status"] == 1, blobs.labels >= 0)
            self.assertEqual(columns["duplicate_of"][750], 3)
            self.assertEqual(columns["label"][750], columns["label"][3])


if __name__ == "__main__":
    unittest.main()
