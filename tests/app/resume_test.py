"""What is done is not done again, and a run that was killed goes on to the same bytes."""
import os
import signal
import subprocess
import time
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
            for option, expected in [
                    (["--qa.review_items", "7"], ["qa"]),
                    (["--ensemble.auto_probability", "0.8"], ["ensemble", "qa"]),
                    (["--corpus.gold", ""], ["check", "propagate", "ensemble", "qa"]),
                    (["--graph.symmetrize", "mutual"], ["graph", "propagate", "ensemble", "qa"])]:
                done = kith.run(["run", "-c", config, *option], 3)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(stages_done(done), expected)
                resumed = digests(directory)
                os.rename(os.path.join(directory, "run"), os.path.join(directory, f"before_{expected[0]}"))
                self.assertEqual(kith.run(["run", "-c", config, *option], 1).returncode, 0)
                self.assertEqual(digests(directory), resumed, option)
                self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)

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

    def test_killed_at_any_moment(self):
        with kith.temporary_directory() as directory:
            kith.Blobs(items=4000).write(os.path.join(directory, "corpus.h5"))
            config = kith.ini(directory, knn={"method": "exact", "recall_sample": 3000})
            start = time.monotonic()
            self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
            whole_s = time.monotonic() - start
            expected = digests(directory)
            os.rename(os.path.join(directory, "run"), os.path.join(directory, "whole"))
            for moment in (0.4, 0.6, 0.7, 0.8, 0.9):
                process = subprocess.Popen(kith.command(2, ["run", "-c", config]), env=kith.environment(1),
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           start_new_session=True)
                time.sleep(moment * whole_s)
                # mpirun starts its ranks in the same session: all are gone at once.
                for child in kith.children_of(process.pid) + [process.pid]:
                    try:
                        os.kill(child, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                process.wait()
            done = kith.run(["run", "-c", config], 3)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(digests(directory), expected)


if __name__ == "__main__":
    unittest.main()
