#!/usr/bin/python3
"""Runs Kith on made corpora and prints what `kith plan` says of memory and time beside what the run took.

One line a stage and number of ranks. Memory: of the rank that holds most, from the stage's beginning to its end.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile

import h5py
import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAGES = ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa"]
SECONDS = {"s": 1, "min": 60, "h": 3600}


def write_corpus(path, items, dim, dtype, classes):
    """Classes on curved sheets of eight dimensions, eight seeds a class."""
    random = numpy.random.RandomState(1)
    into = random.normal(size=(8, 64)).astype(numpy.float32)
    out = random.normal(size=(64, dim)).astype(numpy.float32) / 8
    centers = random.normal(size=(classes, 8)).astype(numpy.float32)
    truth = random.randint(0, classes, items).astype(numpy.int32)
    labels = numpy.full(items, -1, numpy.int32)
    for label in range(classes):
        labels[numpy.flatnonzero(truth == label)[:8]] = label
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("embeddings", (items, dim), dtype)
        for first in range(0, items, 20000):
            part = truth[first:first + 20000]
            place = centers[part] + 0.5 * random.normal(size=(len(part), 8)).astype(numpy.float32)
            noise = 0.02 * random.normal(size=(len(part), dim)).astype(numpy.float32)
            values = numpy.tanh(place @ into) @ out + noise
            rows[first:first + len(part)] = numpy.clip(values * 16 + 128, 0, 255) if dtype == "u1" else values
        file["labels"] = labels
        file["gold"] = numpy.where(labels >= 0, -1, truth).astype(numpy.int32)
        file["classes"] = [f"class {number}" for number in range(classes)]


def kith(program, ranks, threads, *arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1"}
    done = subprocess.run(["mpirun", "-q", "--bind-to", "none", "-n", str(ranks), program, *arguments], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout, done.stderr


def read_plan(text):
    """Seconds by stage of the table that `kith plan` prints."""
    lines = [line.split() for line in text.splitlines()]
    return {words[0]: float(words[-2]) * SECONDS[words[-1]] for words in lines if words and words[0] in STAGES}


def compare(options, directory, ranks):
    config = os.path.join(directory, "run.ini")
    run = os.path.join(directory, f"run-{ranks}")
    arguments = ["-c", config, "--run.directory", run, *options.set]
    planned, _ = kith(options.program, ranks, options.threads, "plan", *arguments)
    seconds = read_plan(planned)
    _, log = kith(options.program, ranks, options.threads, "run", *arguments)
    if options.log:
        print(log)
    with open(os.path.join(run, "manifest.json"), encoding="utf-8") as file:
        stages = json.load(file)["stages"]
    name = f"{options.items} x {options.dim} {options.type}"
    total = [0.0, 0.0]
    peak = [0, 0]
    for stage in STAGES:
        cost = stages[stage]
        memory = cost["planned_rss_bytes"], cost["peak_rss_bytes"]
        total = [total[0] + seconds[stage], total[1] + cost["seconds"]]
        peak = [max(old, new) for old, new in zip(peak, memory)]
        print_line(name, ranks, stage, memory, (seconds[stage], cost["seconds"]))
    print_line(name, ranks, "all", peak, total)
    shutil.rmtree(run)


def print_line(name, ranks, stage, memory, seconds):
    print(f"{name:<18} {ranks:>5} {stage:<10} {memory[0] / 2**20:>9.0f} {memory[1] / 2**20:>9.0f} "
          f"{100 * (memory[0] / memory[1] - 1):>+6.0f} % {seconds[0]:>9.1f} {seconds[1]:>9.1f} "
          f"{seconds[0] / max(seconds[1], 1e-9):>7.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=lambda text: int(float(text)), default=200000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--type", choices=["f4", "f2", "u1"], default="f4", help="as numpy calls it")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--member", action="append", help="method,KEY=VALUE,...; without any, the default ones")
    parser.add_argument("--set", nargs=argparse.REMAINDER, default=[], help="further options of kith, at the end")
    parser.add_argument("--log", action="store_true", help="print the run's log too")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "src", "app", "kith"))
    options = parser.parse_args()
    print(f"{'corpus':<18} ranks {'stage':<10} {'plan MiB':>9} {'run MiB':>9} {'':>8} {'plan s':>9} {'run s':>9} "
          f"{'plan/run':>7}")
    with tempfile.TemporaryDirectory(prefix="kith_plan_") as directory:
        corpus = os.path.join(directory, "corpus.h5")
        write_corpus(corpus, options.items, options.dim, options.type, options.classes)
        with open(os.path.join(directory, "run.ini"), "w", encoding="utf-8") as file:
            file.write(f"[corpus]\nfiles = {corpus}\nlabels = /labels\ngold = /gold\nclasses = /classes\n")
            for member in options.member or []:
                name, *settings = member.split(",")
                file.write("\n".join([f"[member.{name}]", f"method = {name}", *settings, ""]))
        for ranks in options.ranks:
            compare(options, directory, ranks)


if __name__ == "__main__":
    main()
