"""Label models of `kith votes` beside those of Snorkel and crowd-kit, on votes whose truth is known: a part of
label_quality.py. Accuracy of items that have a vote and a known truth; with two classes F1 of the second one."""
import collections
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

SNORKEL_SEEDS = 5  # its LabelModel starts at random

Votes = collections.namedtuple("Votes", "name matrix answers truth num_classes arguments")
Result = collections.namedtuple("Result", "votes model accuracy f1 seconds")


def arguments_of_columns(path, votes, gold):
    return ["--corpus.files", path, "--corpus.votes", "/" + votes, "--corpus.gold", "/" + gold]


def open_columns(text):
    name, _, source = text.partition("=")
    path, votes, gold = source.rsplit(":", 2)
    with h5py.File(path) as file:
        matrix = file[votes][:].astype(int)
        truth = file[gold][:].astype(int)
        arguments = arguments_of_columns(path, votes, gold)
        if "classes" in file:
            arguments += ["--corpus.classes", "/classes"]
    rows, voters = numpy.nonzero(matrix >= 0)
    answers = list(zip(rows.tolist(), voters.tolist(), matrix[rows, voters].tolist()))
    return Votes(name, matrix, answers, truth, max(matrix.max(), truth.max()) + 1, arguments)


def open_answers(text):
    name, _, source = text.partition("=")
    answers_path, truth_path = source.rsplit(":", 1)
    with open(answers_path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(truth_path, newline="", encoding="utf-8") as file:
        known = {line["item"]: line["label"] for line in csv.DictReader(file)}
    items = sorted({row["item"] for row in rows})
    classes = sorted({row["label"] for row in rows})
    number, code = {item: i for i, item in enumerate(items)}, {label: k for k, label in enumerate(classes)}
    truth = numpy.array([code.get(known.get(item), -1) for item in items])
    answers = [(number[row["item"]], row["annotator"], code[row["label"]]) for row in rows]
    return Votes(name, None, answers, truth, len(classes), ["--corpus.answers", answers_path, "--gold", truth_path])


def score(votes, labels):
    """Accuracy on covered items with a truth; F1 of class 1 of two."""
    covered = numpy.zeros(len(votes.truth), bool)
    covered[[item for item, _, _ in votes.answers]] = True
    judged = covered & (votes.truth >= 0)
    accuracy = float((labels[judged] == votes.truth[judged]).mean())
    if votes.num_classes != 2:
        return accuracy, None
    stated, true = labels[judged] == 1, votes.truth[judged] == 1
    return accuracy, float(2 * (stated & true).sum() / max(1, stated.sum() + true.sum()))


def run_kith(votes, program, keys):
    with tempfile.TemporaryDirectory() as folder:
        report_path = os.path.join(folder, "votes.json")
        began = time.monotonic()
        subprocess.run([program, "votes", *votes.arguments, *keys, "--json", report_path], check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - began
        with open(report_path, encoding="utf-8") as file:
            report = json.load(file)
    for model in report["models"]:
        if model["reason"]:
            yield Result(votes.name, f"kith {model['method']} ({model['reason']})", None, None, None)
            continue
        f1 = model["accuracy"]["classes"][1]["f1"] if votes.num_classes == 2 else None
        chosen = model["method"] == report["choice"]["method"]
        yield Result(votes.name, "kith " + model["method"] + (" (chosen)" if chosen else ""),
                     model["accuracy"]["value"], f1, seconds if chosen else None)


def run_snorkel(votes):
    from snorkel.labeling.model import LabelModel
    accuracies, f1s, began = [], [], time.monotonic()
    for repeat in range(SNORKEL_SEEDS):
        model = LabelModel(cardinality=votes.num_classes, verbose=False)
        model.fit(votes.matrix, n_epochs=500, seed=repeat)
        accuracy, f1 = score(votes, model.predict_proba(votes.matrix).argmax(1))
        accuracies.append(accuracy)
        f1s.append(f1)
    f1 = float(numpy.mean(f1s)) if f1s[0] is not None else None
    yield Result(votes.name, "snorkel LabelModel", float(numpy.mean(accuracies)), f1,
                 (time.monotonic() - began) / SNORKEL_SEEDS)


def run_crowdkit(votes):
    import pandas
    from crowdkit.aggregation import DawidSkene, MACE, MajorityVote, OneCoinDawidSkene
    frame = pandas.DataFrame(votes.answers, columns=["task", "worker", "label"])
    models = [("majority", MajorityVote()), ("dawid_skene", DawidSkene(n_iter=100)),
              ("one_coin", OneCoinDawidSkene(n_iter=100)), ("MACE", MACE(random_state=0))]
    for name, model in models:
        began = time.monotonic()
        series = model.fit_predict(frame)
        labels = numpy.full(len(votes.truth), -1)
        labels[series.index.to_numpy()] = series.to_numpy()
        yield Result(votes.name, "crowd-kit " + name, *score(votes, labels), time.monotonic() - began)


def all_results(votes, program, keys):
    yield from run_kith(votes, program, keys)
    try:
        yield from run_crowdkit(votes)
    except ImportError as missing:
        print(f"crowd-kit left out: {missing}", file=sys.stderr)
    if votes.matrix is not None:
        try:
            yield from run_snorkel(votes)
        except ImportError as missing:
            print(f"Snorkel left out: {missing}", file=sys.stderr)


def make_table(columns, answers, program, keys):
    """Markdown. columns: NAME=FILE:VOTES:GOLD; answers: NAME=ANSWERS:TRUTH; keys: for kith votes. Peers that this
    Python lacks are left out; Snorkel's wants a dense matrix and takes no part in answers."""
    sources = [open_columns(text) for text in columns] + [open_answers(text) for text in answers]
    lines = ["| votes | model | accuracy | F1 | seconds |", "| --- | --- | --- | --- | --- |"]
    for one in (result for votes in sources for result in all_results(votes, program, keys)):
        percents = ["-" if share is None else f"{share * 100:.2f}" for share in (one.accuracy, one.f1)]
        lines.append(f"| {one.votes} | {one.model} | {' | '.join(percents)} | "
                     f"{'-' if one.seconds is None else f'{one.seconds:.2f}'} |")
    return "\n".join(lines) + "\n"
