#!/usr/bin/python3
"""Plays a person who answers the program's questions from gold, round by round: accuracy against labels asked.

  perf/review_simulation.py --corpus glosses=glosses-verbs.h5 --corpus fashion --draws 0:10 -- --corpus.metric cosine

Every corpus x draw x strategy of `kith review export --queue`: starts with --start seeds a class, drawn class by class
as label_quality.py draws them, then asks until --labels. Each round is `kith review export`, a table filled in from the
gold, `kith review import`, and `kith run` on what is known by then. The program does not see the gold. Accuracy: of the
label before abstaining, on all items with gold that were never asked about.

Prints a table of means, and with how many labels each strategy first has the accuracy that `random` ends with, draw by
draw. All numbers are in --csv; what is there for this program, by its hash, and these options is not done again.
"""
import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys

import h5py
import numpy

from label_quality import Lines, parse_corpus, parse_draws
from quality_corpora import ROOT, draw_seeds, open_corpus

KEY = ["program", "options", "corpus_id", "start", "labels_list", "draw", "strategy", "labels"]


def run(command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")


class Player:
    """One person: a strategy on one draw of a corpus."""

    def __init__(self, args, corpus, draw, strategy):
        self.args, self.corpus, self.strategy = args, corpus, strategy
        self.directory = os.path.abspath(os.path.join(args.work, args.hash, f"{corpus.name}-{corpus.id}"))
        os.makedirs(self.directory, exist_ok=True)
        self.known = list(draw_seeds(corpus, "by-class", args.start, draw))
        for name in ("reviews.csv", "queue.csv"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        with open(self.path("seeds.csv"), "w", encoding="utf-8") as file:
            file.write("row,label\n" + "".join(f"{row},{corpus.gold[row]}\n" for row in self.known))
        with open(self.path("classes.txt"), "w", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in corpus.class_names))

    def path(self, name):
        return os.path.join(self.directory, name)

    def kith(self, *words):
        options = {"run.directory": "run", "run.seed": str(self.args.run_seed), "corpus.files": self.corpus.path,
                   "corpus.embeddings": self.corpus.embeddings, "corpus.seeds": "seeds.csv", "corpus.reviews": "reviews.csv",
                   "corpus.classes": "classes.txt", "run.threads": str(self.args.threads)}
        given = [f"--{name}={value}" for name, value in options.items()]
        run([os.path.abspath(self.args.program), *words, *given, *self.args.program_options], self.directory)

    def ask(self, count):
        """One round: what is asked, answered by the gold."""
        if os.path.exists(self.path("queue.csv")):
            os.remove(self.path("queue.csv"))
        self.kith("review", "export", "--queue", str(count), "--strategy", self.strategy, "--file", "queue.csv")
        with open(self.path("queue.csv"), newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        with open(self.path("queue.csv"), "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, lines[0].keys())
            writer.writeheader()
            for line in lines:
                gold = self.corpus.gold[int(line["row"])]
                writer.writerow({**line, "label": "?" if gold < 0 else self.corpus.class_names[gold]})
        self.kith("review", "import", "--file", "queue.csv", "--annotator", "gold")
        self.known += [int(line["row"]) for line in lines]

    def accuracy(self):
        self.kith("qa")
        judged = self.corpus.judged(numpy.array(self.known))
        with h5py.File(self.path("run/labels.h5"), "r") as file:
            best = file["best"][:]
        return float(numpy.mean(best[judged] == self.corpus.gold[judged]))


def play(args, corpus, draw, strategy, lines):
    """Accuracy at each number of labels."""
    key = {"program": args.hash, "options": args.options, "corpus_id": corpus.id, "start": args.start,
           "labels_list": " ".join(map(str, args.labels)), "draw": draw, "strategy": strategy}
    if lines.find({**key, "labels": args.labels[-1]}) is None:
        player = Player(args, corpus, draw, strategy)
        for labels in args.labels:
            if labels > len(player.known):
                player.ask(labels - len(player.known))
            lines.add({**key, "labels": labels, "corpus": corpus.name, "accuracy": player.accuracy()})
        print(f"corpus={corpus.name} draw={draw} strategy={strategy} labels={args.labels[-1]} "
              f"accuracy={player.accuracy():.4f}", file=sys.stderr, flush=True)
    return [float(lines.find({**key, "labels": labels})["accuracy"]) for labels in args.labels]


def labels_needed(counts, accuracies, goal):
    """The first number of labels, between two rounds by the line between them, from which the accuracy is `goal`."""
    for i, accuracy in enumerate(accuracies):
        if accuracy >= goal:
            if i == 0:
                return float(counts[0])
            before = accuracies[i - 1]
            return counts[i - 1] + (counts[i] - counts[i - 1]) * (goal - before) / (accuracy - before)
    return None


def table(args, curves):
    text = "| corpus | strategy | " + " | ".join(map(str, args.labels)) + " | labels to what random ends with |\n"
    text += "| --- " * (len(args.labels) + 3) + "|\n"
    for (corpus, strategy), draws in curves.items():
        means = 100 * numpy.mean(list(draws.values()), axis=0)
        goals = {draw: curve[-1] for draw, curve in curves.get((corpus, "random"), {}).items()}
        needed = [labels_needed(args.labels, curve, goals[draw]) for draw, curve in draws.items() if draw in goals]
        reached = [value for value in needed if value is not None]
        end = f"{numpy.mean(reached):.0f} (in {len(reached)} of {len(needed)} draws)" if reached else "-"
        text += f"| {corpus} | {strategy} | " + " | ".join(f"{mean:.1f}" for mean in means) + f" | {end} |\n"
    return text


def parse_arguments():
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="After -- : options of the program, for every run.")
    parser.add_argument("--corpus", type=parse_corpus, action="append", required=True,
                        help="NAME=FILE[:embeddings[:gold]], or digits, fashion, fashion-uneven; may be repeated")
    parser.add_argument("--strategy", nargs="+", default=["random", "margin", "coverage"])
    parser.add_argument("--labels", type=int, nargs="+", default=[50, 100, 150, 200, 250, 300, 400, 500])
    parser.add_argument("--start", type=int, default=2, help="seeds a class")
    parser.add_argument("--draws", type=parse_draws, default=range(0, 10), metavar="A:B", help="A to B - 1")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "src", "app", "kith"))
    parser.add_argument("--run-seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", default="run/review_simulation", help="folder of the runs")
    parser.add_argument("--csv", help="default: simulation.csv in the folder of the runs")
    args = parser.parse_args(given[:at])
    args.program_options = given[at + 1:]
    args.options = " ".join(args.program_options)
    with open(args.program, "rb") as file:
        args.hash = hashlib.sha256(file.read()).hexdigest()[:12]
    os.makedirs(args.work, exist_ok=True)
    args.csv = args.csv or os.path.join(args.work, "simulation.csv")
    return args


def main():
    args = parse_arguments()
    lines = Lines(args.csv, KEY)
    curves = {}
    for text in args.corpus:
        corpus = open_corpus(text, args.work)
        for draw in args.draws:
            for strategy in args.strategy:
                curve = play(args, corpus, draw, strategy, lines)
                curves.setdefault((corpus.name, strategy), {})[draw] = curve
        shutil.rmtree(os.path.join(args.work, args.hash, f"{corpus.name}-{corpus.id}"), ignore_errors=True)
    print(table(args, curves), end="")


if __name__ == "__main__":
    main()
