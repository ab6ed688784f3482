"""A signal to one rank makes all save what is done and leave with status 75; the next run goes on to the same bytes."""
import os
import shutil
import signal
import subprocess
import time
import unittest

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json"]
STOPPED = 75


def digests(directory):
    return {name: kith.digest(os.path.join(directory, "run", name)) for name in RESULTS}


def start(config, ranks, log):
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.Popen(kith.command(ranks, ["run", "-c", config]), env=kith.environment(1),
                                stdout=subprocess.DEVNULL, stderr=file, start_new_session=True)


class Stop(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        self.log = os.path.join(self.directory, "log")
        kith.Blobs(items=6000).write(os.path.join(self.directory, "corpus.h5"))
        self.config = kith.ini(self.directory, knn={"method": "exact", "recall_sample": 3000},
                               **{"member.slow": {"method": "harmonic", "max_sweeps": 20000, "tolerance": "1e-12"}})

    def read_log(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def wait_for(self, text, process):
        end = time.monotonic() + 60
        while text not in self.read_log():
            self.assertLess(time.monotonic(), end, self.read_log())
            self.assertIsNone(process.poll(), self.read_log())
            time.sleep(0.01)

    def signal_after(self, text, number, which):
        """Starts three ranks, waits until the log says `text`, signals one rank or mpirun; the status."""
        process = start(self.config, 3, self.log)
        self.wait_for(text, process)
        ranks = kith.ranks_of(process)
        os.kill(process.pid if which is None else ranks[which], number)
        begin = time.monotonic()
        status = process.wait(timeout=60)
        self.assertLess(time.monotonic() - begin, 30)
        return status

    def test_each_signal_at_each_place(self):
        self.assertEqual(kith.run(["run", "-c", self.config], 2).returncode, 0)
        expected = digests(self.directory)
        os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, "whole"))
        # Each from the beginning: what one signal leaves undone may be too short for the next to come in time.
        # "done " is not "done_before".
        for text, number, which in [("directory=", signal.SIGTERM, 1),
                                    ("stage=cells state=done ", signal.SIGUSR1, 2),
                                    ("stage=knn state=done ", signal.SIGUSR1, None),
                                    ("stage=graph state=done ", signal.SIGTERM, 0)]:
            status = self.signal_after(text, number, which)
            self.assertEqual(status, STOPPED, self.read_log())
            said = [line for line in self.read_log().splitlines() if line.startswith("kith: ")]
            self.assertEqual(len(said), 1, said)
            self.assertIn("goes on", said[0])
            for folder, _, names in os.walk(os.path.join(self.directory, "run")):
                self.assertEqual([name for name in names if name.endswith(".part")], [], folder)
            done = kith.run(["run", "-c", self.config], 2)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(digests(self.directory), expected, text)
            shutil.rmtree(os.path.join(self.directory, "run"))

    def test_between_graphs_and_in_every_solver(self):
        """Members on two graphs, by every engine: stopped in the first and in the second, the next run goes on there."""
        self.config = kith.ini(self.directory, knn={"recall_sample": 0},
                               **{"member.first": {"method": "spreading", "k": 5, "max_sweeps": 3000, "tolerance": "1e-12"},
                                  "member.second": {"method": "harmonic", "max_sweeps": 6000, "tolerance": "1e-12"},
                                  "member.limit": {"method": "spreading", "solver": "conjugate_gradient"},
                                  "member.paths": {"method": "nearest_seed"},
                                  "member.early": {"method": "spreading", "early_stop": "yes"}})
        self.assertEqual(kith.run(["run", "-c", self.config], 1).returncode, 0)
        expected = digests(self.directory)
        shutil.rmtree(os.path.join(self.directory, "run"))
        for number, graph in [(signal.SIGUSR1, "k=5"), (signal.SIGTERM, "k=8")]:
            status = self.signal_after(f"stage=propagate graph=/embeddings {graph}", number, 1)
            self.assertEqual(status, STOPPED, self.read_log())
        done = kith.run(["run", "-c", self.config], 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("stage=propagate state=resumed tasks_left=", self.read_log())  # in the first graph
        self.assertIn("stage=propagate state=resumed graphs_done=1 of=2", done.stderr)
        self.assertEqual(digests(self.directory), expected)

    def test_a_second_signal_ends_at_once(self):
        process = start(self.config, 2, self.log)
        self.wait_for("directory=", process)
        waits, frozen = kith.ranks_of(process)
        os.kill(frozen, signal.SIGSTOP)  # the unit of work cannot end
        os.kill(waits, signal.SIGUSR1)
        time.sleep(1.2)
        self.assertIsNone(process.poll())
        os.kill(waits, signal.SIGTERM)
        begin = time.monotonic()
        self.assertNotEqual(process.wait(timeout=20), 0)
        self.assertLess(time.monotonic() - begin, 10)


if __name__ == "__main__":
    unittest.main()
