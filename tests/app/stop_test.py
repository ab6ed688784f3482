"""A signal to one rank makes all save what is done and leave with status 75; the next run goes on to the same bytes."""
import os
import shutil
import signal
import time
import unittest

import kith_runner as kith

RESULTS = ["labels.h5", "qa.h5", "report.json"]
STOPPED = 75


def digests(directory):
    return {name: kith.digest(os.path.join(directory, "run", name)) for name in RESULTS}


class Stop(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        self.log = os.path.join(self.directory, "log")
        kith.Blobs().write(os.path.join(self.directory, "corpus.h5"))
        self.config = kith.ini(self.directory, **{"member.slow": {"method": "harmonic", "max_sweeps": 100}})

    def read_log(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def stop_at(self, moment, number, which):
        """Starts three ranks, signals one of them or mpirun at a moment of rank 0, and reads what they say."""
        process, ranks, paused = kith.start_until(moment, ["run", "-c", self.config], 3, self.log)
        kith.send(number, [process.pid if which is None else ranks[which]])
        if which is None:  # mpirun passes it on when it comes to it; rank 0 takes it when it goes on
            kith.wait_until(lambda: int(kith.status_of(paused)["ShdPnd"], 16) >> (number - 1) & 1, "the signal")
            time.sleep(0.3)  # the other ranks get it after rank 0, and nothing shows when they have taken it
        kith.send(signal.SIGCONT, [paused])
        self.assertEqual(process.wait(timeout=kith.PATIENCE_S), STOPPED, self.read_log())
        said = [line for line in self.read_log().splitlines() if line.startswith("kith: ")]
        self.assertEqual(len(said), 1, said)
        self.assertIn("goes on", said[0])
        for folder, _, names in os.walk(os.path.join(self.directory, "run")):
            self.assertEqual([name for name in names if name.endswith(".part")], [], folder)

    def finish(self, expected):
        done = kith.run(["run", "-c", self.config], 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(digests(self.directory), expected)
        return done.stderr

    def undisturbed(self):
        done = kith.run(["run", "-c", self.config], 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = digests(self.directory)
        shutil.rmtree(os.path.join(self.directory, "run"))
        return expected

    def test_each_signal_at_each_place(self):
        expected = self.undisturbed()
        # "done " is not "done_before".
        for moment, number, which in [("directory=", signal.SIGTERM, 1),
                                      ("stage=cells state=done ", signal.SIGUSR1, 2),
                                      ("stage=knn state=done ", signal.SIGUSR1, None),
                                      ("stage=graph state=done ", signal.SIGTERM, 0)]:
            self.stop_at(moment, number, which)
        self.finish(expected)

    def test_as_soon_as_the_program_listens(self):
        """While MPI starts, on one rank."""
        expected = self.undisturbed()
        process = kith.start(["run", "-c", self.config], 1, self.log)
        listens = lambda: int(kith.status_of(process.pid)["SigCgt"], 16) >> (signal.SIGUSR1 - 1) & 1
        kith.wait_until(listens, "a program that listens")
        kith.send(signal.SIGUSR1, [process.pid])
        self.assertEqual(process.wait(timeout=kith.PATIENCE_S), STOPPED, self.read_log())
        self.finish(expected)

    def test_between_graphs_and_in_every_solver(self):
        """Members on two graphs, by every engine: stopped in the first and in the second, the next run goes on there."""
        self.config = kith.ini(self.directory, knn={"recall_sample": 0},
                               **{"member.first": {"method": "spreading", "k": 5, "max_sweeps": 60, "tolerance": "1e-12"},
                                  "member.second": {"method": "harmonic", "max_sweeps": 60, "tolerance": "1e-12"},
                                  "member.limit": {"method": "spreading", "solver": "conjugate_gradient"},
                                  "member.paths": {"method": "nearest_seed"},
                                  "member.early": {"method": "spreading", "early_stop": "yes"}})
        expected = self.undisturbed()
        self.stop_at("stage=propagate graph=/embeddings k=5", signal.SIGUSR1, 1)
        self.stop_at("stage=propagate graph=/embeddings k=8", signal.SIGTERM, 1)
        self.assertIn("stage=propagate state=resumed tasks_left=", self.read_log())  # in the first graph
        self.assertIn("stage=propagate state=resumed graphs_done=1 of=2", self.finish(expected))

    def test_a_second_term_ends_at_once(self):
        """Rank 0 stands still: the unit of work cannot end."""
        process, ranks, paused = kith.start_until("directory=", ["run", "-c", self.config], 2, self.log)
        [other] = [pid for pid in ranks if pid != paused]
        for number in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGTERM):
            kith.send(number, [other])
            self.assertIsNone(process.poll())
            time.sleep(1.2)  # what comes sooner is the same signal, delivered twice
        self.assertNotIn(process.wait(timeout=kith.PATIENCE_S), (0, STOPPED))


if __name__ == "__main__":
    unittest.main()
