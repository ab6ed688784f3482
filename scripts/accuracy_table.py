#!/usr/bin/python3
"""Accuracy of every method, of the default members and of the consensus on Fashion-MNIST: seeds a class x draws, as a
Markdown table.

The graph is built once (k 10, Gaussian weights, symmetrized) and used for all draws. Needs the corpus of
scripts/make_fashion_corpus.py and the release build.
"""
import argparse
import json
import os
import statistics
import subprocess

import h5py
import numpy

from make_fashion_corpus import choose_seeds

PLAIN = {  # every method as its paper has it, without class mass, beside the default ensemble
    "harmonic-limit": {"method": "harmonic", "solver": "conjugate_gradient", "max_sweeps": 3000},
    "harmonic-plain": {"method": "harmonic", "max_sweeps": 100},
    "spreading-plain": {"method": "spreading", "solver": "chebyshev", "alpha": 0.99},
    "walk-plain": {"method": "walk", "solver": "chebyshev", "alpha": 0.95},
    "adsorption-plain": {"method": "adsorption"},
    "poisson-plain": {"method": "poisson"},
    "poisson_volume-plain": {"method": "poisson_volume"},
    "wnll-plain": {"method": "wnll", "solver": "conjugate_gradient"},
    "nearest_seed-plain": {"method": "nearest_seed"},
}


def write_seeds(path, labels, per_class, draw):
    seeds = choose_seeds(labels, per_class, draw)
    with open(path, "w", encoding="utf-8") as file:
        file.write("row,label\n")
        file.writelines(f"{row},{seeds[row]}\n" for row in numpy.flatnonzero(seeds >= 0))


def run(args, directory, seeds, options):
    command = ["mpirun", "-q", "-n", str(args.ranks), args.kith, "run", "--run.directory", directory,
               "--corpus.files", args.corpus, "--corpus.seeds", seeds, "--corpus.gold", "/truth",
               "--corpus.classes", "/classes", "--knn.method", args.method, "--knn.recall", "0.98", "--qa.bootstrap_draws", "0", *options]
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
                   "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(directory, "report.json"), encoding="utf-8") as file:
        return json.load(file)


def gold_of(report):
    return {member["name"]: 100 * member["gold"]["value"] for member in report["members"]}


def measure_plain(args, seeds):
    """Accuracy of each method in percent."""
    options = ["--ensemble.folds", "0"]
    for name, settings in PLAIN.items():
        options += [f"--member.{name}.{key}={value}" for key, value in settings.items()]
    return gold_of(run(args, os.path.join(args.work, "run"), seeds, options))


def measure_ensemble(args, seeds):
    """The same of the default members and the consensus, and whether the program's own interval covers the latter's."""
    report = run(args, os.path.join(args.work, "run"), seeds, [])
    consensus = report["consensus"]["gold"]["accuracy"]["value"]
    estimate = report["consensus"]["corpus"]["accuracy"]
    covered = estimate["value"] is not None and estimate["low"] <= consensus <= estimate["high"]
    return {**gold_of(report), "consensus": 100 * consensus, "covered": covered}


def measure(args, labels, per_class, draw):
    seeds = os.path.join(args.work, "seeds.csv")
    write_seeds(seeds, labels, per_class, draw)
    return {**({} if args.plain else measure_ensemble(args, seeds)), **measure_plain(args, seeds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kith", default="build/release/src/app/kith")
    parser.add_argument("--fashion", default="data/fashion.h5")
    parser.add_argument("--work", default="run/accuracy")
    parser.add_argument("--method", default="exact", help="knn.method; cells is faster")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--per-class", type=int, nargs="+", default=[1, 5, 10, 50])
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="only the methods, not the default ensemble")
    args = parser.parse_args()

    os.makedirs(args.work, exist_ok=True)
    args.corpus = os.path.join(args.work, "corpus.h5")
    with h5py.File(args.fashion) as file:
        labels = numpy.maximum(file["labels"][...], file["gold"][...])
        if not os.path.exists(args.corpus):
            with h5py.File(args.corpus, "w") as made:
                made["embeddings"] = file["embeddings"][...]
                made["classes"] = file["classes"][...]
                made["truth"] = labels
    columns = {}
    for per_class in args.per_class:
        draws = [measure(args, labels, per_class, draw) for draw in range(args.draws)]
        columns[per_class] = {name: [draw[name] for draw in draws] for name in draws[0]}
        print(per_class, json.dumps(columns[per_class]), flush=True)
    print("\n| method | " + " | ".join(f"{count} a class" for count in args.per_class) + " |")
    print("| --- |" + " --- |" * len(args.per_class))
    for name in next(iter(columns.values())):
        if name != "covered":
            cells = [f"{statistics.mean(columns[c][name]):.1f} ± {statistics.pstdev(columns[c][name]):.1f}"
                     for c in args.per_class]
            print(f"| {name} | " + " | ".join(cells) + " |")
    if args.plain:
        return
    covered = [f"{sum(columns[c]['covered'])} of {args.draws}" for c in args.per_class]
    print("| own estimate covers | " + " | ".join(covered) + " |")


if __name__ == "__main__":
    main()
