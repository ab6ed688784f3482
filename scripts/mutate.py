#!/usr/bin/python3
"""Changes small inputs and finished run directories at random, and runs the program on them.

  KITH=build/release/src/app/kith scripts/mutate.py --seeds 0:1000

A run may end with exit 0 and the labels of the unchanged run (of the changed input on another number of ranks, where
the input was changed), or with exit 1 and one sentence. It may not crash, abort, hang, run out of memory, speak in a
library's words, or give other labels. Prints each failure with the command that repeats it; exit 1 if there is one.
KITH may be a build with sanitizers. Needs Debian's python3-h5py and python3-numpy.
"""
import argparse
import collections
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata

import h5py
import numpy

from mutations import files_below, Mutator, record_as_it_is

KITH = os.path.abspath(os.environ.get("KITH", "build/release/src/app/kith"))
MPIEXEC = os.environ.get("KITH_MPIEXEC", "mpirun")
FORBIDDEN = re.compile(r"bad_alloc|length_error|json\.exception|HDF5-DIAG|MPI_ABORT|MPI_ERR|terminate called|Sanitizer|"
                       r"runtime error:|Assertion|[Ss]egmentation|what\(\)|basic_string|vector::|std::|faiss::|Faiss|"
                       r"filesystem error|stoi|stod|Signal:|Caught signal")
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
               "OMPI_MCA_mpi_yield_when_idle": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
               "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=0"}
# What makes the program load what it has: each begins again at another stage.
EXTRAS = [(), (), (), ("--qa.bootstrap_draws", "21"), ("--ensemble.auto_probability", "0.8"), ("--ensemble.folds", "2"),
          ("--graph.symmetrize", "mean"), ("--knn.k", "4")]
INI = """[run]
directory = run
[corpus]
files = corpus.h5
seeds = seeds.csv
classes = classes.txt
gold = /gold
slices = /source
votes = /votes
[reference]
files = there.h5
labels = /labels
[cells]
num_cells = 6
[knn]
k = 5
recall_sample = 20
probes = 3
refine_rounds = 1
[qa]
bootstrap_draws = 20
[member.one]
method = harmonic
max_sweeps = 20
[member.two]
method = nearest_seed
[member.three]
method = lda
"""
# A run that is killed in its propagation, and what it goes on with.
STOPPED = ("run", "-c", "m.ini", "--run.snapshot_minutes", "0", "--member.one.max_sweeps", "3000", "--member.one.tolerance", "1e-30")


def write_inputs(directory, draw=0):
    """A corpus that a run takes a moment for, with everything that a corpus may have."""
    random = numpy.random.RandomState(draw)
    truth = random.randint(0, 3, 150).astype(numpy.int32)
    vectors = (random.normal(0, 3, (3, 6))[truth] + random.normal(0, 1, (150, 6))).astype(numpy.float32)
    vectors[149] = vectors[3]
    with h5py.File(os.path.join(directory, "corpus.h5"), "w") as file:
        file["embeddings"] = vectors
        file["ids"] = 1000 + numpy.arange(150)
        file["gold"] = truth
        file["source"] = random.randint(0, 3, 150).astype(numpy.int32)
        file["votes"] = numpy.where(random.rand(150, 2) < 0.8, truth[:, None], -1).astype(numpy.int16)
        file["votes"].attrs["names"] = ["first", "second"]
    names = ["ant", "bee", "cat"]
    with h5py.File(os.path.join(directory, "there.h5"), "w") as file:
        file["embeddings"], file["labels"], file["classes"] = vectors[::2] + 1, truth[::2], names
    seeds = [int(row) for c in range(3) for row in numpy.flatnonzero(truth == c)[:6]]
    rows = {"seeds.csv": [r for r in seeds], "gold.csv": range(50, 150)}
    for name, listed in rows.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write("row,label\n" + "".join(f"{row},{names[truth[row]]}\n" for row in listed))
    with open(os.path.join(directory, "classes.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(names) + "\n")
    with open(os.path.join(directory, "m.ini"), "w", encoding="utf-8") as file:
        file.write(INI)


def run_kith(directory, arguments, ranks, limit_s):
    """Return code (None: it had to be killed), output, error output."""
    with open(os.path.join(directory, "err"), "w+b") as err, open(os.path.join(directory, "out"), "w+b") as out:
        launch = [MPIEXEC, "-q", "-n", str(ranks)] if ranks > 1 else []
        process = subprocess.Popen([*launch, KITH, *arguments], cwd=directory, env=ENVIRONMENT,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        err.seek(0)
        out.seek(0)
        return code, out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Trials:
    def __init__(self, work, limit_s, keep):
        self.work = work
        self.limit_s = limit_s
        self.keep = keep
        self.outcomes = collections.Counter()
        self.references = {}
        self.base = os.path.join(work, "base")
        self.other = os.path.join(work, "other")
        self.stopped = os.path.join(work, "stopped")
        self.make_stopped()
        for place, seed in ((self.base, "1"), (self.other, "2")):
            os.makedirs(place)
            write_inputs(place)
            code, _, err = run_kith(place, ["run", "-c", "m.ini", "--run.seed", seed], 1, limit_s)
            assert code == 0, err
            run_kith(place, ["review", "export", "-c", "m.ini", "--run.seed", seed, "--audit", "20", "--file", "a.csv"], 1, limit_s)

    def make_stopped(self):
        """A run that was killed after it has saved what it had of the propagation."""
        os.makedirs(self.stopped)
        write_inputs(self.stopped)
        process = subprocess.Popen([KITH, *STOPPED], cwd=self.stopped, env=ENVIRONMENT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while not os.path.exists(os.path.join(self.stopped, "run", "snapshots", "propagate.1.h5")):
            assert process.poll() is None, "the run to be killed has ended"
            time.sleep(0.001)
        process.kill()
        process.wait()

    def copy(self, name, only_inputs=False, of=None):
        place = os.path.join(self.work, name)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(of or self.base, place, ignore=shutil.ignore_patterns("run", "a.csv") if only_inputs else None)
        return place

    def reference(self, arguments):
        """Output and labels of the unchanged run."""
        if arguments not in self.references:
            place = self.copy("reference")
            code, out, err = run_kith(place, list(arguments), 1, self.limit_s)
            assert code == 0, err
            self.references[arguments] = out, digest(os.path.join(place, "run", "labels.h5"))
        return self.references[arguments]

    def judge(self, code, err):
        """What is wrong with how a run ended, whatever it computed."""
        if code is None:
            return "hangs"
        if code not in (0, 1, 75):
            return f"ends with status {code}"
        found = FORBIDDEN.search(err)
        if found:
            return f"speaks in a library's words: {found.group(0)}"
        said = [line for line in err.splitlines() if line.startswith("kith: ")]
        if code == 1 and len(said) != 1:
            return f"says {len(said)} sentences"
        if any(len(line) > 1500 or any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in line) for line in said):
            return "says what cannot be read"
        return None

    def change_run(self, mutator, place):
        """Returns whether labels may differ: the manifest was made to agree."""
        run = os.path.join(place, "run")
        names = [name for name in files_below(run) if name != "lock"]
        random = mutator.random
        for _ in range(mutator.pick([1, 1, 1, 2, 3])):
            name = mutator.pick(names)
            path = os.path.join(run, name)
            if not os.path.isfile(path) or os.path.islink(path):
                continue
            kind = random.randint(10)
            if kind == 0:
                mutator.place(path, os.path.join(self.other, "run", name))
            elif kind == 1:
                self.mix(mutator, run)
            elif kind < 8 and name.endswith((".h5", ".json")):
                try:
                    (mutator.hdf5 if name.endswith(".h5") else mutator.json)(path)
                except (OSError, MemoryError, ValueError, KeyError, TypeError, RuntimeError):
                    mutator.did.append(f"nothing more to {path}")  # it was changed beyond reading
            else:
                mutator.bytes(path)
        if random.randint(4) == 0:
            try:
                record_as_it_is(run)
                mutator.did.append("recorded as it is")
                return True
            except (OSError, MemoryError, ValueError, KeyError, TypeError, AttributeError):
                pass
        return False

    def mix(self, mutator, run):
        """Files of some stages, and perhaps their lines, come from another run."""
        other = os.path.join(self.other, "run")
        with open(os.path.join(other, "manifest.json"), encoding="utf-8") as file:
            lines = json.load(file)["stages"]
        stages = [stage for stage in lines if mutator.random.randint(2)]
        takes_lines = mutator.random.randint(2)
        for stage in stages:
            for name in lines[stage]["files"]:
                if os.path.isfile(os.path.join(run, name)) and not os.path.islink(os.path.join(run, name)):
                    shutil.copy(os.path.join(other, name), os.path.join(run, name))
        path = os.path.join(run, "manifest.json")
        if takes_lines and os.path.isfile(path):
            try:
                with open(path, encoding="utf-8") as file:
                    manifest = json.load(file)
                manifest["stages"].update({stage: lines[stage] for stage in stages})
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(manifest, file, indent=2)
            except (ValueError, KeyError, TypeError, AttributeError):
                pass
        mutator.did.append(f"mixed {stages}{' with their lines' if takes_lines else ''}")

    def trial_of_run(self, mutator, place, is_stopped):
        random = mutator.random
        command = "stopped" if is_stopped else mutator.pick(["run"] * 8 + ["eval", "audit", "export", "replay"])
        arguments = {"stopped": STOPPED, "run": ("run", "-c", "m.ini", *mutator.pick(EXTRAS)),
                     "eval": ("eval", "-c", "m.ini", "--gold", "gold.csv"),
                     "audit": ("review", "export", "-c", "m.ini", "--audit", "20", "--file", "b.csv"),
                     "export": ("export", "-c", "m.ini", "--graph", "graph.h5"),
                     "replay": ("replay", "run/manifest.json", "--run.directory", "again")}[command]
        may_differ = self.change_run(mutator, place)
        mutator.did.append(" ".join(arguments))
        code, out, err = run_kith(place, list(arguments), random.randint(1, 4), self.limit_s)
        wrong = self.judge(code, err)
        if wrong or code != 0 or may_differ:
            return wrong, code, err
        out_wanted, labels_wanted = self.reference(arguments)
        if command == "eval" and out != out_wanted:
            return "other accuracy, and nothing said", code, err
        if command in ("run", "audit", "stopped") and digest(os.path.join(place, "run", "labels.h5")) != labels_wanted:
            return "other labels", code, err
        return None, ("again" if "state=incomplete" in err else 0), err

    def trial_of_input(self, mutator, place):
        for _ in range(mutator.pick([1, 1, 2])):
            name = mutator.pick(["corpus.h5", "corpus.h5", "there.h5", "seeds.csv", "m.ini", "m.ini", "classes.txt"])
            path = os.path.join(place, name)
            if mutator.random.randint(8) == 0 and os.path.isfile(path):
                # Text may come through a pipe: then it is waited for.
                mutator.place(path, os.path.join(self.other, "seeds.csv"), may_pipe=name == "corpus.h5")
            elif os.path.isfile(path) and not os.path.islink(path):
                try:
                    change = mutator.hdf5 if name.endswith(".h5") else mutator.text
                    (mutator.bytes if mutator.random.randint(5) == 0 else change)(path)
                except (OSError, MemoryError, ValueError, KeyError, TypeError, RuntimeError):
                    mutator.did.append(f"nothing more to {path}")
        again = self.copy("again", only_inputs=True)
        for name in os.listdir(place):
            if os.path.isfile(os.path.join(place, name)) and not os.path.islink(os.path.join(place, name)):
                shutil.copy(os.path.join(place, name), os.path.join(again, name))
        ranks = mutator.random.randint(1, 4)
        code, _, err = run_kith(place, ["run", "-c", "m.ini", "--run.directory", "run"], ranks, self.limit_s)
        wrong = self.judge(code, err)
        if wrong or code != 0:
            return wrong, code, err
        code, _, err = run_kith(again, ["run", "-c", "m.ini", "--run.directory", "run"], 1 + ranks % 3, self.limit_s)
        wrong = self.judge(code, err)
        if wrong or code != 0:
            return wrong or "is refused on another number of ranks", code, err
        if digest(os.path.join(place, "run", "labels.h5")) != digest(os.path.join(again, "run", "labels.h5")):
            return "other labels on another number of ranks", code, err
        return None, code, err

    def trial(self, seed):
        mutator = Mutator(numpy.random.RandomState(seed))
        name = mutator.pick(["input"] * 2 + ["stopped run"] + ["run directory"] * 5)
        place = self.copy("trial", only_inputs=name == "input", of=self.stopped if name == "stopped run" else None)
        started = time.monotonic()
        wrong, end, err = self.trial_of_input(mutator, place) if name == "input" else \
            self.trial_of_run(mutator, place, name == "stopped run")
        self.outcomes[f"{name}: " + (wrong or {0: "done", 1: "one sentence", 75: "stopped", "again": "done again"}[end])] += 1
        if wrong:
            print(f"FAILED seed {seed}: {wrong} ({time.monotonic() - started:.1f} s)")
            print("  " + "\n  ".join(mutator.did))
            print("  | " + "\n  | ".join(line[:300] for line in err.splitlines()[-12:]))
            print(f"  again: KITH={KITH} {sys.argv[0]} --seeds {seed}:{seed + 1} --keep", flush=True)
        elif self.keep:
            print(f"seed {seed}: {end}\n  " + "\n  ".join(mutator.did) + "\n  | " + "\n  | ".join(err.splitlines()[-20:]))
        return wrong is None


def parse_seeds(text):
    """A:B, or a list with commas."""
    if ":" in text:
        first, last = text.split(":")
        return range(int(first), int(last))
    return [int(seed) for seed in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=parse_seeds, default=range(20), help="A:B, or a list with commas")
    parser.add_argument("--time", type=float, default=60, help="seconds after which a run hangs")
    parser.add_argument("--keep", action="store_true", help="tells of every trial, and keeps the last one's files")
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="kith_mutate_", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        trials = Trials(work, arguments.time, arguments.keep)
        failed = [seed for seed in arguments.seeds if not trials.trial(seed)]
    finally:
        if arguments.keep:
            print("files are in", work)
        else:
            shutil.rmtree(work, ignore_errors=True)
    for outcome, count in sorted(trials.outcomes.items()):
        print(f"{count:6} {outcome}")
    print(f"{sum(trials.outcomes.values())} trials, {len(failed)} failed" + (f": {failed}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
