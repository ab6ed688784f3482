#!/usr/bin/python3
"""kith votes on made votes of known truth, large: seconds, peak memory, accuracy.

  perf/votes_scale.py rules --items 10000000      50 rules for one of 10 classes each, that cover 14 % of the items
  perf/votes_scale.py answers --items 1000000     5 answers an item by 10,000 annotators, 10 classes; --times dates too

Makes the input in --folder (rules: about 105 bytes an item; removed again), runs KITH votes on one rank with the threads
that OMP_NUM_THREADS says, and prints one CSV line a run. Exit status 1: a run failed. Debian's python3, h5py, numpy."""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KITH = os.environ.get("KITH", os.path.join(ROOT, "build", "release", "src", "app", "kith"))
CLASSES, RULES, ANNOTATORS, EACH, BLOCK = 10, 50, 10_000, 5, 500_000


def blocks(items):
    return [(first, min(BLOCK, items - first)) for first in range(0, items, BLOCK)]


def make_rules(folder, items, _times):
    """A rule votes its class on 0.3 % of all items; 50 to 90 % of these are of the class."""
    random = numpy.random.default_rng(0)
    of_rule, right = random.integers(0, CLASSES, RULES), random.uniform(0.5, 0.9, RULES)
    path = os.path.join(folder, "rules.h5")
    with h5py.File(path, "w") as file:
        file["embeddings"] = numpy.ones((items, 1), numpy.uint8)
        votes = file.create_dataset("votes", (items, RULES), "i2")
        gold = file.create_dataset("gold", (items,), "i4")
        for first, count in blocks(items):
            truth = random.integers(0, CLASSES, count)
            block = numpy.full((count, RULES), -1, "i2")
            for rule in range(RULES):
                own = truth == of_rule[rule]
                share = 0.003 * numpy.where(own, right[rule] * CLASSES, (1 - right[rule]) * CLASSES / (CLASSES - 1))
                block[random.random(count) < share, rule] = of_rule[rule]
            votes[first:first + count], gold[first:first + count] = block, truth
    return ["--corpus.files", path, "--corpus.votes", "/votes", "--corpus.gold", "/gold"]


def make_answers(folder, items, times):
    """An annotator is right on 40 to 95 % of its items, and guesses on the others."""
    random = numpy.random.default_rng(1)
    skill, truth = random.uniform(0.4, 0.95, ANNOTATORS), random.integers(0, CLASSES, items)
    answers, gold = os.path.join(folder, "answers.csv"), os.path.join(folder, "truth.csv")
    with open(gold, "w", encoding="utf-8") as file:
        file.write("item,label\n" + "".join(f"{item},{label}\n" for item, label in enumerate(truth)))
    with open(answers, "w", encoding="utf-8") as file:
        file.write("item,annotator,label" + (",time" if times else "") + "\n")
        for first, count in blocks(items * EACH):
            item, who = numpy.arange(first, first + count) // EACH, random.integers(0, ANNOTATORS, count)
            label = numpy.where(random.random(count) < skill[who], truth[item], random.integers(0, CLASSES, count))
            when = [f",{date}" for date in numpy.datetime64("2024-01-01T00:00:00") + item] if times else [""] * count
            file.writelines(f"{i},w{w},{k}{t}\n" for i, w, k, t in zip(item, who, label, when))
    return ["--corpus.answers", answers, "--gold", gold]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["rules", "answers"])
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--times", action="store_true", help="answers: with dates")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--folder", help="where the input is made; else a temporary one")
    options = parser.parse_args()
    print("kind,items,times,seconds,peak_mib,method,accuracy,macro_f1")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        make = make_rules if options.kind == "rules" else make_answers
        arguments = make(folder, options.items, options.times)
        for repeat in range(options.repeats):
            report_path = os.path.join(folder, f"votes{repeat}.json")
            began = time.monotonic()
            subprocess.run([KITH, "votes", *arguments, "--json", report_path], check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - began
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            with open(report_path, encoding="utf-8") as file:
                report = json.load(file)
            method = report["choice"]["method"]
            accuracy = next(model["accuracy"] for model in report["models"] if model["method"] == method)
            print(f"{options.kind},{options.items},{int(options.times)},{seconds:.1f},{peak:.0f},{method},"
                  f"{accuracy['value']:.4f},{accuracy['macro_f1']:.4f}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"votes_scale.py: {error}")
