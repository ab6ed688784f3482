"""Bad input gets one sentence on stderr and exit status 1, on one rank and on more, and leaves nothing half-written."""
import os
import subprocess
import unittest

import h5py
import numpy

import kith_runner as kith


def replace(path, name, data):
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = data


def break_row(value):
    def change(directory, blobs):
        blobs.vectors[77] = value
        blobs.write(os.path.join(directory, "corpus.h5"))
        return {}
    return change


def change_dataset(name, make):
    def change(directory, blobs):
        path = blobs.write(os.path.join(directory, "corpus.h5"))
        replace(path, name, make(blobs))
        return {}
    return change


def zero_vector_under_cosine(directory, blobs):
    break_row(0)(directory, blobs)
    return {"corpus": {"metric": "cosine"}}


def other_dimension(directory, blobs):
    blobs.write(os.path.join(directory, "a.h5"))
    blobs.vectors = blobs.vectors[:, :7]
    blobs.write(os.path.join(directory, "b.h5"))
    return {"corpus": {"files": os.path.join(directory, "[ab].h5")}}


def seed_file(text):
    def change(directory, blobs):
        blobs.write(os.path.join(directory, "corpus.h5"))
        path = os.path.join(directory, "seeds.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return {"corpus": {"labels": "", "seeds": path}}
    return change


def no_seed(directory, blobs):
    blobs.labels[:] = -1
    blobs.write(os.path.join(directory, "corpus.h5"))
    return {}


def class_without_seed(directory, blobs):
    blobs.labels[blobs.labels == 2] = -1
    blobs.write(os.path.join(directory, "corpus.h5"))
    return {}


def truncated(directory, blobs):
    path = blobs.write(os.path.join(directory, "corpus.h5"))
    os.truncate(path, os.path.getsize(path) // 2)
    return {}


def not_hdf5(directory, blobs):
    with open(os.path.join(directory, "corpus.h5"), "w", encoding="utf-8") as file:
        file.write("no HDF5 at all")
    return {}


def a_directory(directory, blobs):
    os.mkdir(os.path.join(directory, "corpus.h5"))
    return {}


def no_file(directory, blobs):
    return {}


def setting(**sections):
    def change(directory, blobs):
        blobs.write(os.path.join(directory, "corpus.h5"))
        return sections
    return change


# What is changed about a good corpus and configuration, and what the sentence must name.
CASES = {
    "one-dimensional embeddings": (change_dataset("embeddings", lambda b: b.vectors[:, 0]),
                                   ["corpus.h5", "/embeddings"]),
    "embeddings of a type that is no vector": (
        change_dataset("embeddings", lambda b: b.vectors.astype(numpy.int32)),
        ["corpus.h5", "/embeddings", "i32"]),
    "NaN": (break_row(numpy.nan), ["corpus.h5", "/embeddings", "row 77", "NaN"]),
    "infinity": (break_row(numpy.inf), ["corpus.h5", "/embeddings", "row 77", "infinite"]),
    "zero vector under cosine": (zero_vector_under_cosine, ["corpus.h5", "row 77", "cosine"]),
    "dimension that differs between files": (other_dimension, ["b.h5", "/embeddings", "7", "12"]),
    "label out of range": (change_dataset("labels", lambda b: numpy.where(b.labels < 0, 9, b.labels)),
                           ["corpus.h5", "/labels", "row", "9"]),
    "labels of another length": (change_dataset("labels", lambda b: b.labels[:-1]),
                                 ["corpus.h5", "/labels", "899", "900"]),
    "seed row that the corpus has not": (seed_file("row,label\n1,ant\n5000,bee\n2,cat\n3,dog\n"),
                                         ["seeds.csv", "5000"]),
    "seed given twice with two labels": (seed_file("row,label\n1,ant\n1,bee\n2,cat\n3,dog\n"),
                                         ["1", "ant", "bee"]),
    "seed of an unknown class": (seed_file("row,label\n1,ant\n4,bird\n2,cat\n3,dog\n"),
                                 ["seeds.csv", "bird"]),
    "no seed at all": (no_seed, ["seed"]),
    "class without seed": (class_without_seed, ["cat", "seed"]),
    "truncated file": (truncated, ["corpus.h5"]),
    "file that is no HDF5": (not_hdf5, ["corpus.h5"]),
    "file that cannot be read": (a_directory, ["corpus.h5"]),
    "file that is not there": (no_file, ["corpus.h5"]),
    "missing dataset": (setting(corpus={"embeddings": "/vectors"}), ["corpus.h5", "/vectors", "embeddings"]),
    "k not below the number of vectors": (setting(knn={"k": 899}), ["knn.k", "899"]),
    "k out of range": (setting(knn={"k": 0}), ["knn.k = 0", "1..1024"]),
    "unknown key": (setting(knn={"neighbours": 3}), ["knn.neighbours"]),
    "unknown method": (setting(knn={"method": "magic"}), ["knn.method", "magic"]),
    "faiss factory that is none": (setting(knn={"method": "faiss:nonsense"}), ["nonsense"]),
}


class BadInput(unittest.TestCase):
    def check(self, done, words):
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        for word in words:
            self.assertIn(word, lines[0])

    def check_nothing_half_written(self, directory):
        for folder, _, names in os.walk(directory):
            for name in names:
                self.assertFalse(name.endswith(".part"), os.path.join(folder, name))
        self.assertFalse(os.path.exists(os.path.join(directory, "run", "labels.h5")))

    def test_each_case_is_one_sentence(self):
        for number, (name, (change, words)) in enumerate(CASES.items()):
            with kith.temporary_directory() as directory:
                sections = change(directory, kith.Blobs())
                config = kith.ini(directory, **sections)
                ranks = (3, 2, 1)[number % 3]
                with self.subTest(name, ranks=ranks):
                    self.check(kith.run(["run", "-c", config], ranks), words)
                    self.check_nothing_half_written(directory)

    def test_unreadable_file(self):
        if os.geteuid() == 0:
            self.skipTest("root reads every file")
        with kith.temporary_directory() as directory:
            os.chmod(kith.Blobs().write(os.path.join(directory, "corpus.h5")), 0)
            for ranks in (1, 3):
                self.check(kith.run(["run", "-c", kith.ini(directory)], ranks), ["corpus.h5"])

    def test_more_ranks_than_cells_is_a_warning(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory, cells={"num_cells": 1})
            done = kith.run(["run", "-c", config], 3)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("warning: 2 of 3 ranks", done.stderr)
            alone = os.path.join(directory, "alone")
            self.assertEqual(kith.run(["run", "-c", config, "--run.directory", alone]).returncode, 0)
            self.assertEqual(kith.digest(os.path.join(directory, "run", "labels.h5")),
                             kith.digest(os.path.join(alone, "labels.h5")))

    def test_unknown_key_on_the_command_line(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            done = kith.run(["run", "-c", kith.ini(directory), "--knn.kk", "3"], 3)
            self.check(done, ["knn.kk", "knn.k"])

    def test_long_names_are_cut_and_long_paths_work(self):
        with kith.temporary_directory() as directory:
            kith.Blobs(items=100).write(os.path.join(directory, "corpus.h5"))
            ini = kith.ini(directory)
            long = "y" * 3000
            for option in ("corpus.files=" + long, "corpus.files=" + long + "*", "knn.method=" + long,
                           "run.directory=" + long, "ensemble.prior=" + long, "corpus.gold=" + long):
                done = kith.run(["check", "-c", ini, "--" + option])
                kith.expect_one_sentence(self, done, "yyy...")
                self.assertLess(max(len(line) for line in done.stderr.splitlines() if line.startswith("kith: ")), 700)
            deep = os.path.join(directory, *["z" * 100] * 8)  # Open MPI crashed at 256 bytes
            done = kith.run(["run", "-c", ini, "--run.directory", deep], ranks=2)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_full_disk(self):
        with kith.temporary_directory() as directory:
            small = os.path.join(directory, "small")
            os.mkdir(small)
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "none", small],
                                     capture_output=True, check=False)
            if mounted.returncode != 0:
                self.skipTest("no file system can be mounted here")
            try:
                kith.Blobs().write(os.path.join(directory, "corpus.h5"))
                config = kith.ini(directory, run={"directory": os.path.join(small, "run")})
                self.check(kith.run(["run", "-c", config], 3), [small])
                self.check_nothing_half_written(small)
            finally:
                subprocess.run(["umount", small], check=True)


if __name__ == "__main__":
    unittest.main()
