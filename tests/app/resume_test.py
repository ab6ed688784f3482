"""What is done is not done again, and a run made in parts has the bytes of one made at once."""
import os
import tempfile
import unittest

import h5py
import numpy

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json"]


def digests(directory):
    return {name: kith.digest(os.path.join(directory, "run", name)) for name in RESULTS}


def stages_done(done):
    return [line.split()[0].removeprefix("stage=") for line in done.stderr.splitlines()
            if line.startswith("stage=") and " state=done " in line + " "]


class Resume(unittest.TestCase):
    def test_second_run_does_nothing(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            first = kith.run(["run", "-c", config], 2)
            before = digests(directory)

            second = kith.run(["run", "-c", config], 3)

            self.assertEqual(first.returncode, 0, first.stderr)
            self.assertEqual(second.returncode, 0, second.stderr)
            self.assertEqual(stages_done(second), [])
            self.assertEqual(digests(directory), before)
            self.assertEqual(second.stdout, first.stdout)

    def test_a_changed_option_redoes_what_depends_on_it(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
            options = []
            for option, expected in [
                    (["--qa.review_items", "7"], ["qa"]),
                    (["--ensemble.auto_probability", "0.8"], ["ensemble", "qa"]),
                    (["--corpus.gold", ""], ["qa"]),
                    (["--graph.symmetrize", "mutual"], ["graph", "propagate", "ensemble", "qa"])]:
                options += option
                done = kith.run(["run", "-c", config, *options], 2)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(stages_done(done), expected)
            resumed = digests(directory)
            os.rename(os.path.join(directory, "run"), os.path.join(directory, "before"))
            self.assertEqual(kith.run(["run", "-c", config, *options], 1).returncode, 0)
            self.assertEqual(digests(directory), resumed)

    def test_only_what_reads_a_change_is_done_again(self):
        with kith.temporary_directory() as directory:
            corpus = kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)

            def stages_of(*options, reasons=()):
                done = kith.run(["run", "-c", config, *options], 2)
                self.assertEqual(done.returncode, 0, done.stderr)
                for reason in reasons:
                    self.assertIn(f'reason="{reason}"', done.stderr)
                return stages_done(done)

            def change(dataset, edit):
                with h5py.File(corpus, "a") as file:
                    values = file[dataset][()]
                    edit(values)
                    file[dataset][...] = values

            stages_of()
            with h5py.File(corpus, "a") as file:
                file["note"] = "a column that nobody reads"
            self.assertEqual(stages_of(), [], "a new column")
            os.utime(corpus)
            self.assertEqual(stages_of(), [], "a touch")

            renamed = os.path.join(os.fsencode(directory), b"oth\xe9r.h5")  # no UTF-8
            os.rename(corpus, renamed)
            self.assertEqual(stages_of("--corpus.files", os.path.join(directory, "oth*.h5")), [], "another name")
            os.rename(renamed, corpus)

            kith.write_groups(corpus, "site", numpy.arange(900) % 3)
            slices = ("--corpus.slices", "/site")
            self.assertEqual(stages_of(*slices, reasons=["other slices"]), ["qa"])
            change("gold", lambda gold: gold.__setitem__(slice(10, 20), -1))
            self.assertEqual(stages_of(*slices, reasons=["other gold"]), ["qa"])
            change("site", lambda site: site.__setitem__(5, 0))
            self.assertEqual(stages_of(*slices), ["qa"])
            with h5py.File(corpus, "a") as file:
                gold = file["gold"][()]
                del file["gold"]
                file.create_dataset("gold", data=gold, chunks=(100,), compression="gzip")
            self.assertEqual(stages_of(*slices), [], "stored in another way")

            change("labels", lambda labels: labels.__setitem__(numpy.flatnonzero(labels == 1)[0], -1))
            self.assertEqual(stages_of(*slices, reasons=["other seeds", "other seeds; heads, propagate done again"]),
                             ["check", "heads", "propagate", "ensemble", "qa"])
            change("embeddings", lambda vectors: vectors.__setitem__((7, 0), vectors[7, 0] + 1))
            self.assertEqual(stages_of(*slices, reasons=["other embeddings", "other embeddings; cells done again"]),
                             ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa"])

            # The corpus and its run in another place.
            with tempfile.TemporaryDirectory(dir=directory) as place:
                for name in ("corpus.h5", "run"):
                    os.rename(os.path.join(directory, name), os.path.join(place, name))
                config = kith.ini(place)
                self.assertEqual(stages_of(*slices), [], "a move")

    def test_stage_by_stage_equals_one_run(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
            expected = digests(directory)
            os.rename(os.path.join(directory, "run"), os.path.join(directory, "whole"))
            stages = ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa"]
            for number, stage in enumerate(stages):
                done = kith.run([stage, "-c", config], 1 + number % 3)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(stages_done(done), [stage])
            self.assertEqual(digests(directory), expected)


if __name__ == "__main__":
    unittest.main()
