"""The run directory: what is the user's stays, what is damaged is found, and the corpus's folder may be it."""
import os
import unittest

import h5py

import kith_runner as kith


class RunDirectory(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory(in_memory=True)
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        kith.Blobs().write(os.path.join(self.directory, "corpus.h5"))

    def kith(self, *arguments, ranks=1, status=0):
        done = kith.run([*arguments, "-c", self.config], ranks)
        self.assertEqual(done.returncode, status, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
        self.assertEqual(len(said), status, done.stderr)
        return said[0] if said else done.stderr

    def path(self, name):
        return os.path.join(self.directory, name)

    def change(self, name, dataset, value):
        with h5py.File(self.path(name), "r+") as file:
            file[dataset][5] = value

    def test_in_the_folder_of_the_corpus(self):
        self.config = kith.ini(self.directory, run={"directory": self.directory},
                               corpus={"files": self.path("*.h5")})
        self.kith("run", ranks=2)
        before = kith.digest(self.path("labels.h5")), kith.digest(self.path("report.json"))

        # What the run has left there matches the glob now.
        again = self.kith("run", ranks=3)
        self.assertIn("left_out=6", again)
        self.assertEqual(again.count("state=done_before"), 10)

        self.change("labels.h5", "label", 2)
        changed = kith.digest(self.path("labels.h5"))
        with open(self.path("gold.csv"), "w", encoding="utf-8") as file:
            file.write("row,label\n30,ant\n")
        self.assertIn('labels.h5 reason="has other bytes"', self.kith("eval", "--gold", self.path("gold.csv"), status=1))
        self.change("graph/knn-00000.h5", "neighbors", 4_000_000_000)
        again = self.kith("run", ranks=2)
        self.assertIn('stage=knn state=incomplete file=graph/knn-00000.h5 reason="has other bytes"', again)
        self.assertIn('stage=ensemble state=incomplete file=labels.h5 reason="has other bytes"', again)
        self.assertEqual(again.count("state=done_before"), 8)
        self.assertEqual((kith.digest(self.path("labels.h5")), kith.digest(self.path("report.json"))), before)
        self.assertEqual(kith.digest(self.path("labels.h5.changed")), changed)  # it may be the user's work

        # A stage that is done again for another reason does not write over it either.
        with open(self.path("report.html"), "a", encoding="utf-8") as file:
            file.write("my notes")
        again = self.kith("run", "--qa.review_items", "9")
        self.assertIn("kept as report.html.changed", again)
        with open(self.path("report.html.changed"), encoding="utf-8") as file:
            self.assertTrue(file.read().endswith("my notes"))

        said = self.kith("export", "--graph", self.path("labels.h5"), status=1)
        self.assertIn("labels.h5: is there already", said)
        said = self.kith("review", "export", "--audit", "9", "--file", self.path("corpus.h5"), status=1)
        self.assertIn("corpus.h5: is there already", said)

    def test_files_of_the_user_stay(self):
        self.config = kith.ini(self.directory)
        os.makedirs(self.path("run"))
        for name in ("labels.h5", "report.html.part"):
            with open(self.path("run/" + name), "w", encoding="utf-8") as file:
                file.write("mine")
        self.assertIn("run/labels.h5: kith would write over this file", self.kith("run", status=1))
        self.assertEqual(sorted(os.listdir(self.path("run"))), ["labels.h5", "report.html.part"])
        with open(self.path("run/labels.h5"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")


if __name__ == "__main__":
    unittest.main()
