"""What is done is not done again, and a run made in parts has the bytes of one made at once."""
import os
import unittest

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
                    (["--corpus.gold", ""], ["check", "propagate", "ensemble", "qa"]),
                    (["--graph.symmetrize", "mutual"], ["graph", "propagate", "ensemble", "qa"])]:
                options += option
                done = kith.run(["run", "-c", config, *options], 2)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(stages_done(done), expected)
            resumed = digests(directory)
            os.rename(os.path.join(directory, "run"), os.path.join(directory, "before"))
            self.assertEqual(kith.run(["run", "-c", config, *options], 1).returncode, 0)
            self.assertEqual(digests(directory), resumed)

    def test_stage_by_stage_equals_one_run(self):
        with kith.temporary_directory() as directory:
            kith.Blobs().write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory)
            self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
            expected = digests(directory)
            os.rename(os.path.join(directory, "run"), os.path.join(directory, "whole"))
            stages = ["check", "cells", "knn", "graph", "propagate", "ensemble", "qa"]
            for number, stage in enumerate(stages):
                done = kith.run([stage, "-c", config], 1 + number % 3)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(stages_done(done), [stage])
            self.assertEqual(digests(directory), expected)


if __name__ == "__main__":
    unittest.main()
