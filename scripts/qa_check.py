#!/usr/bin/python3
"""Does the program's word about itself hold? Fashion-MNIST, many draws of the seeds, one graph for all.

For each draw: does the program's 95 % interval from held-out seeds cover the true accuracy; do the labels that it
accepts at an error have at most that error, and what share of the corpus are they; how many right seeds does it
suspect. Then with some seeds deliberately made wrong: how many of those it finds, and how many of the suspects are
wrong. Nothing was chosen on these draws: the methods were developed on draws from 100 on. Needs the corpus of
scripts/make_fashion_corpus.py and the release build. A draw that is done is not done again.
"""
import argparse
import json
import os
import shutil
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
    """Changes a share of the seeds to another class, all others alike; returns their rows."""
    random = numpy.random.RandomState(draw)
    rows = numpy.flatnonzero(seeds >= 0)
    wrong = random.permutation(rows)[:round(share * len(rows))]
    seeds[wrong] = (seeds[wrong] + random.randint(1, classes, size=len(wrong))) % classes
    return set(wrong.tolist())


def run_draw(args, name, seeds):
    """Runs the program on these seeds, in a directory of its own that shares the first one's graph."""
    directory = os.path.join(args.work, f"{args.per_class}-a-class", name)
    path = os.path.join(directory, "seeds.csv")
    if not os.path.exists(path):
        os.makedirs(directory, exist_ok=True)
        if args.first and not os.path.exists(os.path.join(directory, "manifest.json")):
            for part in ("cells", "graph"):  # files are replaced as a whole, never changed
                shutil.copytree(os.path.join(args.first, part), os.path.join(directory, part), copy_function=os.link)
            for part in ("manifest.json", "check.json"):
                shutil.copy(os.path.join(args.first, part), directory)
        write_seeds(path, seeds)
    report = run(args, directory, path, [])
    args.first = args.first or directory
    return directory, report


def check_estimates(directory, report, truth):
    with h5py.File(os.path.join(directory, "labels.h5")) as file:
        best, status = file["best"][...], file["status"][...]
    with h5py.File(os.path.join(directory, "qa.h5")) as file:
        accepted = file["accepted_error"][...]
    others = status != 1
    accuracy = (best == truth)[others].mean()
    estimate = report["consensus"]["corpus"]["accuracy"]
    found = {"accuracy": accuracy, "low": estimate["low"], "high": estimate["high"],
             "covered": estimate["low"] <= accuracy <= estimate["high"],
             "suspects": len(report["seeds"]["suspects"]), "seeds": report["seeds"]["held_out"]}
    for level in report["acceptance"]["levels"]:
        rows = accepted <= numpy.float32(level["error"])  # NaN: not accepted
        error = (best != truth)[rows].mean() if rows.any() else 0.0
        found[f"error@{level['error']}"] = error
        found[f"share@{level['error']}"] = rows.mean()
        found[f"kept@{level['error']}"] = error <= level["error"]
        found[f"needed@{level['error']}"] = level["labels_needed"]
    return {key: value if value is None else float(value) for key, value in found.items()}


def check_seeds(directory, report, wrong):
    suspects = {suspect["row"] for suspect in report["seeds"]["suspects"]}
    hits = len(suspects & wrong)
    filters = {}
    with h5py.File(os.path.join(directory, "qa.h5")) as file:
        is_wrong = numpy.isin(file["seeds/row"][...], list(wrong))
        for name, flags in file["seeds/flags"].items():
            listed = flags[...] != 0
            found = int((listed & is_wrong).sum())
            filters[name] = {"found": found / len(wrong), "precision": found / max(1, int(listed.sum()))}
    return {"filters": filters, "wrong": len(wrong), "suspects": len(suspects), "hits": hits, "found": hits / len(wrong),
            "precision": hits / max(1, len(suspects)), "rate": report["seeds"]["noise_rate"]}


def print_estimates(draws):
    count = len(draws)
    print(f"| its 95 % interval of the accuracy holds the true one | {sum(d['covered'] for d in draws):.0f} of {count} "
          f"draws; accuracy {100 * min(d['accuracy'] for d in draws):.1f} to "
          f"{100 * max(d['accuracy'] for d in draws):.1f} % |")
    for key in [key for key in draws[0] if key.startswith("kept@")]:
        level = key[5:]
        shares = [100 * d[f"share@{level}"] for d in draws]
        none = sum(share == 0 for share in shares)
        needed = [d[f"needed@{level}"] for d in draws if d[f"needed@{level}"] is not None]
        print(f"| accepted labels have at most {100 * float(level):g} % errors | {sum(d[key] for d in draws):.0f} of {count}; "
              f"accepts {min(shares):.0f} to {max(shares):.0f} %, median {statistics.median(shares):.0f} %, nothing in {none}"
              + (f"; says {statistics.median(needed):.0f} labels are needed (median)" if none and needed else "") + " |")
    print(f"| right seeds are not suspected | {sum(d['suspects'] for d in draws):.0f} of "
          f"{sum(d['seeds'] for d in draws):.0f} are |")


def print_noisy(draws, share):
    print(f"| {100 * share:g} % of the seeds made wrong: at least half found, precision above 0.5 | "
          f"{sum(d['found'] >= 0.5 and d['precision'] > 0.5 for d in draws)} of {len(draws)}; found "
          f"{100 * statistics.mean(d['found'] for d in draws):.0f} % (least {100 * min(d['found'] for d in draws):.0f}), "
          f"precision {statistics.mean(d['precision'] for d in draws):.2f} (least "
          f"{min(d['precision'] for d in draws):.2f}) |")
    for name in draws[0]["filters"]:
        found = [100 * d["filters"][name]["found"] for d in draws]
        precision = [d["filters"][name]["precision"] for d in draws]
        print(f"| the same, filter {name} | found {min(found):.0f} to {max(found):.0f} %, precision {min(precision):.2f} to "
              f"{max(precision):.2f} |")
    rates = [d["rate"] for d in draws]
    print(f"| its 95 % interval of the share of wrong seeds holds the true one | "
          f"{sum(r['low'] <= share <= r['high'] for r in rates)} of {len(draws)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kith", default="build/release/src/app/kith")
    parser.add_argument("--fashion", default="data/fashion.h5")
    parser.add_argument("--work", default="run/qa_check")
    parser.add_argument("--method", default="cells", help="knn.method")
    parser.add_argument("--first-draw", type=int, default=0)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--per-class", type=int, default=50, help="seeds a class: 50 make 500 known labels")
    parser.add_argument("--wrong", type=float, default=0.1, help="share of the seeds made wrong")
    parser.add_argument("--wrong-draws", type=int, default=10)
    parser.add_argument("--ranks", type=int, default=2)
    args = parser.parse_args()

    args.first = None
    args.corpus = os.path.join(args.work, "corpus.h5")
    os.makedirs(args.work, exist_ok=True)
    with h5py.File(args.fashion) as file:
        truth = numpy.maximum(file["labels"][...], file["gold"][...])
        classes = len(file["classes"])
        if not os.path.exists(args.corpus):
            with h5py.File(args.corpus, "w") as made:
                made["embeddings"] = file["embeddings"][...]
                made["classes"] = file["classes"][...]
                made["truth"] = truth
    draws = []
    for draw in range(args.first_draw, args.first_draw + args.draws):
        directory, report = run_draw(args, f"draw-{draw}", choose_seeds(truth, args.per_class, draw))
        draws.append(check_estimates(directory, report, truth))
        print(draw, json.dumps(draws[-1]), flush=True)
    noisy = []
    for draw in range(args.first_draw, args.first_draw + args.wrong_draws):
        seeds = choose_seeds(truth, args.per_class, draw)
        wrong = make_wrong(seeds, args.wrong, classes, draw)
        noisy.append(check_seeds(*run_draw(args, f"wrong-{draw}", seeds), wrong))
        print("wrong", draw, json.dumps(noisy[-1]), flush=True)
    print(f"\n| promise, with {args.per_class} seeds a class | kept |\n| --- | --- |")
    if draws:
        print_estimates(draws)
    if noisy:
        print_noisy(noisy, args.wrong)


if __name__ == "__main__":
    main()
