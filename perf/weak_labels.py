#!/usr/bin/python3
"""`kith run` on votes, without any label or beside some, and what scikit-learn makes of the same.

  perf/weak_labels.py --rules glosses=glosses-verbs.h5:votes:gold --made words=words-verbs.h5:gold --draws 100:103

--rules: an HDF5 file with embeddings, votes N x M (a class, or -1 to abstain) and gold (-1: not judged). --made: a file
with embeddings and gold, or digits, fashion or fashion-uneven, as label_quality.py has them; rules are made at random, two
a class, each of which votes on 3 to 50 % of its class and is right in 35 to 90 % of its votes, its errors in two other
classes; a draw is a seed. Items without gold are left out there. Peers learn from the majority of the votes of an item
(ties at random): logistic regression with C = 1, LDA with shrinkage.

--seeds N: beside votes alone also N labels a class, drawn at random from all items or, with --by-class, class by class,
alone and with the votes (also with votes that only vote, votes.weak_seeds = 0); a draw is a seed for --rules, too. Peers
learn from the labels alone. The accuracy is that of items without a label.

Prints a line a corpus, the accuracy of all items in
%, with --members that of each member of the run; --csv has the numbers. Keys of kith may follow --. Needs Debian's
python3-h5py and python3-sklearn. Exit status 1: a run of kith failed.
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
from sklearn.exceptions import ConvergenceWarning
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from quality_corpora import BUILT_IN

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KITH = os.environ.get("KITH", os.path.join(ROOT, "build", "release", "src", "app", "kith"))
RULES_A_CLASS = 2


class Corpus:
    def __init__(self, name, vectors, votes, gold):
        self.name, self.vectors, self.votes, self.gold = name, vectors, votes, gold
        self.num_classes = int(gold.max()) + 1
        self.covered = (votes >= 0).any(1)
        self.seeds = None

    def draw_seeds(self, count, by_class, draw):
        random = numpy.random.RandomState(draw)
        if by_class:
            of_class = [random.permutation(numpy.flatnonzero(self.gold == k))[:count] for k in range(self.num_classes)]
            rows = numpy.concatenate(of_class)
        else:
            rows = random.permutation(numpy.flatnonzero(self.gold >= 0))[: count * self.num_classes]
        self.seeds = numpy.full(len(self.gold), -1, "i4")
        self.seeds[rows] = self.gold[rows]

    def write(self, path):
        with h5py.File(path, "w") as file:
            file["embeddings"], file["votes"], file["gold"] = self.vectors, self.votes, self.gold.astype("i4")
            if self.seeds is not None:
                file["seeds"] = self.seeds
            file["votes"].attrs["names"] = [f"rule{m}" for m in range(self.votes.shape[1])]
            file["classes"] = [f"class{k}" for k in range(self.num_classes)]

    def score(self, labels):
        known = self.gold >= 0 if self.seeds is None else (self.gold >= 0) & (self.seeds < 0)
        return float((labels == self.gold)[known].mean())


def open_rules(text, draw):
    name, _, source = text.partition("=")
    path, votes, gold = source.rsplit(":", 2)
    with h5py.File(path) as file:
        name = name if draw is None else f"{name} {draw}"
        return Corpus(name, file["embeddings"][:], file[votes][:].astype("i2"), file[gold][:].astype(int))


def make_rules(gold, num_classes, random):
    columns = []
    for rule in range(RULES_A_CLASS * num_classes):
        label = rule // RULES_A_CLASS
        coverage, precision = numpy.exp(random.uniform(numpy.log(0.03), numpy.log(0.5))), random.uniform(0.35, 0.9)
        others = numpy.isin(gold, random.choice([k for k in range(num_classes) if k != label], 2, replace=False))
        wrong = (gold == label).sum() * coverage * (1 - precision) / precision
        chance = numpy.where(gold == label, coverage, numpy.where(others, min(0.6, wrong / max(1, others.sum())), 0))
        columns.append(numpy.where(random.uniform(size=len(gold)) < chance, label, -1))
    return numpy.stack(columns, 1).astype("i2")


def open_made(text, draw):
    name, _, source = text.partition("=")
    if name in BUILT_IN and not source:
        vectors, gold, _ = BUILT_IN[name]()
        return Corpus(f"{name} {draw}", vectors, make_rules(gold, int(gold.max()) + 1, numpy.random.RandomState(draw)), gold)
    path, gold_name = source.rsplit(":", 1)
    with h5py.File(path) as file:
        gold = file[gold_name][:].astype(int)
        rows = numpy.flatnonzero(gold >= 0)
        vectors, gold = file["embeddings"][:][rows], gold[rows]
    votes = make_rules(gold, int(gold.max()) + 1, numpy.random.RandomState(draw))
    return Corpus(f"{name} {draw}", vectors, votes, gold)


def run_kith(corpus, metric, inputs, keys, with_members):
    """Yields what was right of all items that have no label: the consensus, and each member."""
    with tempfile.TemporaryDirectory() as folder:
        corpus.write(os.path.join(folder, "corpus.h5"))
        run = os.path.join(folder, "run")
        command = [KITH, "run", "--run.directory", run, "--corpus.files", os.path.join(folder, "corpus.h5"),
                   "--corpus.gold", "/gold", "--corpus.classes", "/classes", "--corpus.metric", metric,
                   "--corpus.allow_missing_classes", "yes"]
        done = subprocess.run([*command, *inputs, *keys], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{corpus.name}: {done.stderr}")
        with h5py.File(os.path.join(run, "labels.h5")) as file:
            yield "consensus", corpus.score(file["best"][:])
        with open(os.path.join(run, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        stated = report["consensus"]["corpus"]["accuracy"]
        if stated["value"] is not None:
            yield "said", stated["value"]
            yield "from", stated["low"]
            yield "to", stated["high"]
        model = report.get("label_model")
        if model and corpus.seeds is None:
            used = [one for one in model["models"] if one["method"] == model["choice"]["method"]]
            yield f"{used[0]['method']}, items with votes", used[0]["accuracy"]["value"]
        elif model:
            yield "weight of votes", model["weak_seeds"]["weight"]
        for member in report["members"] if with_members else []:
            if member["pool_weight"] > 0:
                yield member["name"], member["gold"]["value"]


def run_all(corpus, metric, keys, with_members):
    votes, seeds = ["--corpus.votes", "/votes"], ["--corpus.labels", "/seeds"]
    runs = {"votes": votes}
    if corpus.seeds is not None:
        runs = {"votes": votes, "seeds": seeds, "both": seeds + votes, "seeds, votes vote": [*seeds, *votes, "--votes.weak_seeds", "0"]}
    for what, inputs in runs.items():
        for name, value in run_kith(corpus, metric, inputs, keys, with_members):
            yield f"{what}: {name}", value


def run_peers(corpus, metric):
    counts = numpy.stack([(corpus.votes == k).sum(1) for k in range(corpus.num_classes)], 1)
    random = numpy.random.RandomState(0)
    labels, known = (counts + random.uniform(0, 0.01, counts.shape)).argmax(1), corpus.covered
    if corpus.seeds is not None:
        labels, known = corpus.seeds, corpus.seeds >= 0
    vectors = corpus.vectors.astype(numpy.float32)
    if metric == "cosine":
        vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    else:
        vectors /= max(1e-9, numpy.abs(vectors).max())
    peers = [("logistic regression", LogisticRegression(C=1, max_iter=200)),
             ("LDA", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))]
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, model in peers:
        yield name, corpus.score(model.fit(vectors[known], labels[known]).predict(vectors))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", action="append", default=[], metavar="NAME=FILE:VOTES:GOLD")
    parser.add_argument("--made", action="append", default=[], metavar="NAME=FILE:GOLD|NAME")
    parser.add_argument("--draws", default="0:3", metavar="A:B", help="of made rules and of labels")
    parser.add_argument("--seeds", type=int, default=0, metavar="N", help="labels a class")
    parser.add_argument("--by-class", action="store_true", help="so many of each class")
    parser.add_argument("--metric", default="cosine", choices=["cosine", "l2"])
    parser.add_argument("--members", action="store_true")
    parser.add_argument("--csv", help="write the numbers here")
    parser.add_argument("keys", nargs="*", metavar="-- KEYS", help="for kith run: -- --votes.method metal")
    arguments = parser.parse_args()
    first, last = (int(number) for number in arguments.draws.split(":"))
    draws = range(first, last)
    corpora = [(open_rules(text, draw), draw) for text in arguments.rules for draw in (draws if arguments.seeds else [None])]
    corpora += [(open_made(text, draw), draw) for text in arguments.made for draw in draws]
    lines = []
    for corpus, draw in corpora:
        if arguments.seeds:
            corpus.draw_seeds(arguments.seeds, arguments.by_class, draw)
        values = [*run_all(corpus, arguments.metric, arguments.keys, arguments.members), *run_peers(corpus, arguments.metric)]
        lines += [(corpus.name, name, value) for name, value in values]
        print(f"{corpus.name}: {corpus.covered.mean() * 100:.1f} % with votes; "
              + ", ".join(f"{name} {value * 100:.1f}" for name, value in values), flush=True)
    if arguments.csv:
        with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("corpus", "method", "accuracy"), *lines])


if __name__ == "__main__":
    main()
