"""kill -9 at many moments of a run, of one rank, of all or of mpirun, a signal to stop, and a full disk: nothing is lost."""
import os
import shutil
import signal
import subprocess
import unittest

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json", "propagation.h5"]
STAGES = ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa"]
STOPPED = 75

# Where rank 0 stands still, the others being wherever they are, and who is ended then. Each start goes on from the one before.
MOMENTS = [("directory=", "mpirun"), ("check.json", "all"), ("stage=check state=done", "one"),
           ("/cells.1.h5", "all"), ("/cells.0.h5", "stop"), ("/cells/cells.h5", "mpirun"),
           ("stage=cells state=done", "one"), ("/knn.1.h5", "stop"), ("/knn.0.h5", "all"),
           ("/graph/knn-00000.h5", "one"), ("stage=knn state=done", "mpirun"), ("/graph/graph.json", "all"),
           ("/propagate.1.h5", "one"), ("/propagate.0.h5", "stop"),
           ("stage=propagate tasks=", "mpirun"), ("/propagation.h5", "all"), ("/labels.h5", "one"),
           ("/qa.h5", "all"), ("/report.json", "all"), ("stage=qa state=done", "all")]


def digests(run):
    return {name: kith.digest(os.path.join(run, name)) for name in RESULTS}


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One corpus and its undisturbed run for all tests."""
        cls.holder = kith.temporary_directory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.directory = cls.holder.name
        kith.Blobs(items=1500).write(os.path.join(cls.directory, "corpus.h5"))
        cls.config = kith.ini(cls.directory, run={"snapshot_minutes": 0},
                              knn={"k": 10, "refine_rounds": 3, "recall_sample": 300},
                              **{"member.one": {"method": "harmonic", "max_sweeps": 60},
                                 "member.two": {"method": "poisson"}})
        cls.run_directory = os.path.join(cls.directory, "run")
        done = kith.run(["run", "-c", cls.config], 2)
        assert done.returncode == 0, done.stderr
        cls.expected = digests(cls.run_directory)
        shutil.rmtree(cls.run_directory)

    def tearDown(self):
        shutil.rmtree(self.run_directory, ignore_errors=True)

    def end_at(self, moment, victim, ranks):
        """Starts a run and ends it at a moment; returns its log."""
        log = os.path.join(self.directory, "log")
        process, pids, paused = kith.start_until(moment, ["run", "-c", self.config], ranks, log)
        number = signal.SIGTERM if victim == "stop" else signal.SIGKILL
        kith.send(number, {"one": pids[-1:], "stop": pids[-1:], "all": pids, "mpirun": [process.pid]}[victim])
        if victim == "mpirun":  # rank 0 stays behind, or it could end the run before it hears of it
            kith.wait_until(lambda: kith.all_gone([pid for pid in pids if pid != paused]), "the end of the others")
        kith.send(signal.SIGCONT, [paused])
        process.wait(timeout=kith.PATIENCE_S)
        kith.wait_until(lambda: kith.all_gone(pids), "the end of all ranks")
        with open(log, encoding="utf-8") as file:
            text = file.read()
        said = [line for line in text.splitlines() if line.startswith("kith: ")]
        self.assertEqual(len(said), 1 if victim == "stop" else 0, text)
        self.assertEqual(process.returncode == STOPPED, victim == "stop", text)
        return text

    def test_many_moments(self):
        logs = ""
        for number, (moment, victim) in enumerate(MOMENTS):
            logs += self.end_at(moment, victim, 1 + number % 3)
        done = kith.run(["run", "-c", self.config], 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(digests(self.run_directory), self.expected)
        left = [name for _, _, names in os.walk(self.run_directory) for name in names
                if name.endswith(".part") or ".0.h5" in name or ".1.h5" in name]
        self.assertEqual(left, [])
        for stage in ("cells", "knn", "propagate"):
            self.assertIn(f"stage={stage} state=resumed", logs)

    def test_full_disk(self):
        """A file system that is full at each stage in turn: one sentence; with more room the run goes on."""
        os.mkdir(self.run_directory)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", self.run_directory],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        try:
            ballast = os.path.join(self.run_directory, "ballast")
            for number, stage in enumerate(STAGES):
                # Files of these two stages are smaller than what the manifest needs: no room for that either.
                room = 0 if stage in ("check", "graph") else 48 << 10
                self.fill(ballast, room)
                failed = kith.run(["run", "-c", self.config], 1 + number % 3)
                self.assertEqual(failed.returncode, 1, failed.stderr)
                said = [line for line in failed.stderr.splitlines() if line.startswith("kith: ")]
                self.assertEqual(len(said), 1, failed.stderr)
                self.assertIn(self.run_directory, said[0])
                self.assertTrue("No space left" in said[0] or "free" in said[0], said[0])
                self.assertNotIn(f"stage={stage} state=done", failed.stderr)
                os.remove(ballast)
                done = kith.run([stage, "-c", self.config], 1 + (number + 1) % 3)
                self.assertEqual(done.returncode, 0, done.stderr)
                if number > 0:
                    self.assertIn(f"stage={STAGES[number - 1]} state=done_before", done.stderr)
            self.assertEqual(digests(self.run_directory), self.expected)
        finally:
            subprocess.run(["umount", self.run_directory], check=True)

    def fill(self, ballast, room):
        """Leaves so many bytes."""
        state = os.statvfs(self.run_directory)
        with open(ballast, "wb") as file:
            try:
                file.write(b"x" * (state.f_bavail * state.f_bsize - room))
            except OSError:
                pass


if __name__ == "__main__":
    unittest.main()
