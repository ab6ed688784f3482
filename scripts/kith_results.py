"""Opens a run directory of Kith from Python. One file to copy; needs h5py and numpy. pandas, pyarrow and scipy are imported
by the functions that return their objects. Nothing is read before it is asked for. Whatever is missing or damaged raises
RunError with one sentence.

  from kith_results import ACCEPTED, Run, confusion, read_rows
  run = Run("run/mine")
  run.columns, run.classes, run.statuses, run.members, len(run)       # what there is
  run.column("probability", rows=slice(0, 1000))                      # a numpy array
  run.frame(["label", "probability"], status=ACCEPTED)                # pandas, indexed by corpus row
  run.arrow(["label", "probability"])                                 # a pyarrow.Table
  for part in run.tables(["label"], status=ACCEPTED): ...             # numpy, a million corpus rows at a time
  run.report["consensus"]["held_out"]                                 # report.json as a dictionary

What notebooks do next:

  frame = run.frame(["label", "probability", "status"])               # with the texts that the vectors are of
  with h5py.File("corpus.h5") as file:
      frame["text"] = file["text"].asstr()[:]

  # against gold labels: rows are gold classes, columns stated ones, the last: no label is stated
  counts = confusion(gold, run.column("label"), len(run.classes))

  pandas.DataFrame(run.report["review"])                              # a list to review: the report's, or the least certain
  run.frame(["best", "probability", "quality"], status=["review", "abstain"]).nsmallest(200, "quality")

  # a training set: accepted labels, weighted by how likely they are, beside the vectors
  part = run.table(["label", "probability"], status=ACCEPTED)
  vectors = read_rows(h5py.File("corpus.h5")["embeddings"], part["row"])
  model.fit(vectors, part["label"], sample_weight=part["probability"])
  run.qa("balance/undersample")                                       # 1: in a sample with balanced classes

  # UMAP and others from the neighbors that the run has found
  neighbors, distances = run.umap_knn()
  umap.UMAP(n_neighbors=neighbors.shape[1], precomputed_knn=(neighbors, distances, None)).fit_transform(vectors)
  scipy.sparse.csgraph.connected_components(run.graph())

  # new vectors by a head of the run; probabilities of one member
  run.head("lda").probabilities(vectors)
  run.member_probabilities("harmonic", rows=slice(0, 1000))
"""
import functools
import json
import os

import h5py
import numpy

ACCEPTED = ("auto", "seed")  # labels that held-out seeds bear out, and those that were given
BLOCK = 1 << 20              # corpus rows
SMALLEST_SCORE = 1e-9        # a class without a score still has a chance


class RunError(Exception):
    """One sentence for the user."""


def read_rows(dataset, rows=None):
    """Rows of an HDF5 dataset: all, a slice, a mask, or row numbers in any order."""
    if rows is None or isinstance(rows, slice):
        return dataset[...] if rows is None else dataset[rows]
    rows = numpy.asarray(rows)
    rows = numpy.flatnonzero(rows) if rows.dtype == bool else rows.astype(numpy.int64)
    out = numpy.empty((len(rows), *dataset.shape[1:]), dataset.dtype)
    if not len(rows):
        return out
    if rows.min() < 0 or rows.max() >= len(dataset):
        raise RunError(f"{dataset.file.filename}: {dataset.name}: has the rows 0 to {len(dataset) - 1}, asked for "
                       f"{rows.min()} to {rows.max()}")
    order = numpy.argsort(rows, kind="stable")
    for first in range(rows.min(), rows.max() + 1, BLOCK):
        here = order[slice(*numpy.searchsorted(rows, [first, first + BLOCK], sorter=order))]
        if len(here):
            begin, end = rows[here[0]], rows[here[-1]] + 1
            out[here] = dataset[begin:end][rows[here] - begin]
    return out


def as_texts(values):
    return numpy.array([value.decode() if isinstance(value, bytes) else value for value in values.tolist()], object)


def confusion(gold, label, num_classes):
    """Items by gold class and stated class; the last column: no label is stated. Without gold (below 0): not counted."""
    gold, label = numpy.asarray(gold), numpy.asarray(label)
    known = gold >= 0
    stated = numpy.where(label[known] < 0, num_classes, label[known])
    width = num_classes + 1
    counts = numpy.bincount(gold[known] * numpy.int64(width) + stated, minlength=num_classes * width)
    return counts.reshape(num_classes, width)


def softmax(logits):
    values = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return values / values.sum(axis=-1, keepdims=True)


class Head:
    """A linear model. weights: K x d; biases: K, -inf where the class had no seed; settings: as the run stored them."""

    def __init__(self, weights, biases, settings):
        self.weights, self.biases, self.settings = weights, biases, settings

    def probabilities(self, vectors):
        """n x K: softmax(W x + b), x of length 1 if the run's metric is cosine."""
        vectors = numpy.asarray(vectors, numpy.float64)
        if self.settings.get("unit_rows"):
            lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = vectors / numpy.where(lengths > 0, lengths, 1)
        return softmax(vectors @ self.weights.T.astype(numpy.float64) + self.biases)


class Run:
    """A run directory. Files are held against the sizes in its manifest; `kith run` compares their hashes."""

    def __init__(self, directory):
        self.directory = os.fspath(directory)
        path = os.path.join(self.directory, "manifest.json")
        if not os.path.isfile(path):
            raise RunError(f"{self.directory}: is no run directory: it has no manifest.json")
        self.manifest = self._json("manifest.json")
        if not isinstance(self.manifest, dict) or not isinstance(self.manifest.get("stages"), dict):
            raise RunError(f"{path}: is no manifest of a run")
        with self.open("labels.h5") as file:
            shapes = {name: item.shape for name, item in file.items() if isinstance(item, h5py.Dataset)}
        for name in ("label", "status", "class_names", "status_names", "member_names"):
            if name not in shapes:
                raise RunError(f"{self.directory}/labels.h5: is damaged: it has no {name}")
        self.classes, self.statuses, self.members = (
            as_texts(self._read("labels.h5", name)).tolist() for name in ("class_names", "status_names", "member_names"))
        self.columns = [name for name, shape in shapes.items() if shape[:1] == shapes["label"] and not name.endswith("_names")]
        self._length = shapes["label"][0]

    def __len__(self):
        """Items of the corpus."""
        return self._length

    def _json(self, name):
        path = os.path.join(self.directory, name)
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError) as error:
            raise RunError(f"{path}: is damaged: {error}") from error

    def _stage_of(self, name):
        """The stage that has made a file, or None."""
        return next((stage for stage, entry in self.manifest["stages"].items() if name in entry.get("files", {})), None)

    def _begun_again(self, stage):
        """An earlier stage that was done or begun again since this one, or None."""
        stages = self.manifest["stages"]
        for key, fingerprint in stages[stage].get("reads", {}).items():
            if key.startswith("stage "):
                earlier = key.removeprefix("stage ")
                is_same = stages.get(earlier, {}).get("fingerprint") == fingerprint
                found = self._begun_again(earlier) if is_same else earlier
                if found:
                    return found
        return None

    def path(self, name):
        """Of a file that the run has finished, such as labels.h5."""
        path, stage, stages = os.path.join(self.directory, name), self._stage_of(name), self.manifest["stages"]
        if stage is None:
            raise RunError(f"{path}: the run has not made it; stages that are done: {', '.join(stages) or 'none'}; "
                           "kith run goes on from there")
        if self._begun_again(stage):
            raise RunError(f"{path}: is older than what it comes from: the stage {self._begun_again(stage)} was begun again "
                           "since; kith run goes on from there")
        wanted = stages[stage]["files"][name].get("bytes")
        if not os.path.isfile(path) or os.path.getsize(path) != wanted:
            has = f"has {os.path.getsize(path)} bytes" if os.path.isfile(path) else "is gone"
            raise RunError(f"{path}: is damaged: it {has}, the manifest says {wanted} bytes; kith run makes it again")
        return path

    def open(self, name):
        """An HDF5 file of the run, to read."""
        path = self.path(name)
        try:
            return h5py.File(path, "r")
        except OSError as error:
            raise RunError(f"{path}: is damaged: {error}") from error

    def _read(self, name, dataset, rows=None):
        with self.open(name) as file:
            if not isinstance(file.get(dataset), h5py.Dataset):
                raise RunError(f"{file.filename}: has no {dataset}")
            try:
                return read_rows(file[dataset], rows)
            except OSError as error:
                raise RunError(f"{file.filename}: {dataset}: is damaged: {error}") from error

    @functools.cached_property
    def report(self):
        """report.json; configs/README.md lists its keys."""
        self.path("report.json")
        return self._json("report.json")

    def qa(self, dataset):
        """A dataset of qa.h5, such as seeds/wrong or balance/repeats."""
        return self._read("qa.h5", dataset)

    def column(self, name, rows=None):
        """A column of labels.h5. Classes and statuses are numbers, -1 = no label; strings are str."""
        if name not in self.columns:
            raise RunError(f"{self.directory}: has no column {name}; there are: {', '.join(self.columns)}")
        values = self._read("labels.h5", name, rows)
        return as_texts(values) if values.dtype.kind in "OS" else values

    def rows_of(self, status, rows=None):
        """Corpus rows of these statuses among `rows`. status: a name or several; None: all."""
        rows = slice(None) if rows is None else rows
        if isinstance(rows, slice):
            numbers = numpy.arange(*rows.indices(len(self)))
        else:
            numbers = numpy.flatnonzero(rows) if numpy.asarray(rows).dtype == bool else numpy.asarray(rows, numpy.int64)
        if status is None:
            return numbers
        names = [status] if isinstance(status, str) else list(status)
        if not set(names) <= set(self.statuses):
            raise RunError(f"{', '.join(map(str, names))}: expected some of the statuses {', '.join(self.statuses)}")
        return numbers[numpy.isin(self.column("status", rows), [self.statuses.index(name) for name in names])]

    def table(self, columns=None, rows=None, status=None):
        """A dictionary of arrays: `row`, then the columns (all of labels.h5 if none are named). Those of one value a member
        become one each: votes.harmonic."""
        chosen = self.rows_of(status, rows)
        out = {"row": chosen}
        for name in self.columns if columns is None else columns:
            values = self.column(name, rows if status is None else chosen)
            if values.ndim == 1:
                out[name] = values
            else:
                voters = self.members if values.shape[1] == len(self.members) else range(values.shape[1])
                out.update({f"{name}.{voter}": values[:, number] for number, voter in enumerate(voters)})
        return out

    def tables(self, columns=None, status=None, block=BLOCK):
        """table() of `block` corpus rows at a time, for a corpus that does not fit."""
        for first in range(0, len(self), block):
            yield self.table(columns, slice(first, first + block), status)

    def _names_of(self, column):
        if column in ("label", "best") or column.startswith("votes."):
            return self.classes
        return self.statuses if column == "status" else None

    def frame(self, columns=None, rows=None, status=None):
        """table() as a pandas.DataFrame, indexed by corpus row; classes and statuses by name, no label is NaN."""
        import pandas
        table = self.table(columns, rows, status)
        data = {name: pandas.Categorical.from_codes(values, self._names_of(name)) if self._names_of(name) else values
                for name, values in table.items() if name != "row"}
        return pandas.DataFrame(data, index=pandas.Index(table["row"], name="row"))

    def arrow(self, columns=None, rows=None, status=None):
        """table() as a pyarrow.Table; classes and statuses as dictionaries, no label is null."""
        import pyarrow
        data = self.table(columns, rows, status)
        for name, values in data.items():
            if self._names_of(name):
                codes = values.astype(numpy.int32)
                data[name] = pyarrow.DictionaryArray.from_arrays(pyarrow.array(codes, mask=codes < 0), self._names_of(name))
        return pyarrow.table(data)

    def _rows_and_nodes(self):
        """The corpus row of each node of the graph, and the node of each corpus row."""
        rows, duplicates = self._read("cells/cells.h5", "rows"), self._read("cells/cells.h5", "duplicates")
        if len(rows) + len(duplicates) != len(self):
            raise RunError(f"{self.directory}/cells/cells.h5: has {len(rows)} nodes and {len(duplicates)} duplicates, "
                           f"expected {len(self)} items")
        nodes = numpy.empty(len(self), numpy.int64)
        nodes[rows] = numpy.arange(len(rows))
        nodes[duplicates[:, 0]] = duplicates[:, 1]
        return rows, nodes

    def neighbors(self):
        """Corpus rows of each item's neighbors, and their distances: two arrays N x k, the nearest first. An item whose
        vector an earlier one has (status duplicate) has that one's neighbors, and is nobody's."""
        files = self.manifest["stages"].get("knn", {}).get("files", {})
        names = sorted(name for name in files if name.endswith(".h5")) or ["graph/knn-00000.h5"]
        positions = numpy.concatenate([self._read(name, "neighbors") for name in names])
        squares = numpy.concatenate([self._read(name, "distances") for name in names])
        rows, nodes = self._rows_and_nodes()
        if len(positions) != len(rows):
            raise RunError(f"{self.directory}/graph: has {len(positions)} nodes, cells/cells.h5 has {len(rows)}")
        return rows[positions][nodes], numpy.sqrt(squares)[nodes]

    def graph(self, exported=None):
        """A scipy.sparse.csr_array N x N, rows and columns by corpus row. Of the run: the distance of each item to its
        neighbors, stored also where it is 0. exported: a file of `kith export --graph`, whose symmetric weights it has."""
        import scipy.sparse
        shape = (len(self), len(self))
        if exported is None:
            neighbors, distances = self.neighbors()
            pointers = numpy.arange(0, neighbors.size + 1, neighbors.shape[1])
            return scipy.sparse.csr_array((distances.ravel(), neighbors.ravel(), pointers), shape=shape)
        try:
            with h5py.File(exported, "r") as file:
                parts = tuple(file["affinity/" + name][...] for name in ("data", "indices", "indptr"))
        except (OSError, KeyError) as error:
            raise RunError(f"{exported}: is no file of kith export --graph: {error}") from error
        if len(parts[2]) != len(self) + 1:
            raise RunError(f"{exported}: has {len(parts[2]) - 1} items, the run has {len(self)}")
        return scipy.sparse.csr_array(parts, shape=shape)

    def umap_knn(self):
        """neighbors() with each item before its own, as umap-learn's precomputed_knn wants them."""
        neighbors, distances = self.neighbors()
        own = numpy.arange(len(self))[:, None]
        return numpy.hstack([own, neighbors]), numpy.hstack([numpy.zeros_like(distances[:, :1]), distances])

    def head(self, name, part="all"):
        """A head's weights. part: all, or fold0 and so on: learned without the seeds of that fold."""
        if self._stage_of("heads.h5") is None:
            raise RunError(f"{self.directory}: the run has no heads")
        with self.open("heads.h5") as file:
            model = file.get(f"models/{name}/{part}")
            if model is None or "weights" not in model:
                raise RunError(f"{file.filename}: has no weights of {name}/{part}; heads: {', '.join(file.get('models', {}))}")
            return Head(model["weights"][...], model["biases"][...], json.loads(model.attrs.get("model", "{}")))

    def member_probabilities(self, name, rows=None):
        """n x K: a member's scores, made probabilities by its one temperature. NaN: it has not reached the item. With
        ensemble.calibration = vector or isotonic the consensus uses other maps, which are not stored."""
        nodes = self._rows_and_nodes()[1][self.rows_of(None, rows)]
        for file_name in filter(self._stage_of, ("propagation.h5", "heads.h5")):
            with self.open(file_name) as file:
                if f"members/{name}/scores" in file:
                    return probabilities_of(file[f"members/{name}"], nodes, len(self.classes))
        raise RunError(f"{self.directory}: stores no scores of {name}; members: {', '.join(self.members)}")


def probabilities_of(member, nodes, num_classes):
    """softmax(log(score x factor of the class) / temperature), with the logarithm only where the method takes it."""
    values = scores = read_rows(member["scores"], nodes).astype(numpy.float64)
    if "labels" in member:  # scores of the largest labels only, -1: none; every other class has the score `other`
        labels = read_rows(member["labels"], nodes)
        scores = numpy.repeat(read_rows(member["other"], nodes).astype(numpy.float64)[:, None], num_classes, axis=1)
        rows, places = numpy.nonzero(labels >= 0)
        scores[rows, labels[rows, places]] = values[rows, places]
    factors = member["readout_factors"]
    logits = scores * factors[...]
    if factors.attrs["takes_log"]:
        logits = numpy.log(numpy.maximum(logits, SMALLEST_SCORE))
    out = softmax(logits / factors.attrs["temperature"])
    out[~(values != 0).any(axis=1)] = numpy.nan
    return out
