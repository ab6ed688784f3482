"""FAISS factory strings of knn.method: what FAISS cannot build is said before anything is computed, however FAISS ends."""
import os
import subprocess
import unittest

import kith_runner as kith


class Factories(unittest.TestCase):
    def test_are_tried_first(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            for factory, command, ranks, words in (
                    ("nonsense", "check", 1, "FAISS says: "),
                    ("IVF0,Flat", "check", 3, "FAISS crashes on random vectors: "),
                    ("HNSW0", "run", 2, "FAISS crashes on random vectors: "),
                    ("IVF400,Flat", "run", 3, "FAISS says: ")):  # more cells than a rank has vectors
                with self.subTest(factory):
                    done = kith.run([command, "-c", config, "--knn.method", f"faiss:{factory}"], ranks)
                    kith.expect_one_sentence(self, done, f"kith: knn.method = faiss:{factory}: {words}")
                    self.assertNotIn("stage=check", done.stderr)
                    self.assertFalse(os.path.exists(os.path.join(directory, "run", "cells")))
            done = kith.run(["knn", "-c", config, "--knn.method", "faiss:IVF4,Flat"], 2)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_may_need_more_vectors_than_are_tried(self):
        for num_vectors, status in (("5000", 0), ("1000", 1)):
            done = subprocess.run([kith.KITH, "try-faiss", "IVF4096,Flat", "4", "l2", num_vectors, "5"],
                                  env=kith.environment(1), capture_output=True, check=False)
            self.assertEqual(done.returncode, status, done.stdout)


if __name__ == "__main__":
    unittest.main()
