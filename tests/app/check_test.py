"""`kith check` says of a bad setting what `kith run` says, also where the census was done before, and neither builds anything."""
import os
import subprocess
import unittest

import h5py
import numpy

import kith_runner as kith

DIM = 6


def write_corpus(path):
    """30 items with every kind of column, and some that are wrong."""
    random = numpy.random.RandomState(3)
    truth = numpy.arange(30) % 3
    vectors = (random.normal(0, 1, (30, DIM)) + 8 * truth[:, None]).astype("f4")
    broken = vectors.copy()
    broken[17, 2] = numpy.nan
    with h5py.File(path, "w") as file:
        file["embeddings"] = vectors
        file["labels"] = numpy.where(numpy.arange(30) < 12, truth, -1).astype("i4")
        file["gold"] = truth.astype("i4")
        file["classes"] = kith.NAMES[:3]
        file["site"] = (truth % 2).astype("i4")
        file["bad-site"] = numpy.full(30, -5, "i4")
        file["bad-gold"] = numpy.full(30, 9, "i4")
        file["broken"] = broken
        file["few"] = numpy.repeat(vectors[:3], 10, axis=0)
        file["huge"] = vectors * numpy.float32(1e20)
        file["tiny"] = vectors * numpy.float32(1e-30)
        file["probs/model"] = (0.1 + 0.7 * numpy.eye(3)[truth]).astype("f4")
        file["bad-probs/model"] = numpy.full((30, 3), 0.5, "f4")
        file["bad-votes"] = numpy.full((30, 2), 3, "i1")
        file["unnamed"] = numpy.zeros((30, 2), "i1")
        file["unnamed"].attrs["names"] = ["rule", ""]
        file["clash/harmonic"] = (0.1 + 0.7 * numpy.eye(3)[truth]).astype("f4")


OTHER = ["--member.m.method", "harmonic", "--member.m.graph", "other"]

# Options, and what the sentence must name.
CASES = [
    (["--knn.k", "30"], "knn.k = 30, must be below the number of distinct vectors of the corpus, 30"),
    (["--ensemble.prior", "1,2"], "ensemble.prior has 2 shares, but there are 3 classes"),
    (["--corpus.slices", "/bad-site"], "/bad-site: row 0: group -5, expected 0 or above"),
    (["--corpus.gold", "/bad-gold"], "/bad-gold: row 0: label 9, expected 0 to 2"),
    (["--corpus.votes", "/bad-votes"], "/bad-votes: row 0: vote 3 of votes.0, expected 0 to 2"),
    (["--corpus.votes", "/unnamed"], "/unnamed: voter 1 has an empty name in the attribute names"),
    (["--corpus.probs", "/bad-probs"], "/bad-probs/model: row 0: probabilities sum to 1.5, expected 1"),
    (["--corpus.probs", "/clash"], "its voter harmonic has the name of another voter or member"),
    (["--member.m.method", "correct_smooth", "--member.m.voter", "nobody", "--corpus.probs", "/probs"],
     "member.m.voter = nobody, which is no head of the ensemble, and corpus.probs has model"),
    (["--member.a/b.method", "harmonic"], "[member.a/b]: a name has at most 100 bytes, no /"),
    ([*OTHER, "--graph.other.dataset", "/broken"],
     "graph.other: {}/corpus.h5: /broken: row 17: the vector holds NaN"),
    ([*OTHER, "--graph.other.dataset", "/few"],
     "graph.other: knn.k = 5, must be below the number of distinct vectors of the corpus, 3"),
    (["--corpus.embeddings", "/huge"], "/huge: row 0: the vector has a norm of 1e15 or more"),
    (["--corpus.embeddings", "/tiny"], "/tiny: the longest vector has a norm of "),
]


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = kith.temporary_directory()
        cls.directory = cls.place.name
        write_corpus(os.path.join(cls.directory, "corpus.h5"))
        cls.config = kith.ini(cls.directory, corpus={"slices": "/site"}, knn={"k": 5})
        done = cls.kith("check")
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    @classmethod
    def kith(cls, verb, *options, **variables):
        """One rank needs no mpirun."""
        return subprocess.run([kith.KITH, verb, "-c", cls.config, *options], capture_output=True, text=True, timeout=60,
                              env={**kith.environment(1), **variables}, check=False)

    def sentence(self, done):
        self.assertEqual(done.returncode, 1, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
        self.assertEqual(len(said), 1, done.stderr)
        return said[0]

    def test_check_and_run_say_the_same(self):
        for options, words in CASES:
            with self.subTest(options):
                said = self.sentence(self.kith("check", *options))
                self.assertIn(words.format(self.directory), said)
                self.assertEqual(self.sentence(self.kith("run", *options)), said)
                self.assertFalse(os.path.exists(os.path.join(self.directory, "run", "cells")))

    def test_threads_that_a_rank_takes(self):
        """Thousands crash OpenBLAS, or cannot be started."""
        most = max(64, len(os.sched_getaffinity(0)))
        for done in (self.kith("check", "--run.threads", "4096"), self.kith("check", OMP_NUM_THREADS="4096")):
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f" ranks=1 threads={most} ", done.stderr)
            self.assertIn(f"warning: a rank takes {most} threads, not 4096", done.stderr)

    def test_log_that_cannot_be_written(self):
        """It ends no run, and a closed stream's number is not given to a file."""
        for streams in ("2>/dev/full", "2>&-", ">&- 2>&-"):
            done = subprocess.run(["sh", "-c", f'exec "$@" {streams}', "sh", kith.KITH, "check", "-c", self.config],
                                  timeout=60, env=kith.environment(1), check=False)
            self.assertEqual(done.returncode, 0, streams)
        done = subprocess.run(f"exec {kith.KITH} help >/dev/full", shell=True, timeout=60, env=kith.environment(1),
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, "kith: standard output: No space left on device\n"))

    def test_tasks_that_mpi_does_not_join(self):
        step = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS": "4"}
        self.assertIn("srun started 4 tasks, but MPI joins none of them",
                      self.sentence(self.kith("run", SLURM_PROCID="0", **step)))
        other = self.kith("run", SLURM_PROCID="2", **step)
        self.assertEqual((other.returncode, other.stderr), (1, ""))
        self.assertEqual(self.kith("check", SLURM_PROCID="0", SLURM_NTASKS="4").returncode, 0)


if __name__ == "__main__":
    unittest.main()
