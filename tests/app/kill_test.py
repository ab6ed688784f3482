"""kill -9 at any moment of a run, of one rank, of all or of mpirun, and a full disk at any moment: nothing is lost."""
import os
import signal
import subprocess
import time
import unittest

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json", "propagation.h5"]
KILLS = 30


def digests(directory):
    return {name: kith.digest(os.path.join(directory, "run", name)) for name in RESULTS}


class Kill(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        kith.Blobs(items=6000).write(os.path.join(self.directory, "corpus.h5"))

    def configure(self, **sections):
        return kith.ini(self.directory, run={"snapshot_minutes": 0, **sections},
                        knn={"k": 10, "refine_rounds": 3, "recall_sample": 1000},
                        **{"member.one": {"method": "harmonic", "max_sweeps": 60},
                           "member.two": {"method": "poisson"}})

    def kill(self, process, victim):
        """The moment's victims; all that is left of the job goes afterwards, as a batch system sees to."""
        ranks = kith.ranks_of(process)
        for pid in {"one": ranks[-1:], "all": ranks, "mpirun": [process.pid]}[victim]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait(timeout=60)
        end = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{pid}") for pid in ranks) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse([pid for pid in ranks if os.path.exists(f"/proc/{pid}")], "a rank outlives its job")

    def test_thirty_moments(self):
        config = self.configure()
        self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
        expected = digests(self.directory)
        os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, "whole"))
        # Each run is killed a little later than the one before, so that all stages meet the knife.
        done = 0
        number = 0
        wait_s = 0.25
        rounds = 0
        while number < KILLS:
            ranks = 1 + number % 3
            process = subprocess.Popen(kith.command(ranks, ["run", "-c", config]), env=kith.environment(1),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                       start_new_session=True)
            try:
                process.wait(timeout=wait_s)
            except subprocess.TimeoutExpired:
                self.kill(process, ("one", "all", "mpirun")[number % 3])
                number += 1
                wait_s += 0.02
            error = process.stderr.read()
            process.stderr.close()
            for line in error.splitlines():
                self.assertFalse(line.startswith("kith: "), error)
            if process.returncode == 0:
                self.assertEqual(digests(self.directory), expected)
                done += 1
                os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, f"done_{done}"))
                wait_s = 0.25 + 0.1 * (done % 4)
            rounds += 1
            self.assertLess(rounds, 4 * KILLS)
        end = kith.run(["run", "-c", config], 3)
        self.assertEqual(end.returncode, 0, end.stderr)
        self.assertEqual(digests(self.directory), expected)
        left = [name for _, _, names in os.walk(os.path.join(self.directory, "run")) for name in names
                if name.endswith(".part")]
        self.assertEqual(left, [])

    def test_full_disk(self):
        """A file system too small for each stage in turn: one sentence; with more room the run goes on."""
        config = self.configure()
        self.assertEqual(kith.run(["run", "-c", config], 2).returncode, 0)
        expected = digests(self.directory)
        os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, "whole"))
        run = os.path.join(self.directory, "run")
        os.mkdir(run)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", run], capture_output=True,
                                 check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        try:
            failures = 0
            stages = set()
            size = 64
            while True:
                done = kith.run(["run", "-c", config], 1 + failures % 3)
                if done.returncode == 0:
                    break
                failures += 1
                self.assertEqual(done.returncode, 1, done.stderr)
                said = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
                self.assertEqual(len(said), 1, done.stderr)
                self.assertIn(run, said[0])
                self.assertTrue("No space left" in said[0] or "free" in said[0], said[0])
                stages.add(tuple(line for line in done.stderr.splitlines() if " state=done_before" in line))
                size = int(size * 1.35)
                self.assertLess(size, 1 << 20)
                subprocess.run(["mount", "-o", f"remount,size={size}k", run], check=True)
            self.assertGreaterEqual(len(stages), 3)  # it failed in several stages
            self.assertEqual(digests(self.directory), expected)
        finally:
            subprocess.run(["umount", run], check=True)


if __name__ == "__main__":
    unittest.main()
