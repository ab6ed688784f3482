#!/usr/bin/python3
"""Does the program's word about itself hold? Fashion-MNIST, many draws of the seeds, one graph for all.

For each draw: does the program's 95 % interval from held-out seeds cover the true accuracy; do the labels that it
accepts at 5 % error have at most that error, and what share of the corpus are they. Then with some seeds deliberately
wrong: how many of those confident learning finds, and how many of the found are wrong. Needs the corpus of
scripts/make_fashion_corpus.py and the release build.
"""
import argparse
import json
import os
import statistics

import h5py
import numpy

from accuracy_table import run
from make_fashion_corpus import choose_seeds


def write_seeds(path, seeds):
    with open(path, "w", encoding="utf-8") as file:
        file.write("row,label\n")
        file.writelines(f"{row},{seeds[row]}\n" for row in numpy.flatnonzero(seeds >= 0))


def make_wrong(seeds, share, classes, draw):
    """Changes a share of the seeds to another class; returns their rows."""
    random = numpy.random.RandomState(draw)
    rows = numpy.flatnonzero(seeds >= 0)
    wrong = random.permutation(rows)[:round(share * len(rows))]
    seeds[wrong] = (seeds[wrong] + random.randint(1, classes, size=len(wrong))) % classes
    return set(wrong.tolist())


def check_estimates(args, report, truth):
    with h5py.File(os.path.join(args.directory, "labels.h5")) as file:
        best, status = file["best"][...], file["status"][...]
    with h5py.File(os.path.join(args.directory, "qa.h5")) as file:
        accepted = file["accepted_error"][...]
    others = status != 1
    accuracy = (best == truth)[others].mean()
    estimate = report["consensus"]["held_out"]["accuracy"]
    found = {"accuracy": accuracy, "low": estimate["low"], "high": estimate["high"],
             "covered": estimate["low"] <= accuracy <= estimate["high"]}
    for level in report["acceptance"]["levels"]:
        rows = accepted <= numpy.float32(level["error"])  # NaN: not accepted
        error = (best != truth)[rows].mean() if rows.any() else 0.0
        found[f"error@{level['error']}"] = error
        found[f"share@{level['error']}"] = rows.mean()
        found[f"kept@{level['error']}"] = error <= level["error"]
    return {key: value if isinstance(value, str) else float(value) for key, value in found.items()}


def check_seeds(report, wrong):
    suspects = {suspect["row"] for suspect in report["seeds"]["suspects"]}
    hits = len(suspects & wrong)
    return {"wrong": len(wrong), "suspects": len(suspects), "found": hits / len(wrong),
            "precision": hits / max(1, len(suspects))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kith", default="build/release/src/app/kith")
    parser.add_argument("--fashion", default="data/fashion.h5")
    parser.add_argument("--work", default="run/qa_check")
    parser.add_argument("--method", default="cells", help="knn.method")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--per-class", type=int, default=50)
    parser.add_argument("--wrong", type=float, default=0.1, help="share of the seeds made wrong")
    parser.add_argument("--wrong-draws", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=2)
    args = parser.parse_args()

    os.makedirs(args.work, exist_ok=True)
    args.corpus = os.path.join(args.work, "corpus.h5")
    args.directory = os.path.join(args.work, "run")
    with h5py.File(args.fashion) as file:
        truth = numpy.maximum(file["labels"][...], file["gold"][...])
        classes = len(file["classes"])
        if not os.path.exists(args.corpus):
            with h5py.File(args.corpus, "w") as made:
                made["embeddings"] = file["embeddings"][...]
                made["classes"] = file["classes"][...]
                made["truth"] = truth
    path = os.path.join(args.work, "seeds.csv")
    draws = []
    for draw in range(args.draws):
        write_seeds(path, choose_seeds(truth, args.per_class, draw))
        draws.append(check_estimates(args, run(args, args.directory, path, []), truth))
        print(draw, json.dumps(draws[-1]), flush=True)
    noisy = []
    for draw in range(args.wrong_draws):
        seeds = choose_seeds(truth, args.per_class, draw)
        wrong = make_wrong(seeds, args.wrong, classes, draw)
        write_seeds(path, seeds)
        noisy.append(check_seeds(run(args, args.directory, path, []), wrong))
        print("wrong", draw, json.dumps(noisy[-1]), flush=True)
    if draws:
        print(f"estimate covers   {sum(d['covered'] for d in draws):.0f} of {len(draws)} draws")
    for key in [key for key in (draws[0] if draws else {}) if key.startswith("kept@")]:
        shares = [100 * d[key.replace("kept", "share")] for d in draws]
        print(f"at {100 * float(key[5:]):g} % error    promise kept in {sum(d[key] for d in draws):.0f} of "
              f"{len(draws)}; accepted {min(shares):.1f} to {max(shares):.1f} %, median {statistics.median(shares):.1f} %")
    if noisy:
        print(f"wrong seeds       found {100 * statistics.mean(d['found'] for d in noisy):.0f} % at precision "
              f"{statistics.mean(d['precision'] for d in noisy):.2f}, mean of {len(noisy)} draws")


if __name__ == "__main__":
    main()
