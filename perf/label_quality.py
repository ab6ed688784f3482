#!/usr/bin/python3
"""Labels corpora with the program from few seeds and measures how good the labels are and whether its word holds.

  perf/label_quality.py --corpus digits --corpus mine=mine.h5:embeddings:gold --draws 0:10 -- --corpus.metric cosine

Every corpus x {by-class, at-random} x seeds a class x draws: accuracy and macro-F1 of the consensus, of each member
and, on the same seeds, of scikit-learn's LogisticRegression, LinearDiscriminantAnalysis and LabelSpreading; what the
report promises, and whether it is so. Prints a table and leaves it in --table; all numbers are in --csv.

  perf/label_quality.py --columns rules=mine.h5:votes:gold --answers crowd=answers.csv:truth.csv

Votes: the label models of `kith votes` beside those of crowd-kit and Snorkel (pip install snorkel crowd-kit h5py scipy
scikit-learn threadpoolctl in a venv; what is missing is left out), a table of its own. --columns: an HDF5 file with votes
N x M (a class, or -1 to abstain) and gold (a class, or -1). --answers: a CSV with item, annotator, label, and one with item, label.

Corpora: digits (scikit-learn's, 1,797 x 64), fashion (Debian's dataset-fashion-mnist, 70,000 x 784), fashion-uneven
(fashion with class sizes from 7,000 down to 70), or an HDF5 file with vectors N x d and gold, a class or -1 = not
known, and names of the classes in /classes if it has any.

Seeds: all from RandomState(draw). by-class: the first n of a permutation of each class, class after class; of a class
with fewer than 2 n items, half. at-random: the first n K of a permutation of the items with gold (at most half of
them), not stratified: a class may have no seed, and no item then gets it. Fewer seeds are a part of more.

Judged are all items with gold that are no seeds, by the label before abstaining (`best`); -1 is wrong. The program does
not see the gold. LabelSpreading spreads over the whole corpus; corpora above --largest-spread items go without it.

What is in the CSV for this program, by its hash, and these options is not done again, failed runs apart. Lines of
other programs and options stay. The classifiers' numbers are kept in --peers for all programs. The runs are in --work,
one directory a program and corpus: what does not depend on the seeds is done once. Exit status 1: a run failed.
"""
import argparse
import csv
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys

import h5py
import numpy
from threadpoolctl import threadpool_limits

import label_models
from quality_corpora import BUILT_IN, ROOT, Peers, draw_seeds, open_corpus, score
from quality_table import make_table

KEY = ["program", "options", "corpus", "corpus_id", "design", "seeds", "draw"]
PEER_KEY = ["corpus_id", "design", "seeds", "draw", "peer", "settings"]


class Lines:
    """Lines of a CSV file by their key. Every new line is in the file at once; several processes may share it."""

    def __init__(self, path, key):
        self.path, self.key, self.lines = path, key, {}
        self._read()

    def _read(self):
        if os.path.exists(self.path):
            with open(self.path, newline="", encoding="utf-8") as file:
                for line in csv.DictReader(file):
                    self.lines[self._key_of(line)] = {name: value for name, value in line.items() if value != ""}

    def _key_of(self, line):
        return tuple(str(line[name]) for name in self.key)

    def find(self, key):
        return self.lines.get(self._key_of(key))

    def add(self, line):
        with open(self.path + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read()
            self.lines[self._key_of(line)] = {name: str(value) for name, value in line.items() if value is not None}
            self._write()

    def _write(self):
        names = list(dict.fromkeys(name for line in self.lines.values() for name in line))
        with open(self.path + ".part", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(self.lines.values())
        os.replace(self.path + ".part", self.path)


def run_program(args, corpus, directory, seeds, design):
    """Labels the corpus; returns the report, or raises RuntimeError with the program's sentence."""
    os.makedirs(directory, exist_ok=True)
    paths = {name: os.path.join(directory, name) for name in ("seeds.csv", "classes.txt", "run", "log")}
    with open(paths["seeds.csv"], "w", encoding="utf-8") as file:
        file.write("row,label\n")
        file.writelines(f"{row},{corpus.gold[row]}\n" for row in seeds)
    with open(paths["classes.txt"], "w", encoding="utf-8") as file:
        file.writelines(f"{name}\n" for name in corpus.class_names)
    command = ["mpirun", "-q", "-n", str(args.ranks), args.program, "run", "--run.directory", paths["run"],
               "--corpus.files", corpus.path, "--corpus.embeddings", "/" + corpus.embeddings.strip("/"),
               "--corpus.seeds", paths["seeds.csv"], "--corpus.classes", paths["classes.txt"],
               "--corpus.allow_missing_classes", "yes", "--qa.bootstrap_draws", "0"]
    if args.say_design:
        command += ["--corpus.seed_design", {"by-class": "by_class", "at-random": "random"}[design]]
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
                   "OMPI_MCA_mpi_yield_when_idle": "1", "OMP_NUM_THREADS": str(args.threads), "OPENBLAS_NUM_THREADS": "1"}
    with open(paths["log"], "w", encoding="utf-8") as log:
        status = subprocess.run(command + args.extra, env=environment, check=False, stdout=log, stderr=log).returncode
    if status != 0:
        with open(paths["log"], encoding="utf-8", errors="replace") as log:
            said = [line.strip() for line in log if line.startswith("kith: ")] or ["no sentence"]
        raise RuntimeError(f"exit status {status}: {said[-1]}")
    with open(os.path.join(paths["run"], "report.json"), encoding="utf-8") as file:
        return json.load(file)


def measure_labels(directory, corpus, seeds):
    """Scores of the consensus and of the members, and the rows that are judged."""
    rows = corpus.judged(seeds)
    truth = corpus.gold[rows]
    with h5py.File(os.path.join(directory, "labels.h5"), "r") as file:
        best, votes, status = file["best"][...][rows], file["votes"][...][rows], file["status"][...][rows]
        members, states = file["member_names"].asstr()[...], list(file["status_names"].asstr()[...])
    with h5py.File(os.path.join(directory, "qa.h5"), "r") as file:
        accepted = file["accepted_error"][...][rows]
    found = {"judged": len(rows)}
    found["accuracy"], found["macro_f1"] = score(best, truth)
    for number, name in enumerate(members):
        found[f"own.{name}.accuracy"], found[f"own.{name}.macro_f1"] = score(votes[:, number], truth)
    found["abstained"] = numpy.mean(status == states.index("abstain"))
    return found, {"right": best == truth, "auto": status == states.index("auto"), "accepted": accepted}


def share_and_mean(rows, right):
    """The share of the rows, and how many of them are right, empty if there are none."""
    return float(rows.mean()), float(right[rows].mean()) if rows.any() else None


def measure_promises(report, found, judged):
    """What the report says of the labels that are judged, beside what is true of them."""
    stated = report["consensus"]["corpus"]["accuracy"]
    result = {"stated": None, "stated_low": None, "stated_high": None, "covered": None}
    if stated["value"] is not None:
        result = {"stated": stated["value"], "stated_low": stated["low"], "stated_high": stated["high"],
                  "covered": int(stated["low"] <= found["accuracy"] <= stated["high"])}
    target = float(report["run"]["configuration"]["ensemble.auto_probability"])
    result["auto_probability"] = target
    result["auto_share"], result["auto_accuracy"] = share_and_mean(judged["auto"], judged["right"])
    result["auto_kept"] = int(result["auto_accuracy"] is None or result["auto_accuracy"] >= target)
    kept = []
    for level in report["acceptance"]["levels"]:
        error = level["error"]
        rows = judged["accepted"] <= numpy.float32(error)  # NaN: not accepted
        share, right = share_and_mean(rows, judged["right"])
        result[f"accepted_share@{error}"] = share
        result[f"accepted_error@{error}"] = None if right is None else 1 - right
        kept.append(right is None or 1 - right <= error)
    result["accepted_kept"] = int(all(kept))
    return result


def estimated_shares(report, classes):
    """The report's class shares of the corpus, and whether it says that they are known; none if it states none."""
    corpus = report["consensus"]["corpus"]
    shares = {item["class"]: item["share"] for item in corpus["shares"]}
    found = numpy.array([shares.get(name, 0.0) for name in classes])
    return (found / found.sum(), corpus["shares_known"]) if found.sum() > 0 else (None, None)


def measure_shares(report, corpus, seeds):
    """Total variation of class shares from those of the gold."""
    truth = corpus.shares()

    def distance(shares):
        return float(numpy.abs(shares - truth).sum() / 2)

    of_seeds = numpy.bincount(corpus.gold[seeds], minlength=len(truth)) / len(seeds)
    estimated, known = estimated_shares(report, corpus.class_names)
    return {"gold_share": len(corpus.known) / len(corpus.gold), "tv_seeds": distance(of_seeds),
            "tv_even": distance(numpy.full(len(truth), 1 / len(truth))), "shares_known": known,
            "tv_estimated": None if estimated is None else distance(estimated)}


def measure_run(args, corpus, directory, seeds, design):
    try:
        report = run_program(args, corpus, directory, seeds, design)
    except RuntimeError as error:
        return {"error": str(error)}
    run = os.path.join(directory, "run")
    found, judged = measure_labels(run, corpus, seeds)
    with open(os.path.join(run, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    seconds = {f"seconds.{name}": stage["seconds"] for name, stage in manifest["stages"].items()}
    return {"commit": manifest["build"]["commit"], **found, **measure_promises(report, found, judged),
            **measure_shares(report, corpus, seeds), **seconds}


def measure_peers(peers, cache, corpus, setting, seeds):
    found = {}
    for name, model in peers.models.items():
        key = {"corpus_id": corpus.id, "peer": name, "settings": re.sub(r"\s+", " ", repr(model)), **setting}
        line = cache.find(key)
        if line is None:
            cache.add({**key, **peers.measure(name, seeds)})
            line = cache.find(key)
        found.update({f"peer.{name}.{value}": line.get(value) for value in ("accuracy", "macro_f1", "seconds", "error")})
    return found


def measure_setting(args, lines, cache, corpus, peers, setting):
    """One line, if it is not there; returns it."""
    key = {"program": args.hash, "options": args.options, "corpus": corpus.name, "corpus_id": corpus.id, **setting}
    line = lines.find(key)
    if line is not None and "error" not in line:
        return line
    seeds = draw_seeds(corpus, setting["design"], setting["seeds"], setting["draw"])
    directory = os.path.abspath(os.path.join(args.work, args.hash, f"{corpus.name}-{corpus.id}"))
    found = measure_run(args, corpus, directory, seeds, setting["design"])
    line = {**key, "ranks": args.ranks, "threads": args.threads, "num_seeds": len(seeds), **found,
            **measure_peers(peers, cache, corpus, setting, seeds)}
    lines.add(line)
    said = line.get("error") or f"accuracy={line['accuracy']:.4f}"
    print(" ".join(f"{name}={value}" for name, value in setting.items()), f"corpus={corpus.name}", said,
          file=sys.stderr, flush=True)
    return lines.find(key)


def parse_draws(text):
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise argparse.ArgumentTypeError(f"{text}: must be A:B, two numbers, the first below the second")
    return range(int(first), int(last))


def parse_corpus(text):
    if "=" not in text and text not in BUILT_IN:
        raise argparse.ArgumentTypeError(f"{text}: must be one of {', '.join(BUILT_IN)}, or NAME=FILE")
    return text


def parse_arguments():
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="After -- : options of the program, for every run.")
    parser.add_argument("--corpus", type=parse_corpus, action="append", default=[],
                        help="NAME=FILE[:embeddings[:gold]], or a built-in one; may be repeated")
    parser.add_argument("--columns", action="append", default=[], metavar="NAME=FILE:VOTES:GOLD", help="votes; may be repeated")
    parser.add_argument("--answers", action="append", default=[], metavar="NAME=ANSWERS:TRUTH", help="a long table of votes")
    parser.add_argument("--design", nargs="+", choices=["by-class", "at-random"], default=["by-class", "at-random"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 5, 20, 50], help="seeds a class")
    parser.add_argument("--draws", type=parse_draws, default=range(0, 10), metavar="A:B", help="A to B - 1")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "src", "app", "kith"))
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of a rank, and of scikit-learn")
    parser.add_argument("--say-design", action="store_true", help="pass the design on, as corpus.seed_design")
    parser.add_argument("--largest-spread", type=int, default=100000, help="items, for LabelSpreading")
    parser.add_argument("--work", default="run/label_quality", help="folder of the runs")
    parser.add_argument("--csv", help="default: quality.csv in the folder of the runs")
    parser.add_argument("--peers", help="default: peers.csv in the folder of the runs")
    parser.add_argument("--table", help="Markdown file of the table")
    args = parser.parse_args(given[:at])
    args.extra = given[at + 1:]
    if not (args.corpus or args.columns or args.answers):
        parser.error("nothing to measure: --corpus, --columns or --answers")
    args.options = " ".join((["--say-design"] if args.say_design else []) + args.extra)
    return args


def main():
    args = parse_arguments()
    os.makedirs(args.work, exist_ok=True)
    with open(args.program, "rb") as file:
        args.hash = hashlib.sha256(file.read()).hexdigest()[:12]
    lines = Lines(args.csv or os.path.join(args.work, "quality.csv"), KEY)
    cache = Lines(args.peers or os.path.join(args.work, "peers.csv"), PEER_KEY)
    found = []
    with threadpool_limits(args.threads):
        for text in args.corpus:
            corpus = open_corpus(text, args.work)
            peers = Peers(corpus, args.work, args.largest_spread)
            for design in args.design:
                for seeds in args.seeds:
                    for draw in args.draws:
                        setting = {"design": design, "seeds": seeds, "draw": draw}
                        found.append(measure_setting(args, lines, cache, corpus, peers, setting))
    tables = [make_table(found)] if found else []
    if args.columns or args.answers:
        tables.append(label_models.make_table(args.columns, args.answers, args.program, args.extra))
    table = "\n".join(tables)
    print(table, end="")
    if args.table:
        with open(args.table, "w", encoding="utf-8") as file:
            file.write(table)
    return 1 if any("error" in line for line in found) else 0


if __name__ == "__main__":
    sys.exit(main())
