#!/usr/bin/python3
"""`kith run` on the labels of another corpus ([reference]), and what as many labels of the corpus itself are worth.

  perf/transfer.py --of glosses=glosses-verbs.h5:gold --draws 0:10

--of: an HDF5 file with embeddings and gold (-1: left out), or digits, fashion or fashion-uneven, as label_quality.py has
them. Its odd rows are the reference; its even rows are the corpus, of which each class keeps a share drawn from 0.1 to 1
(log-uniform), so that class shares differ. Half of the corpus is judged, the same items in all runs; the other half, M
items, may be labeled. A draw is a seed of the thinning, the halves and the labels. Accuracy of the judged items in %:

  reference M        kith run without a label of the corpus, from M labels of the reference (reference.items)
  labels M           kith run from M labels of the corpus
  heads M            scikit-learn's LDA with shrinkage and logistic regression (C = 1) from M labels of the corpus
  heads, reference M the same from M labels of the reference
  labels N           kith run from N labels of the corpus (--few)
  both N             kith run from these and all labels of the reference

--csv has the numbers. Keys of kith may follow --. Needs Debian's python3-h5py and python3-sklearn. Exit status 1: a run of
kith failed.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import warnings

import h5py
import numpy
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from quality_corpora import BUILT_IN

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KITH = os.environ.get("KITH", os.path.join(ROOT, "build", "release", "src", "app", "kith"))


class Pair:
    """A reference, and a corpus of other class shares."""

    def __init__(self, vectors, gold, draw, metric):
        random = numpy.random.RandomState(draw)
        self.num_classes, self.metric = int(gold.max()) + 1, metric
        self.reference, self.reference_gold = vectors[1::2], gold[1::2]
        kept = numpy.exp(random.uniform(numpy.log(0.1), 0, self.num_classes))
        rows = numpy.flatnonzero(random.uniform(size=len(gold[::2])) < kept[gold[::2]])
        self.vectors, self.gold = vectors[::2][rows], gold[::2][rows]
        order = random.permutation(len(rows))
        self.judged, self.open = numpy.sort(order[: len(rows) // 2]), order[len(rows) // 2:]
        self.some = random.permutation(len(self.reference))[: len(self.open)]

    def write(self, folder, labeled):
        labels = numpy.full(len(self.gold), -1, "i4")
        labels[labeled] = self.gold[labeled]
        names = [f"class{k}" for k in range(self.num_classes)]
        with h5py.File(os.path.join(folder, "corpus.h5"), "w") as file:
            file["embeddings"], file["labels"], file["classes"], file["gold"] = self.vectors, labels, names, self.gold.astype("i4")
        with h5py.File(os.path.join(folder, "reference.h5"), "w") as file:
            file["embeddings"], file["labels"], file["classes"] = self.reference, self.reference_gold.astype("i4"), names

    def score(self, labels):
        return float((labels == self.gold)[self.judged].mean())

    def kith(self, labeled, reference_items, keys):
        """The accuracy, and the report."""
        with tempfile.TemporaryDirectory() as folder:
            self.write(folder, labeled)
            run = os.path.join(folder, "run")
            command = [KITH, "run", "--run.directory", run, "--corpus.files", os.path.join(folder, "corpus.h5"),
                       "--corpus.metric", self.metric, "--corpus.allow_missing_classes", "yes"]
            if len(labeled):
                command += ["--corpus.labels", "/labels", "--corpus.seed_design", "random"]
            if reference_items:
                command += ["--reference.files", os.path.join(folder, "reference.h5"), "--reference.labels", "/labels",
                            "--reference.items", str(reference_items)]
            done = subprocess.run([*command, *keys], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                sys.exit(done.stderr)
            with h5py.File(os.path.join(run, "labels.h5")) as file:
                best = file["best"][:]
            with open(os.path.join(run, "report.json"), encoding="utf-8") as file:
                return self.score(best), json.load(file)

    def heads(self, vectors, labels):
        def scaled(rows):
            rows = rows.astype(numpy.float32)
            if self.metric == "cosine":
                return rows / numpy.maximum(1e-9, numpy.linalg.norm(rows, axis=1, keepdims=True))
            return rows / max(1e-9, numpy.abs(self.vectors).max())
        for name, model in (("LDA", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")),
                            ("logistic regression", LogisticRegression(C=1, max_iter=200))):
            yield name, self.score(model.fit(scaled(vectors), labels).predict(scaled(self.vectors)))

    def values(self, few, keys):
        none, many = [], len(self.open)
        yield "M", many
        yield "reference M", self.kith(none, many, keys)[0]
        yield "labels M", self.kith(self.open, 0, keys)[0]
        yield from ((f"{name} M", value) for name, value in self.heads(self.vectors[self.open], self.gold[self.open]))
        for name, value in self.heads(self.reference[self.some], self.reference_gold[self.some]):
            yield f"{name}, reference M", value
        yield f"labels {few}", self.kith(self.open[:few], 0, keys)[0]
        accuracy, report = self.kith(self.open[:few], len(self.reference), keys)
        yield f"both {few}", accuracy
        yield "weight of the reference", report["reference"]["weight"]["weight"]
        stated = report["consensus"]["corpus"]["accuracy"]
        if stated["value"] is not None:
            yield "said", stated["value"]
            yield "from", stated["low"]
            yield "to", stated["high"]


def open_corpus(text):
    name, _, source = text.partition("=")
    if name in BUILT_IN and not source:
        vectors, gold, _ = BUILT_IN[name]()
        return name, vectors, gold.astype(int)
    path, gold_name = source.rsplit(":", 1)
    with h5py.File(path) as file:
        gold = file[gold_name][:].astype(int)
        rows = numpy.flatnonzero(gold >= 0)
        return name, file["embeddings"][:][rows], gold[rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", action="append", required=True, metavar="NAME=FILE:GOLD|NAME")
    parser.add_argument("--draws", default="0:3", metavar="A:B")
    parser.add_argument("--few", type=int, default=300, metavar="N")
    parser.add_argument("--metric", default="cosine", choices=["cosine", "l2"])
    parser.add_argument("--csv", help="write the numbers here")
    parser.add_argument("keys", nargs="*", metavar="-- KEYS", help="for kith run")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    first, last = (int(number) for number in arguments.draws.split(":"))
    lines = []
    for text in arguments.of:
        name, vectors, gold = open_corpus(text)
        for draw in range(first, last):
            values = [*Pair(vectors, gold, draw, arguments.metric).values(arguments.few, arguments.keys)]
            lines += [(name, draw, *entry) for entry in values]
            print(f"{name} {draw}: " + ", ".join(f"{what} {value if what == 'M' else round(value * 100, 1)}"
                                                 for what, value in values), flush=True)
    if arguments.csv:
        with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("corpus", "draw", "what", "value"), *lines])


if __name__ == "__main__":
    main()
