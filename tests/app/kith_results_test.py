"""scripts/kith_results.py: what it gives is what the run's files and other commands say, and damage is one sentence."""
import importlib.util
import json
import os
import shutil
import sys
import unittest

import h5py
import numpy

import kith_runner as kith

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import kith_results  # noqa: E402
from kith_results import ACCEPTED, Run, RunError  # noqa: E402


def has(module):
    return importlib.util.find_spec(module) is not None


class KithResults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = kith.temporary_directory()
        cls.addClassCleanup(holder.cleanup)
        cls.directory = holder.name
        cls.blobs = kith.Blobs()
        cls.blobs.write(cls.path("corpus.h5"))
        cls.config = kith.ini(cls.directory, corpus={"metric": "cosine"})
        cls.kith("run", ranks=2)
        cls.run_directory = cls.path("run")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    @classmethod
    def kith(cls, *arguments, ranks=1, status=0):
        done = kith.run([*arguments, "-c", cls.config], ranks)
        if done.returncode != status:
            raise AssertionError(done.stderr)

    def run_beside(self, name, command, **sections):
        """Another run of the corpus; returns its directory."""
        os.mkdir(self.path(name))
        config = kith.ini(self.path(name), corpus={"files": self.path("corpus.h5")}, **sections)
        done = kith.run([command, "-c", config])
        self.assertEqual(done.returncode, 0, done.stderr)
        return os.path.join(self.path(name), "run")

    def copy(self):
        """A run directory to damage."""
        folder = os.path.join(self.directory, self.id())
        shutil.copytree(self.run_directory, folder)
        return folder

    def expect_sentence(self, words, function, *arguments):
        with self.assertRaises(RunError) as caught:
            function(*arguments)
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_labels_by_column_row_and_status(self):
        run = Run(self.run_directory)
        self.assertEqual((run.classes, len(run)), (kith.NAMES, 900))
        with h5py.File(os.path.join(self.run_directory, "labels.h5")) as file:
            label, status = file["label"][...], file["status"][...]
            votes = file["votes"][...]
        numpy.testing.assert_array_equal(run.column("label"), label)
        numpy.testing.assert_array_equal(run.column("label", slice(100, 200)), label[100:200])
        rows = numpy.array([899, 3, 450, 3])
        numpy.testing.assert_array_equal(run.column("votes", rows), votes[rows])
        numpy.testing.assert_array_equal(run.column("votes", label == 2), votes[label == 2])
        wanted = [number for number, name in enumerate(run.statuses) if name in ACCEPTED]
        table = run.table(["label", "votes"], status=ACCEPTED)
        numpy.testing.assert_array_equal(table["row"], numpy.flatnonzero(numpy.isin(status, wanted)))
        numpy.testing.assert_array_equal(table["votes." + run.members[1]], votes[table["row"], 1])
        parts = list(run.tables(["label"], status=ACCEPTED, block=128))
        numpy.testing.assert_array_equal(numpy.concatenate([part["row"] for part in parts]), table["row"])
        numpy.testing.assert_array_equal(numpy.concatenate([part["label"] for part in parts]), table["label"])
        seeds = run.table(["label"], rows=slice(0, 450), status="seed")
        numpy.testing.assert_array_equal(seeds["row"], numpy.flatnonzero(self.blobs.labels[:450] >= 0))
        self.assertEqual(len(run.table(["label"], rows=[])["label"]), 0)

    def test_rows_in_any_order_across_blocks(self):
        rows = numpy.random.RandomState(3).randint(0, 900, 500)
        block, kith_results.BLOCK = kith_results.BLOCK, 7
        self.addCleanup(setattr, kith_results, "BLOCK", block)
        numpy.testing.assert_array_equal(Run(self.run_directory).column("best", rows), Run(self.run_directory).column("best")[rows])

    def test_graph_is_that_of_the_export(self):
        run = Run(self.run_directory)
        self.kith("export", "--graph", self.path("graph.h5"))
        neighbors, distances = run.neighbors()
        graph, affinity = run.graph(), run.graph(self.path("graph.h5"))
        with h5py.File(self.path("graph.h5")) as file:
            numpy.testing.assert_array_equal(neighbors, file["neighbors"][...])
            numpy.testing.assert_array_equal(distances, file["distances"][...])
            self.assertEqual(affinity.nnz, len(file["affinity/data"]))
        self.assertEqual(abs(affinity - affinity.T).max(), 0)
        self.assertEqual(graph.nnz, neighbors.size)
        unit = self.blobs.vectors / numpy.linalg.norm(self.blobs.vectors, axis=1, keepdims=True)
        of_vectors = numpy.linalg.norm(unit[:, None] - unit[neighbors], axis=2)
        numpy.testing.assert_allclose(distances, of_vectors, atol=1e-5)
        self.assertAlmostEqual(graph[17, neighbors[17, 4]], distances[17, 4])
        numpy.testing.assert_array_equal(neighbors[450], neighbors[3])  # one vector
        numpy.testing.assert_array_equal(run.umap_knn()[0], numpy.hstack([numpy.arange(900)[:, None], neighbors]))

    def expect_members(self, run):
        """The program's own measures of the members' probabilities: votes, and the entropy of their mean."""
        votes, total = run.table(["votes"]), 0
        for member in run.members:
            probabilities = run.member_probabilities(member)
            numpy.testing.assert_array_equal(probabilities.argmax(axis=1), votes["votes." + member])
            rows = numpy.array([5, 450, 2])
            numpy.testing.assert_array_equal(run.member_probabilities(member, rows), probabilities[rows])
            total = total + probabilities / len(run.members)
        entropy = -(total * numpy.log(total)).sum(axis=1)
        numpy.testing.assert_allclose(entropy, run.column("consensus_entropy"), atol=1e-5)

    def test_members_and_heads(self):
        run = Run(self.run_directory)
        self.expect_members(run)
        with h5py.File(os.path.join(self.run_directory, "cells/cells.h5")) as file:
            rows = file["rows"][...]
        with h5py.File(os.path.join(self.run_directory, "heads.h5")) as file:
            for name in file["models"]:
                numpy.testing.assert_allclose(run.head(name).probabilities(self.blobs.vectors[rows]),
                                              file[f"members/{name}/scores"][...], atol=1e-4)
        self.assertEqual(run.head("lda", "fold0").weights.shape, (4, 12))
        self.expect_sentence("stores no scores of none", run.member_probabilities, "none")
        self.expect_sentence("has no weights of none/all", run.head, "none")

    def test_report_and_confusion(self):
        run = Run(self.run_directory)
        with open(os.path.join(self.run_directory, "report.json"), encoding="utf-8") as file:
            self.assertEqual(run.report, json.load(file))
        counts = kith_results.confusion(self.blobs.gold, run.column("label"), len(run.classes))
        numpy.testing.assert_array_equal(counts, run.qa("confusion/gold"))
        self.assertEqual(len(run.qa("balance/undersample")), 900)

    def test_rows_that_keep_the_largest_labels(self):
        """Scores of two labels a row: the others have an equal share of the rest."""
        members = {"member.a": {"method": "spreading"}, "member.b": {"method": "lda"}}
        self.expect_members(Run(self.run_beside("top", "run", ensemble={"top_labels": 2}, **members)))

    def test_unfinished_and_damaged_runs_are_one_sentence(self):
        self.expect_sentence("is no run directory", Run, self.directory)
        folder = self.copy()
        self.expect_sentence("has no column colour", Run(folder).column, "colour")
        self.expect_sentence("expected some of the statuses auto, seed", Run(folder).table, None, None, "good")
        self.expect_sentence("has the rows 0 to 899", Run(folder).column, "label", [900])
        os.truncate(os.path.join(folder, "report.json"), 999)
        self.expect_sentence("report.json: is damaged: it has 999 bytes", lambda: Run(folder).report)
        os.remove(os.path.join(folder, "graph/knn-00000.h5"))
        self.expect_sentence("knn-00000.h5: is damaged: it is gone", Run(folder).graph)
        size = os.path.getsize(os.path.join(folder, "labels.h5"))
        with open(os.path.join(folder, "labels.h5"), "wb") as file:
            file.write(b"no" * (size // 2))
        self.expect_sentence("labels.h5: is damaged: ", Run, folder)
        manifest = os.path.join(folder, "manifest.json")
        with open(manifest, encoding="utf-8") as file:
            document = json.load(file)
        document["stages"]["knn"]["fingerprint"] = "of other settings"
        self.write(manifest, json.dumps(document))
        self.expect_sentence("the stage knn was begun again since", Run, folder)
        self.write(manifest, "{")
        self.expect_sentence("manifest.json: is damaged", Run, folder)

    def test_a_run_up_to_the_graph(self):
        folder = self.run_beside("begun", "graph")
        self.expect_sentence("labels.h5: the run has not made it; stages that are done: check, cells, knn, graph", Run, folder)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    @unittest.skipUnless(has("pandas"), "pandas is not installed (Debian: python3-pandas)")
    def test_pandas(self):
        run = Run(self.run_directory)
        frame = run.frame(["label", "probability", "status"], status="review")
        self.assertEqual(set(frame["status"]), {"review"})
        codes = run.column("label", frame.index.to_numpy())
        self.assertEqual(list(frame["label"]), [kith.NAMES[code] for code in codes])

    @unittest.skipUnless(has("pyarrow"), "pyarrow is not installed (no Debian package; python3 -m pip install pyarrow)")
    def test_arrow(self):
        run = Run(self.run_directory)
        table = run.arrow(["label", "probability"])
        self.assertEqual(table["label"].to_pylist(), [kith.NAMES[c] if c >= 0 else None for c in run.column("label")])


if __name__ == "__main__":
    unittest.main()
