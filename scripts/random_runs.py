#!/usr/bin/python3
"""Small random corpora and settings, each run by the real program on several numbers of ranks.

    scripts/random_runs.py --seeds 0:2000 --time-limit 3600

Of each seed the results must be the same bytes on all numbers of ranks, or the same one sentence with exit status 1.
Anything else is a failure: a run that does not end, an abort, a difference. It is printed with the command that
repeats it, and the exit status is 1. Ranks compare the collectives that they enter. Debian's python3, h5py, numpy."""
import argparse
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "app"))
os.environ.setdefault("KITH_PROGRAM", os.path.join(ROOT, "build", "release", "src", "app", "kith"))
import kith_runner as kith  # noqa: E402: needs the variable
from random_reference import add_reference  # noqa: E402
from random_vectors import SHAPES, TYPES, as_type, blobs  # noqa: E402

SECONDS_PER_RUN = 120
MOST_RANKS = 12
NOT_COMPARED = ("manifest.json", "report.html")  # they name times, hosts and ranks


class Case:
    """All that a seed stands for: a folder with a corpus and run.ini, and numbers of ranks."""

    def __init__(self, seed, directory):
        self.seed = seed
        self.random = numpy.random.RandomState(seed)
        self.directory = directory
        self.settings = collections.defaultdict(dict)
        few, more = self.random.randint(2, 5), self.random.randint(5, MOST_RANKS + 1)
        self.ranks = [1, few, self.pick([few + 1, more])]
        self.threads = self.pick([1, 1, 1, 2])
        self.many_classes = self.chance(0.15)
        self.num_classes = self.random.randint(65, 90) if self.many_classes else self.random.randint(2, 7)
        self.num_items = self.random.randint(200, 500) if self.many_classes else self.draw_items()
        self.has_probs = self.chance(0.35)
        self.write_corpus()
        self.choose_options()
        self.choose_members()
        self.drop_seeds()
        add_reference(self)
        self.write_ini()

    def pick(self, choices):
        return choices[self.random.randint(len(choices))]

    def chance(self, share):
        return self.random.uniform() < share

    def draw_items(self):
        return self.random.randint(3, 40) if self.chance(0.12) else self.random.randint(60, 500)

    def write_corpus(self):
        self.shape = self.pick(SHAPES)
        dim = 1 if self.chance(0.1) else self.random.randint(2, 24)
        dtype = self.pick(TYPES)
        truth = self.random.permutation(numpy.arange(self.num_items) % self.num_classes)
        vectors = as_type(self.shape(self.random, truth, dim), dtype)
        columns = {"embeddings": vectors, "gold": numpy.where(self.random.uniform(size=len(truth)) < 0.5, truth, -1)}
        seeded = self.draw_seeds(truth)
        columns["labels"] = numpy.where(numpy.isin(numpy.arange(len(truth)), seeded), truth, -1)
        if self.chance(0.3):
            columns["ids"] = numpy.arange(len(truth), dtype="i8") * 7 + 1000
        if self.chance(0.3):
            columns["votes"] = self.draw_votes(truth)
        if self.chance(0.3):
            columns["site"] = self.random.randint(-1, 4, len(truth)).astype("i2")
        if self.chance(0.2):
            columns["other"] = blobs(self.random, truth, 5).astype("f4")
        probs = self.random.dirichlet(numpy.ones(self.num_classes), len(truth)).astype("f4")
        self.columns = columns
        cuts = sorted(self.random.randint(0, len(truth) + 1, self.pick([0, 0, 1, 2])).tolist())
        for part, (first, last) in enumerate(zip([0, *cuts], [*cuts, len(truth)])):
            if first < last:
                self.write_file(part, {name: rows[first:last] for name, rows in columns.items()}, probs[first:last])
        self.write_seed_file(seeded, truth)
        self.dtype, self.dim = dtype, dim

    def draw_seeds(self, truth):
        if self.chance(0.15):  # the first items of the corpus, perhaps of few classes
            return numpy.arange(min(len(truth), self.random.randint(1, 60)))
        each = self.random.randint(1, 3 if self.many_classes else 9)
        return numpy.concatenate([self.random.permutation(numpy.flatnonzero(truth == label))[:each]
                                  for label in range(self.num_classes)])

    def draw_votes(self, truth):
        is_right = self.random.uniform(size=(len(truth), 3)) < 0.7
        return numpy.where(is_right, truth[:, None], self.random.randint(-1, self.num_classes, (len(truth), 3))).astype("i2")

    def write_file(self, part, columns, probs):
        with h5py.File(os.path.join(self.directory, f"corpus{part}.h5"), "w") as file:
            for name, rows in columns.items():
                layout = {"chunks": (min(len(rows), 64), *rows.shape[1:]), "compression": "gzip"}
                file.create_dataset(name, data=rows, **(layout if self.chance(0.3) else {}))
            file["classes"] = [f"class{label}" for label in range(self.num_classes)]
            if self.has_probs:
                file.create_group("probs")["net"] = probs

    def write_seed_file(self, seeded, truth):
        corpus = self.settings["corpus"]
        corpus["labels"] = "/labels"
        if self.chance(0.3):  # beside the column: weights, or several labels of a row
            soft = self.chance(0.5)
            corpus["soft_seeds"] = "yes" if soft else "no"
            corpus["seeds"] = os.path.join(self.directory, "seeds.csv")
            del corpus["labels"]
            with open(corpus["seeds"], "w", encoding="utf-8") as file:
                file.write("row,label,weight\n")
                for row in seeded:
                    file.write(f"{row},{truth[row]},{self.random.uniform(0.1, 3):.3f}\n")
                    if soft and self.chance(0.3):
                        file.write(f"{row},{(truth[row] + 1) % self.num_classes},{self.random.uniform(0.1, 1):.3f}\n")

    def choose_options(self):
        settings = self.settings
        settings["run"].update({"directory": os.path.join(self.directory, "run"), "seed": self.random.randint(1000),
                                "memory_per_rank": self.pick(["0", "0", "64KiB", "1MiB"]),
                                "snapshot_minutes": self.pick([10] * 7 + [0])})
        settings["corpus"].update({"seed_design": self.pick(["unknown", "unknown", "random", "by_class"]),
                                   "files": os.path.join(self.directory, "corpus*.h5"), "classes": "/classes",
                                   "metric": self.pick(["l2", "l2", "cosine", "inner_product"]),
                                   "allow_missing_classes": self.pick(["yes", "yes", "yes", "no"])})
        for key, column in (("gold", "gold"), ("votes", "votes"), ("slices", "site")):
            if column in self.columns and self.chance(0.8):
                settings["corpus"][key] = "/" + column
        if self.has_probs:
            settings["corpus"]["probs"] = "/probs"
        settings["cells"]["num_cells"] = self.pick([0, 1, 2, 3, 5, 12, 40])
        settings["cells"]["sample_per_cell"] = self.pick([64, 64, 8, 1])
        settings["knn"].update({"k": self.pick([1, 2, 3, 5, 8, 8, 12]), "method": self.pick(["cells"] * 4 + ["exact"]),
                                "recall_sample": self.pick([0, 50, 1000]), "recall": self.pick([0.5, 0.98, 1])})
        if self.chance(0.5):
            settings["knn"].update({"probes": self.pick([1, 2, 4]), "refine_rounds": self.pick([0, 1, 3])})
        settings["graph"].update({"symmetrize": self.pick(["union", "mean", "mutual"]),
                                  "weights": self.pick(["gaussian", "gaussian", "binary"]),
                                  "scale_neighbor": self.pick([1, 7, 7])})
        settings["ensemble"].update({"folds": self.pick([0, 2, 3, 5, 5]), "outlier_factor": self.pick([0, 1, 4]),
                                     "prior": self.pick(["estimated", "estimated", "seeds", "uniform"])})
        if not self.many_classes:
            settings["ensemble"].update({
                "class_mass": self.pick(["normalize", "none", "bidding", "volume"]),
                "calibration": self.pick(["temperature", "temperature", "vector", "isotonic"]),
                "top_labels": self.pick([0, 0, 0, 0, 0, 3])})
        settings["qa"].update({"bootstrap_draws": self.pick([0, 20]), "max_patterns": self.pick([1, 1000, 1000000]),
                               "seed_filter": self.pick(["likely_wrong", "both", "confident_learning"]),
                               "audit_allocation": self.pick(["proportional", "neyman", "per_class"])})

    def choose_members(self):
        if "other" in self.columns:
            self.settings["graph.side"].update({"dataset": "/other", "k": self.pick([0, 2, 4])})
        keeps_few = self.many_classes or 0 < self.settings["ensemble"].get("top_labels", 0) < self.num_classes
        saves_all = self.settings["run"]["snapshot_minutes"] == 0  # after every check, which takes its time
        for number in range(0 if self.chance(0.3) and not saves_all else self.random.randint(1, 5)):
            member = self.draw_sparse_member() if keeps_few else self.draw_member()
            member["max_sweeps"] = min(member["max_sweeps"], 10) if saves_all else member["max_sweeps"]
            self.settings[f"member.m{number}"] = member
        if keeps_few and self.chance(0.9):
            for key in ("class_mass", "calibration"):
                self.settings["ensemble"].pop(key, None)
        self.add_heads(smooths=not keeps_few)

    def add_heads(self, smooths):
        """Beside members of the graph, drawn apart from all else."""
        random = numpy.random.RandomState(self.seed + (1 << 20))
        if not any(name.startswith("member.") for name in self.settings) or random.uniform() < 0.5:
            return
        for number in range(random.randint(1, 4)):
            head = {"method": ["softmax_regression", "lda", "prototypes", "nearest_seed_vectors"][random.randint(4)]}
            head["class_weights"] = ["none", "balanced"][random.randint(2)]
            if "graph.side" in self.settings and random.uniform() < 0.3:
                head["graph"] = "side"
            self.settings[f"member.h{number}"] = head
            if smooths and random.uniform() < 0.6:
                method = ["smooth", "correct_smooth"][random.randint(2)]
                self.settings[f"member.s{number}"] = {"method": method, "voter": f"h{number}", "max_sweeps": 20}

    def drop_seeds(self):
        """Class vectors, votes or both in place of seeds; drawn apart from all else."""
        random = numpy.random.RandomState(self.seed + (2 << 20))
        if random.uniform() > 0.1:
            return
        for key in ("labels", "seeds", "soft_seeds"):
            self.settings["corpus"].pop(key, None)
        self.settings["corpus"]["prototypes"] = "/prototypes"
        self.settings["ensemble"]["prior"] = "uniform"  # others need seeds, at least with class_mass
        for name in (name for name in os.listdir(self.directory) if name.startswith("corpus")):
            with h5py.File(os.path.join(self.directory, name), "a") as file:
                file["prototypes"] = numpy.random.RandomState(self.seed).normal(size=(self.num_classes, self.dim))
        self.settings = {name: keys for name, keys in self.settings.items() if not name.startswith("member.")}
        if "votes" in self.settings["corpus"] and random.uniform() < 0.5:
            del self.settings["corpus"]["prototypes"]
        elif random.uniform() < 0.5:
            self.settings["member.p"] = {"method": "prototypes"}
            if self.has_probs and not self.many_classes:
                self.settings["member.s"] = {"method": "smooth", "voter": "net", "max_sweeps": 20}

    def draw_sparse_member(self):
        method = self.pick(["harmonic", "spreading", "walk", "poisson", "nearest_seed"])
        member = {"method": method, "solver": "sweeps", "max_sweeps": self.pick([3, 10, 400])}
        member["class_mass"] = "none" if method in ("poisson", "nearest_seed") else self.pick(["none", "normalize"])
        return self.add_common(member)

    def draw_member(self):
        methods = ["harmonic", "spreading", "walk", "poisson", "adsorption", "poisson_volume", "wnll", "nearest_seed"]
        method = self.pick(methods + (["correct_smooth"] if self.has_probs else []))
        solvers = {"harmonic": ["sweeps", "conjugate_gradient"], "poisson": ["sweeps", "conjugate_gradient"],
                   "wnll": ["sweeps", "conjugate_gradient"],
                   "spreading": ["sweeps", "chebyshev", "conjugate_gradient"],
                   "walk": ["sweeps", "chebyshev", "conjugate_gradient"]}
        member = {"method": method, "solver": self.pick(solvers.get(method, ["sweeps"])),
                  "max_sweeps": self.pick([3, 30, 300, 2000]), "tolerance": self.pick([1e-4, 1e-6, 0.01])}
        alpha = self.pick([0.5, 0.9, 0.99])
        if method in ("spreading", "walk", "correct_smooth"):
            member["alpha"] = alpha
        member["class_mass"] = self.pick(["none", "volume"] if method == "poisson" else
                                         ["none", "normalize", "bidding", "volume"])
        if method == "correct_smooth":
            member["voter"] = "net"
        if method == "harmonic" and self.chance(0.3):
            member["seed_trust"] = 0.7
        if method == "nearest_seed":
            member["nearest"] = self.pick([1, 3, 8])
        if member["solver"] == "sweeps" and method in ("harmonic", "spreading", "poisson", "wnll", "adsorption"):
            member["early_stop"] = self.pick(["no", "no", "yes"])
        return self.add_common(member)

    def add_common(self, member):
        most = self.settings["knn"]["k"] if self.chance(0.95) else 3
        member.update({"k": self.pick([0, 0, 1, min(3, most)]), "weights": self.pick(["shared", "shared", "binary"]),
                       "bootstrap": self.pick([0, 0, 0, 1]), "weight": self.pick([1, 1, 0.25])})
        if "graph.side" in self.settings and self.chance(0.4):
            member.update({"graph": "side", "k": 0})
        return member

    def write_ini(self):
        self.ini = os.path.join(self.directory, "run.ini")
        with open(self.ini, "w", encoding="utf-8") as file:
            for section, values in self.settings.items():
                file.write(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items()))

    def describe(self):
        members = [values["method"] for name, values in self.settings.items() if name.startswith("member.")]
        return (f"{self.num_items} x {self.dim} {self.dtype} {self.shape.__name__}, {self.num_classes} classes, "
                f"{' '.join(members) or 'default members'}")


def results_of(directory):
    """Digest of every result, by its path in the run directory."""
    digests = {}
    for folder, _, files in os.walk(directory):
        for name in files:
            path = os.path.join(folder, name)
            if name not in NOT_COMPARED:
                digests[os.path.relpath(path, directory)] = kith.digest(path)
    return digests


def run_once(case, ranks, seconds):
    """What a run came to: its exit status, its sentences, and its results if it ended well."""
    try:
        done = kith.run(["run", "-c", case.ini], ranks, case.threads, seconds,
                        variables={"KITH_CHECK_COLLECTIVES": "1", "OMP_WAIT_POLICY": "passive"})
    except subprocess.TimeoutExpired:
        return "does not end", [], {}
    said = [line for line in done.stderr.splitlines() if line.startswith("kith: ")]
    directory = case.settings["run"]["directory"]
    results = results_of(directory) if done.returncode == 0 else {}
    if os.path.isdir(directory):
        os.rename(directory, f"{directory}_{ranks}")
    with open(os.path.join(case.directory, f"log_{ranks}"), "w", encoding="utf-8") as file:
        file.write(done.stderr)
    return done.returncode, said, results


def judge(runs):
    """What is wrong with the runs of a case, or nothing. runs: number of ranks to outcome."""
    (first, (status, said, results)), *others = runs.items()
    for ranks, outcome in runs.items():
        if outcome[0] not in (0, 1) or (outcome[0] == 1 and len(outcome[1]) != 1):
            return f"{ranks} ranks: exit status {outcome[0]}: {' / '.join(outcome[1])[:400]}"
    for ranks, outcome in others:
        if (outcome[0], outcome[1]) != (status, said):
            return f"{first} and {ranks} ranks: exit status {status} and {outcome[0]}: {said} {outcome[1]}"
        differing = sorted(name for name in {*results, *outcome[2]} if results.get(name) != outcome[2].get(name))
        if differing:
            return f"{first} and {ranks} ranks differ in {', '.join(differing)}"
    return ""


def try_seed(seed, directory, seconds):
    """Runs a seed's case on its numbers of ranks; returns the case, what went wrong, and the exit status."""
    case = Case(seed, directory)
    runs = {ranks: run_once(case, ranks, seconds) for ranks in case.ranks}
    return case, judge(runs), runs[1][0], runs[1][1]


def parse_seeds(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last) if last else int(first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=parse_seeds, action="append", required=True, metavar="A[:B]",
                        help="A, or from A up to but not B; may be given several times")
    parser.add_argument("--time-limit", type=float, default=float("inf"), help="seconds after which no seed begins")
    parser.add_argument("--run-limit", type=float, default=SECONDS_PER_RUN, help="seconds that one run may take")
    parser.add_argument("--keep", metavar="FOLDER", help="leave every failure's corpus and runs here")
    parser.add_argument("--verbose", action="store_true", help="one line a seed")
    options = parser.parse_args()
    start = time.monotonic()
    outcomes = collections.Counter()
    failed = []
    for seed in (seed for seeds in options.seeds for seed in seeds):
        if time.monotonic() - start > options.time_limit:
            print(f"time is up before seed {seed}")
            break
        with tempfile.TemporaryDirectory(prefix="kith_random_") as directory:
            case, wrong, status, said = try_seed(seed, directory, options.run_limit)
            outcomes["failure" if wrong else f"exit status {status}"] += 1
            if options.verbose:
                print(f"seed {seed}: {case.describe()}, ranks {case.ranks}: exit status {status} {' '.join(said)}",
                      flush=True)
            if wrong:
                failed.append(seed)
                print(f"FAILED seed {seed} ({case.describe()}): {wrong}\n"
                      f"  repeat: scripts/random_runs.py --seeds {seed} --keep FOLDER", flush=True)
                if options.keep:
                    shutil.copytree(directory, os.path.join(options.keep, str(seed)), dirs_exist_ok=True)
    print(f"{sum(outcomes.values())} seeds, {3 * sum(outcomes.values())} runs in {time.monotonic() - start:.0f} s: "
          + ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())))
    if failed:
        print("failed seeds: " + " ".join(map(str, failed)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
