"""kill -9 at any moment of a run, of one rank, of all or of mpirun, a signal to stop, and a full disk: nothing is lost."""
import os
import shutil
import signal
import subprocess
import time
import unittest

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json", "propagation.h5"]
STAGES = ["check", "cells", "knn", "graph", "propagate", "ensemble", "qa"]
KILLS = 30
STOPPED = 75


def digests(run):
    return {name: kith.digest(os.path.join(run, name)) for name in RESULTS}


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One corpus and its undisturbed run for all tests."""
        cls.holder = kith.temporary_directory(in_memory=True)
        cls.addClassCleanup(cls.holder.cleanup)
        cls.directory = cls.holder.name
        kith.Blobs(items=6000).write(os.path.join(cls.directory, "corpus.h5"))
        cls.config = kith.ini(cls.directory, run={"snapshot_minutes": 0},
                              knn={"k": 10, "refine_rounds": 3, "recall_sample": 1000},
                              **{"member.one": {"method": "harmonic", "max_sweeps": 60},
                                 "member.two": {"method": "poisson"}})
        cls.run_directory = os.path.join(cls.directory, "run")
        done = kith.run(["run", "-c", cls.config], 2)
        assert done.returncode == 0, done.stderr
        cls.expected = digests(cls.run_directory)
        shutil.rmtree(cls.run_directory)

    def tearDown(self):
        shutil.rmtree(self.run_directory, ignore_errors=True)

    def start(self, ranks, log):
        with open(log, "w", encoding="utf-8") as file:
            return subprocess.Popen(kith.command(ranks, ["run", "-c", self.config]), env=kith.environment(1),
                                    stdout=subprocess.DEVNULL, stderr=file, start_new_session=True)

    def read(self, log):
        with open(log, encoding="utf-8") as file:
            return file.read()

    def wait_for(self, text, process, log):
        end = time.monotonic() + 60
        while text not in self.read(log) and process.poll() is None:
            self.assertLess(time.monotonic(), end, self.read(log))
            time.sleep(0.001)

    def at_work(self, log):
        """The stage that a run is in, by what it says is done."""
        done = self.read(log)
        return next((stage for stage in STAGES if f"stage={stage} state=done" not in done), None)

    def kill_in(self, stage, victim, delay_s, ranks):
        """Starts a run, ends it in a stage; returns the stage that it was in, and its log."""
        log = os.path.join(self.directory, "log")
        process = self.start(ranks, log)
        self.wait_for("directory=", process, log)
        pids = kith.ranks_of(process)
        before = STAGES.index(stage)
        if before > 0:
            self.wait_for(f"stage={STAGES[before - 1]} state=done", process, log)
        time.sleep(delay_s)
        hit = self.at_work(log)
        number = signal.SIGTERM if victim == "stop" else signal.SIGKILL
        for pid in {"one": pids[-1:], "stop": pids[-1:], "all": pids, "mpirun": [process.pid]}[victim]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        process.wait(timeout=60)
        # All that is left of the job goes, as a batch system sees to.
        end = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{pid}") for pid in pids) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse([pid for pid in pids if os.path.exists(f"/proc/{pid}")], "a rank outlives its job")
        said = [line for line in self.read(log).splitlines() if line.startswith("kith: ")]
        if victim == "stop":
            self.assertIn(process.returncode, (0, STOPPED), self.read(log))
            self.assertEqual(len(said), 1 if process.returncode == STOPPED else 0, said)
        else:
            self.assertEqual(said, [])
        return (hit if process.returncode != 0 else None), self.read(log)

    def finish(self, ranks):
        """To the end; the bytes are those of the undisturbed run, and nothing lies about."""
        end = kith.run(["run", "-c", self.config], ranks)
        self.assertEqual(end.returncode, 0, end.stderr)
        self.assertEqual(digests(self.run_directory), self.expected)
        left = [name for _, _, names in os.walk(self.run_directory) for name in names
                if name.endswith(".part") or ".0.h5" in name or ".1.h5" in name]
        self.assertEqual(left, [])
        shutil.rmtree(self.run_directory)
        return end.stderr

    def test_thirty_moments(self):
        hits = dict.fromkeys(STAGES, 0)
        logs = ""
        kills = 0
        cycle = 0
        # Each cycle goes once through the stages and is killed in each of them, later in every cycle.
        while kills < KILLS or 0 in hits.values():
            self.assertLess(cycle, 10, hits)
            for place, stage in enumerate(STAGES):
                victim = ("one", "all", "mpirun", "stop")[(place + cycle) % 4]
                hit, log = self.kill_in(stage, victim, 0.004 * (cycle % 5) ** 2, 1 + (place + cycle) % 3)
                logs += log
                kills += 1
                if hit:
                    hits[hit] += 1
                if kills >= KILLS and 0 not in hits.values():
                    break
            logs += self.finish(1 + cycle % 3)
            cycle += 1
        for stage in ("knn", "propagate"):
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
