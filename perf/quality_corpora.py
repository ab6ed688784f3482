"""Corpora with gold for label_quality.py, draws of their seeds, and scikit-learn's classifiers on the same seeds."""
import hashlib
import os
import sys
import time
import warnings

import h5py
import numpy
import scipy.sparse
import sklearn.datasets
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import make_fashion_corpus  # noqa: E402  pylint: disable=wrong-import-position

LARGEST_CLASS, SMALLEST_CLASS = 7000, 70  # of fashion-uneven
SPREADING_NEIGHBORS = 7                   # scikit-learn's default


def digits():
    data = sklearn.datasets.load_digits()
    return data.data.astype(numpy.float32), data.target.astype(numpy.int32), [str(label) for label in range(10)]


def fashion():
    if not os.path.exists(make_fashion_corpus.DATA):
        raise SystemExit(f"{make_fashion_corpus.DATA}: no such folder; install the Debian package dataset-fashion-mnist")
    images, labels = make_fashion_corpus.load()
    return images, labels, make_fashion_corpus.CLASSES


def fashion_uneven():
    """Class k keeps 7000 (70 / 7000)^(k / 9) of its images, chosen by RandomState(0), in their order."""
    images, labels, names = fashion()
    random = numpy.random.RandomState(0)
    rows = []
    for label in range(len(names)):
        items = round(LARGEST_CLASS * (SMALLEST_CLASS / LARGEST_CLASS) ** (label / (len(names) - 1)))
        rows.append(random.permutation(numpy.flatnonzero(labels == label))[:items])
    rows = numpy.sort(numpy.concatenate(rows))
    return images[rows], labels[rows], names


BUILT_IN = {"digits": digits, "fashion": fashion, "fashion-uneven": fashion_uneven}


class Corpus:
    """A file of vectors with gold; -1 there: not known, so neither a seed nor judged."""

    def __init__(self, name, path, embeddings, gold):
        self.name, self.path, self.embeddings = name, path, embeddings
        with h5py.File(path, "r") as file:
            for column in (embeddings, gold):
                if column not in file:
                    raise SystemExit(f"{path}: {column}: no such dataset; give it as {name}=FILE:embeddings:gold")
            self.gold = file[gold][...].astype(numpy.int64)
            names = file["classes"].asstr()[...] if "classes" in file else range(self.gold.max() + 1)
            vectors = file[embeddings]
            digest = hashlib.sha256(self.gold.tobytes())
            for first in range(0, len(vectors), 65536):
                digest.update(vectors[first:first + 65536].tobytes())
        self.class_names = [str(name) for name in names]
        self.id = digest.hexdigest()[:12]
        self.known = numpy.flatnonzero(self.gold >= 0)
        self._vectors = None

    def vectors(self):
        if self._vectors is None:
            with h5py.File(self.path, "r") as file:
                self._vectors = file[self.embeddings][...].astype(numpy.float32)
        return self._vectors

    def shares(self):
        return numpy.bincount(self.gold[self.known], minlength=len(self.class_names)) / len(self.known)

    def judged(self, seeds):
        """Rows with gold that are no seeds."""
        return numpy.setdiff1d(self.known, seeds)


def open_corpus(text, work):
    """NAME of a built-in corpus, made at first use, or NAME=FILE[:embeddings[:gold]]."""
    if "=" in text:
        name, place = text.split("=", 1)
        parts = place.split(":")
        if not os.path.isfile(parts[0]):
            raise SystemExit(f"{parts[0]}: no such file")
        return Corpus(name, os.path.abspath(parts[0]), *(parts[1:] + ["embeddings", "gold"][len(parts) - 1:]))
    path = os.path.abspath(os.path.join(work, f"{text}.h5"))
    if not os.path.exists(path):
        vectors, gold, names = BUILT_IN[text]()
        with h5py.File(path + ".part", "w") as file:
            file["embeddings"], file["gold"], file["classes"] = vectors, gold, names
        os.replace(path + ".part", path)
    return Corpus(text, path, "embeddings", "gold")


def draw_seeds(corpus, design, per_class, draw):
    """Rows of the seeds, ascending; see the head of label_quality.py."""
    random = numpy.random.RandomState(draw)
    if design == "at-random":
        wanted = min(per_class * len(corpus.class_names), len(corpus.known) // 2)
        return numpy.sort(random.permutation(corpus.known)[:wanted])
    rows = []
    for label in range(len(corpus.class_names)):
        items = random.permutation(numpy.flatnonzero(corpus.gold == label))
        rows.append(items[:per_class if len(items) >= 2 * per_class else (len(items) + 1) // 2])
    return numpy.sort(numpy.concatenate(rows))


def score(predicted, truth):
    """Accuracy, and the mean F1 of the classes that occur in the truth. -1 in `predicted` is wrong."""
    f1 = []
    for label in numpy.unique(truth):
        right = numpy.sum((predicted == label) & (truth == label))
        f1.append(2 * right / (numpy.sum(predicted == label) + numpy.sum(truth == label)))
    return float(numpy.mean(predicted == truth)), float(numpy.mean(f1))


class Peers:
    """scikit-learn's classifiers with its defaults, on the vectors as they are. The graph of LabelSpreading does not
    depend on the seeds: it is computed once a corpus and kept in a file."""

    def __init__(self, corpus, work, largest_spread):
        self.corpus = corpus
        self.graph_path = os.path.join(work, f"spreading-{corpus.id}.npz")
        self.graph = None
        self.models = {
            "logistic_regression": LogisticRegression(max_iter=1000),
            "lda": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        }
        if len(corpus.gold) <= largest_spread:
            self.models["label_spreading"] = LabelSpreading(kernel="knn", n_neighbors=SPREADING_NEIGHBORS)

    def _load_graph(self, vectors, _):
        """What LabelSpreading itself computes with kernel = "knn"."""
        if self.graph is None and os.path.exists(self.graph_path):
            self.graph = scipy.sparse.load_npz(self.graph_path)
        if self.graph is None:
            neighbors = NearestNeighbors(n_neighbors=SPREADING_NEIGHBORS).fit(vectors)
            self.graph = neighbors.kneighbors_graph(vectors, mode="connectivity")
            scipy.sparse.save_npz(self.graph_path, self.graph)
        return self.graph.copy()

    def _predict(self, name, seeds, judged):
        vectors, gold = self.corpus.vectors(), self.corpus.gold
        model = clone(self.models[name])
        if name != "label_spreading":
            return model.fit(vectors[seeds], gold[seeds]).predict(vectors[judged])
        labels = numpy.full(len(gold), -1)
        labels[seeds] = gold[seeds]
        model.set_params(kernel=self._load_graph)
        return model.fit(vectors, labels).transduction_[judged]

    def measure(self, name, seeds):
        """Accuracy, macro-F1 and seconds, or why there are none."""
        judged = self.corpus.judged(seeds)
        begun = time.time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                predicted = self._predict(name, seeds, judged)
        except ValueError as error:  # too few seeds for it
            return {"error": str(error).splitlines()[0]}
        accuracy, f1 = score(predicted, self.corpus.gold[judged])
        return {"accuracy": accuracy, "macro_f1": f1, "seconds": time.time() - begun}
