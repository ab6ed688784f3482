"""Runs the real program for tests, and makes small corpora for it."""
import hashlib
import os
import signal
import shutil
import subprocess
import tempfile
import time

import h5py
import numpy

KITH = os.environ["KITH_PROGRAM"]
MPIEXEC = os.environ.get("KITH_MPIEXEC", "mpirun")
NAMES = ["ant", "bee", "cat", "dog"]
PATIENCE_S = 300  # for what takes a second: a test waits for events, and gives up only where one will never come


def environment(threads):
    settings = {
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
        "OMPI_MCA_mpi_yield_when_idle": "1", "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",  # there are more threads than cores
    }
    return {**os.environ, **settings}


def command(ranks, arguments):
    return [KITH, *arguments] if ranks == 1 else [MPIEXEC, "-q", "-n", str(ranks), KITH, *arguments]


def run(arguments, ranks=1, threads=1, timeout=PATIENCE_S, prefix=(), variables=None):
    """Runs to the end; on a timeout or an interrupt the whole group of processes is killed and the test fails."""
    process = subprocess.Popen([*prefix, *command(ranks, arguments)], text=True, errors="replace", start_new_session=True,
                               env={**environment(threads), **(variables or {})},
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=timeout)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def children_of(pid):
    """All descendants, from /proc: a test must not wait for pgrep while the run goes on."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                for child in file.read().split():
                    found += [int(child), *children_of(int(child))]
    except OSError:  # it has ended
        pass
    return found


def ranks_of(process):
    """Process ids of the ranks that an mpirun has started."""
    def program(pid):
        try:
            return os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return None
    return [pid for pid in [process.pid, *children_of(process.pid)] if program(pid) == os.path.realpath(KITH)]


def status_of(pid):
    """/proc/PID/status, empty once the process has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def all_gone(pids):
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def wait_until(holds, what, pause_s=0.005):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"never came: {what}")
        time.sleep(pause_s)


def start(arguments, ranks, log, variables=None):
    """Starts the program, its stderr in `log`."""
    with open(log, "w", encoding="utf-8") as file:
        return subprocess.Popen(command(ranks, arguments), env={**environment(1), **(variables or {})},
                                stdout=subprocess.DEVNULL, stderr=file, start_new_session=True)


def start_until(moment, arguments, ranks, log):
    """Starts the program and waits until rank 0 stands still at a moment: a text of the log or
    "publish PATH" of a file. Returns the process, the ranks' pids and the one of these that stands still."""
    process = start(arguments, ranks, log, {"KITH_PAUSE_AT": moment})
    found = []

    def is_there():
        found[:] = [pid for pid in ranks_of(process) if status_of(pid).get("State", "").startswith("T")]
        return found or process.poll() is not None
    wait_until(is_there, moment)
    if not found:
        with open(log, encoding="utf-8") as file:
            raise AssertionError(f"it ended before {moment}:\n{file.read()}")
    return process, ranks_of(process), found[0]


def send(number, pids):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def instruction_sets():
    """Names for KITH_TARGET that this build and machine have, best first."""
    [line] = [line for line in run(["version"]).stdout.splitlines() if line.startswith("instruction sets ")]
    return line.removeprefix("instruction sets ").split(", ")


def expect_one_sentence(test, done, words):
    """Exit status 1 and one line of the program's own, which says these words."""
    test.assertEqual(done.returncode, 1, done.stderr)
    said = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
    test.assertEqual(len(said), 1, done.stderr)
    test.assertIn(words, said[0])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Blobs:
    """Items around one center a class, with whole numbers from 0 to 255 so that every type holds them."""

    def __init__(self, items=900, dim=12, seeds_per_class=8, draw=0, spread=45):
        random = numpy.random.RandomState(17 + draw)
        centers = random.randint(60, 196, size=(len(NAMES), dim))
        self.truth = random.randint(0, len(NAMES), size=items).astype(numpy.int32)
        noise = random.normal(0, spread, size=(items, dim))
        self.vectors = numpy.clip(numpy.rint(centers[self.truth] + noise), 0, 255).astype(numpy.float32)
        self.vectors[items // 2] = self.vectors[3]  # two items with one vector
        self.truth[items // 2] = self.truth[3]
        self.labels = numpy.full(items, -1, numpy.int32)
        for label in range(len(NAMES)):
            rows = numpy.flatnonzero(self.truth == label)
            self.labels[random.permutation(rows)[:seeds_per_class]] = label
        self.gold = numpy.where(self.labels >= 0, -1, self.truth).astype(numpy.int32)

    def write(self, path, rows=slice(None), dtype=numpy.float32, **layout):
        with h5py.File(path, "w") as file:
            file.create_dataset("embeddings", data=self.vectors[rows].astype(dtype), **layout)
            file["labels"] = self.labels[rows]
            file["gold"] = self.gold[rows]
            file["classes"] = NAMES
        return path


def write_groups(path, name, groups, names=()):
    """A column of corpus.slices."""
    with h5py.File(path, "a") as file:
        file[name] = groups.astype(numpy.int32)
        if names:
            file[name].attrs["names"] = list(names)


def ini(directory, **sections):
    """Writes an INI file with defaults that suit Blobs; sections override: knn={"k": 5}."""
    settings = {
        "run": {"directory": os.path.join(directory, "run")},
        "corpus": {"files": os.path.join(directory, "corpus.h5"), "labels": "/labels", "gold": "/gold",
                   "classes": "/classes"},
        "cells": {"num_cells": 12},
        "knn": {"k": 8, "recall_sample": 200},
        "qa": {"bootstrap_draws": 100},
    }
    for section, values in sections.items():
        settings.setdefault(section, {}).update(values)
    path = os.path.join(directory, "run.ini")
    with open(path, "w", encoding="utf-8") as file:
        for section, values in settings.items():
            file.write(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))
    return path


def temporary_directory(in_memory=True):
    """in_memory: where flushing a file costs nothing, if there is room."""
    memory = "/dev/shm"
    has_room = os.path.isdir(memory) and shutil.disk_usage(memory).free > 1 << 30
    return tempfile.TemporaryDirectory(prefix="kith_test_", dir=memory if in_memory and has_room else None)
