#!/usr/bin/env python3
"""Makes a small corpus of one kind: make_files.py KIND DIRECTORY, or `all` for each kind in its own subdirectory.

Corpus files are DIRECTORY/part-*.h5. Kinds with a seed file have seeds.csv or seeds.hdf5 there, kinds with class
names in a text file classes.txt. Good kinds of other types and layouts also have reference.f32 and
reference-unit.f32: all vectors as raw float32, as stored and of unit length. `make_files.py --list` prints the kinds.
"""
import os
import sys

import h5py
import numpy

SIZES = (50, 1, 39)
DIM = 7
NUM_CLASSES = 3
NUM_ITEMS = sum(SIZES)


class Corpus:
    """What goes into the files; a kind changes some of it before it is written."""

    def __init__(self):
        random = numpy.random.default_rng(20260704)
        self.gold = numpy.arange(NUM_ITEMS, dtype="i4") % NUM_CLASSES
        centers = 4 * random.standard_normal((NUM_CLASSES, DIM))
        self.embeddings = (centers[self.gold] + random.standard_normal((NUM_ITEMS, DIM))).astype("f4")
        self.ids = 1000 + 7 * numpy.arange(NUM_ITEMS, dtype="u8")
        self.labels = numpy.where(numpy.arange(NUM_ITEMS) % 10 < 3, self.gold, -1).astype("i4")
        self.votes = numpy.stack([self.gold, numpy.full(NUM_ITEMS, -1)], axis=1).astype("i2")
        self.probs = {"model": (0.1 + 0.7 * numpy.eye(NUM_CLASSES)[self.gold]).astype("f4")}
        self.classes = ["cat", "dog", "owl"]
        self.layout = {}          # h5py's options for the embeddings
        self.seeds_csv = None     # lines
        self.seeds_hdf5 = None    # structured array
        self.classes_text = None
        self.change_part = {}     # part number: function(h5py.File)
        self.change_bytes = {}    # part number: function(bytes) -> bytes
        self.has_reference = False

    def write(self, directory):
        os.makedirs(directory, exist_ok=True)
        first = 0
        for part, size in enumerate(SIZES):
            self.write_part(os.path.join(directory, f"part-{part}.h5"), part, slice(first, first + size))
            first += size
        for name, text in (("seeds.csv", self.seeds_csv), ("classes.txt", self.classes_text)):
            if text is not None:
                with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                    file.write("\n".join(text) + "\n")
        if self.seeds_hdf5 is not None:
            with h5py.File(os.path.join(directory, "seeds.hdf5"), "w") as file:
                file["seeds"] = self.seeds_hdf5
        if self.has_reference:
            self.write_reference(directory)

    def write_part(self, path, part, rows):
        with h5py.File(path, "w") as file:
            file.create_dataset("embeddings", data=self.embeddings[rows], **self.part_layout(rows))
            for name in ("ids", "labels", "gold", "votes"):
                if getattr(self, name) is not None:
                    file[name] = getattr(self, name)[rows]
            for voter, probabilities in self.probs.items():
                file[f"probs/{voter}"] = probabilities[rows]
            if part == 0 and self.classes is not None:
                file["classes"] = self.classes
            self.change_part.get(part, lambda _: None)(file)
        if part in self.change_bytes:
            with open(path, "rb") as file:
                data = file.read()
            with open(path, "wb") as file:
                file.write(self.change_bytes[part](data))

    def part_layout(self, rows):
        layout = dict(self.layout)
        if "chunks" in layout:
            layout["chunks"] = (min(layout["chunks"][0], rows.stop - rows.start), layout["chunks"][1])
        return layout

    def write_reference(self, directory):
        vectors = self.embeddings.astype("f4")
        squares = numpy.zeros(NUM_ITEMS)
        for values in vectors.T.astype("f8"):  # in the order of the dimensions
            squares += values * values
        with numpy.errstate(invalid="ignore"):  # infinite vectors of bad kinds
            unit = (vectors.astype("f8") / numpy.sqrt(squares)[:, None]).astype("f4")
        vectors.astype("<f4").tofile(os.path.join(directory, "reference.f32"))
        unit.astype("<f4").tofile(os.path.join(directory, "reference-unit.f32"))


def stored_as(dtype, **layout):
    def change(corpus):
        if numpy.dtype(dtype).kind in "iu":
            corpus.embeddings = numpy.round(corpus.embeddings * 8) + (64 if dtype == "u1" else 0)
            corpus.embeddings = numpy.clip(corpus.embeddings, 1 if dtype == "u1" else -127, 127)
        corpus.embeddings = corpus.embeddings.astype(dtype)
        corpus.layout = layout
        corpus.has_reference = True
    return change


def in_part(part, function):
    return lambda corpus: corpus.change_part.__setitem__(part, function)


def replaced(name, make):
    """Another dataset under that name in the last file."""
    def change(file):
        old = file[name][()]
        del file[name]
        file[name] = make(old)
    return in_part(2, change)


def value(name, row, new):
    def change(corpus):
        getattr(corpus, name)[row] = new
    return change


def seeds(*lines):
    return lambda corpus: setattr(corpus, "seeds_csv", list(lines))


def seeds_table(key, dtype, keys, labels, weights=0.5):
    def change(corpus):
        table = numpy.zeros(len(keys), dtype=[(key, dtype), ("label", "i4"), ("weight", "f8")])
        table[key], table["label"], table["weight"] = keys, labels, weights
        corpus.seeds_hdf5 = table
    return change


def several(*changes):
    return lambda corpus: [change(corpus) for change in changes]


def without(*names):
    return lambda corpus: [setattr(corpus, name, None) for name in names]


def all_duplicates(corpus):
    corpus.embeddings[:] = corpus.embeddings[0]


def some_duplicates(corpus):
    corpus.embeddings[60] = corpus.embeddings[5]
    corpus.embeddings[7] = corpus.embeddings[5]
    corpus.embeddings[89] = corpus.embeddings[88]
    corpus.embeddings[50, :] = 0
    corpus.embeddings[51, :] = -0.0


def in_groups(corpus, names):
    """Adds a column of groups, which each file names."""
    for part, (first, last) in enumerate(((0, 50), (50, 51), (51, 90))):
        def change(file, rows=numpy.arange(first, last), part=part):
            file["groups"] = (rows % 3).astype("i4")
            file["groups"].attrs["names"] = names[part]
        corpus.change_part[part] = change


def other_names(corpus):
    """The last file numbers everything otherwise than the others; what it says is the same."""
    in_groups(corpus, 3 * [["north", "south", "west"]])
    add_groups = dict(corpus.change_part)

    def change(part, file):
        add_groups[part](file)
        if "classes" in file:
            del file["classes"]
        file["classes"] = ["owl", "fox", "cat", "dog"] if part == 2 else ["cat", "dog", "owl"]
        file["votes"].attrs["names"] = ["rule", "model"] if part < 2 else ["model", "rule"]
        if part < 2:
            file["probs/early"] = file["probs/model"][()]
            return
        code = numpy.array([2, 3, 0, -1])  # of cat, dog, owl, none
        for name in ("labels", "gold"):
            file[name][...] = code[file[name][()]]
        file["votes"][...] = code[file["votes"][()]][:, ::-1]
        probabilities = file["probs/model"][()]
        del file["probs/model"]
        file["probs/model"] = numpy.insert(probabilities[:, [2, 0, 1]], 1, 0, axis=1)
        file["groups"][...] = (file["groups"][()] + 1) % 3
        file["groups"].attrs["names"] = ["west", "north", "south"]
    for part in range(3):
        corpus.change_part[part] = lambda file, part=part: change(part, file)


def some_without_names(corpus):
    other_names(corpus)
    with_names = corpus.change_part[1]

    def change(file):
        with_names(file)
        del file["classes"]
    corpus.change_part[1] = change


def replace(file, name, **values):
    """Another dataset with the attributes of the one before."""
    attributes = dict(file[name].attrs)
    del file[name]
    file.create_dataset(name, **values).attrs.update(attributes)


def as_texts(corpus):
    """As other_names, but labels and votes hold the names."""
    other_names(corpus)
    for part, change in list(corpus.change_part.items()):
        def with_texts(file, change=change):
            change(file)
            names = numpy.append(file["classes"].asstr()[()], "")
            for name in ("labels", "votes"):
                texts = names[file[name][()]].astype(object)
                replace(file, name, data=texts, dtype=h5py.string_dtype())
        corpus.change_part[part] = with_texts


def as_members(corpus):
    """As other_names, but nothing besides enumerations names classes and groups; gold has an order of its own."""
    other_names(corpus)
    for part, change in list(corpus.change_part.items()):
        def with_members(file, change=change):
            change(file)
            classes = list(file["classes"].asstr()[()])
            groups = list(file["groups"].attrs["names"])
            del file["classes"]
            for name, members in (("labels", classes), ("gold", classes[::-1]), ("votes", classes), ("groups", groups)):
                codes = file[name][()]
                if name == "gold":
                    codes = numpy.where(codes < 0, -1, len(classes) - 1 - codes)
                numbers = {"none": -1, **{member: number for number, member in enumerate(members)}}
                if name == "groups":
                    del file[name].attrs["names"]
                replace(file, name, data=codes.astype(h5py.enum_dtype(numbers, basetype="i2")))
        corpus.change_part[part] = with_members


def label_of_one(make, label):
    """The file with one row says what its own names do not have."""
    def change(corpus):
        make(corpus)
        before = corpus.change_part[1]

        def with_label(file):
            before(file)
            file["labels"][0] = label
        corpus.change_part[1] = with_label
    return change


def virtual(missing=None):
    """The embeddings of the first file lie in others: one named from where the file is, one nested."""
    def change(corpus):
        corpus.has_reference = True

        def make(file):
            directory = os.path.dirname(file.filename)
            values = file["embeddings"][()]
            del file["embeddings"]
            with h5py.File(os.path.join(directory, "values.hdf5"), "w") as source:
                source["first"], source["last"] = values[:20], values[20:]
            outer = h5py.VirtualLayout(shape=(30, DIM), dtype="f4")
            outer[:] = h5py.VirtualSource("values.hdf5", "last", shape=(30, DIM))
            with h5py.File(os.path.join(directory, "nested.hdf5"), "w", libver="latest") as source:
                source.create_virtual_dataset("inner", outer)
            layout = h5py.VirtualLayout(shape=values.shape, dtype="f4")
            layout[:20] = h5py.VirtualSource("values.hdf5", "first", shape=(20, DIM))
            layout[20:] = h5py.VirtualSource("nested.hdf5", "inner", shape=(30, DIM))
            file.create_virtual_dataset("embeddings", layout)
            if missing is not None:
                missing(directory)
        corpus.change_part[0] = make
    return change


def lose_dataset(directory):
    with h5py.File(os.path.join(directory, "values.hdf5"), "a") as source:
        del source["last"]


def shorten_dataset(directory):
    with h5py.File(os.path.join(directory, "values.hdf5"), "a") as source:
        values = source["last"][:29]
        del source["last"]
        source["last"] = values


def shorten_part(directory):
    """A source of which the mapping names a part."""
    shorten_dataset(directory)
    layout = h5py.VirtualLayout(shape=(50, DIM), dtype="f4")
    layout[20:] = h5py.VirtualSource("values.hdf5", "last", shape=(35, DIM))[:30]
    with h5py.File(os.path.join(directory, "part-0.h5"), "a", libver="latest") as file:
        del file["embeddings"]
        file.create_virtual_dataset("embeddings", layout)


def lose(name):
    return lambda directory: os.remove(os.path.join(directory, name))


def half_written(file):
    values = file["labels"][()]
    del file["labels"]
    file.create_dataset("labels", values.shape, values.dtype, chunks=(10,))[:20] = values[:20]


def names_elsewhere(file):
    """Class names from a file that is not there."""
    del file["classes"]
    layout = h5py.VirtualLayout(shape=(3,), dtype="S3")
    layout[:] = h5py.VirtualSource("names.hdf5", "classes", shape=(3,))
    file.create_virtual_dataset("classes", layout)


def seeds_half_written(file):
    table = numpy.dtype([("row", "i8"), ("label", "i4")])
    with h5py.File(os.path.join(os.path.dirname(file.filename), "seeds.hdf5"), "w") as seeds_file:
        seeds_file.create_dataset("seeds", (6,), table, chunks=(2,))[:2] = numpy.array([(0, 0), (4, 1)], table)


def external(bytes_there):
    """The embeddings of the first file lie in a file without a format, which may be cut off."""
    def make(file):
        path = os.path.join(os.path.dirname(file.filename), "values.raw")
        values = file["embeddings"][()]
        del file["embeddings"]
        with open(path, "wb") as raw:
            raw.write(values.tobytes()[:bytes_there])
        file.create_dataset("embeddings", values.shape, values.dtype, external=[(path, 0, values.nbytes)])
        if bytes_there == 0:
            os.remove(path)
    return in_part(0, make)


def probability(row, values):
    return lambda corpus: corpus.probs["model"].__setitem__(row, values)


KINDS = {
    # good
    "plain": lambda corpus: None,
    "f32-gzip": stored_as("f4", chunks=(16, 3), compression="gzip"),
    "f16-gzip": stored_as("f2", chunks=(16, DIM), compression="gzip", shuffle=True),
    "f16": stored_as("f2"),
    "f64": stored_as("f8"),
    "u8-chunked": stored_as("u1", chunks=(8, DIM)),
    "i8": stored_as("i1"),
    "f32-big-endian": stored_as(">f4"),
    "no-ids": without("ids"),
    "no-names": without("classes"),
    "names-in-text": several(without("classes"), lambda c: setattr(c, "classes_text", ["cat", "dog", "owl"])),
    "signed-ids": lambda corpus: setattr(corpus, "ids", corpus.ids.astype("i8") - 1300),
    "some-duplicates": some_duplicates,
    "all-duplicates": all_duplicates,
    "seeds-by-row": seeds("row,label,weight", "0,cat,1", "4,dog,0.5", "62,owl,2"),
    "seeds-by-id": seeds("id,label", "1623,2", "1000,cat", '1028,"dog"'),
    "seeds-table": seeds_table("id", "u8", [1000, 1028, 1623], [0, 1, 2]),
    "seeds-table-rows": seeds_table("row", "i8", [0, 4, 62], [0, 1, 2]),
    "other-names": other_names,
    "other-names-as-texts": as_texts,
    "other-members": as_members,
    "virtual": virtual(),
    # bad
    "names-in-some": some_without_names,
    "label-beyond-own-names": label_of_one(other_names, 3),
    "text-beyond-own-names": label_of_one(as_texts, "fox"),
    "virtual-source-missing": virtual(lose("nested.hdf5")),
    "virtual-nested-source-missing": virtual(lose("values.hdf5")),
    "virtual-dataset-missing": virtual(lose_dataset),
    "virtual-dataset-short": virtual(shorten_dataset),
    "virtual-part-short": virtual(shorten_part),
    "external-missing": external(0),
    "external-short": external(1000),
    "labels-half-written": in_part(2, half_written),
    "names-missing": in_part(0, names_elsewhere),
    "seeds-half-written": in_part(0, seeds_half_written),
    "text": lambda corpus: corpus.change_bytes.__setitem__(1, lambda data: b"id,vector\n"),
    "truncated": lambda corpus: corpus.change_bytes.__setitem__(2, lambda data: data[:len(data) // 2]),
    "missing-dataset": in_part(1, lambda file: file.__delitem__("embeddings")),
    "one-axis": replaced("embeddings", lambda old: old[:, 0]),
    "three-axes": replaced("embeddings", lambda old: old[:, None, :]),
    "int32": stored_as("i4"),
    "strings": replaced("embeddings", lambda old: [["a"] * DIM] * len(old)),
    "other-type": replaced("embeddings", lambda old: old.astype("f8")),
    "other-dim": replaced("embeddings", lambda old: old[:, :5]),
    "no-rows": lambda corpus: [in_part(p, lambda file: [file.__delitem__(n) for n in list(file)]
                                       and [file.create_dataset(n, s, "f4") for n, s in
                                            (("embeddings", (0, DIM)),)])(corpus) for p in range(3)],
    "short-labels": replaced("labels", lambda old: old[:-1]),
    "label-out-of-range": value("labels", 55, 3),
    "label-negative": value("labels", 55, -2),
    "gold-out-of-range": value("gold", 89, 99),
    "float-ids": replaced("ids", lambda old: old.astype("f8")),
    "ids-missing-in-one": in_part(2, lambda file: file.__delitem__("ids")),
    "duplicate-ids": value("ids", 77, 1021),
    "class-names-twice": lambda corpus: setattr(corpus, "classes", ["cat", "dog", "cat"]),
    "no-seeds": lambda corpus: corpus.labels.__setitem__(slice(None), -1),
    "class-without-seed": lambda corpus: setattr(
        corpus, "labels", numpy.where(corpus.labels == 1, -1, corpus.labels)),
    "seed-unknown-class": seeds("row,label", "0,cat", "1,horse"),
    "seed-label-out-of-range": seeds("row,label", "0,cat", "1,3"),
    "seed-id-missing": seeds("id,label", "1000,cat", "1001,dog"),
    "seed-row-missing": seeds("row,label", "0,cat", "90,dog"),
    "seed-twice": seeds("row,label", "0,cat", "4,dog", "0,dog"),
    "seed-bad-header": seeds("item,class", "0,cat"),
    "seed-bad-row": seeds("row,label", "zero,cat"),
    "seed-bad-weight": seeds("row,label,weight", "0,cat,-1"),
    "seed-huge-weight": seeds("row,label,weight", "0,cat,1e9", "1,dog,1.1e9"),
    "seed-tiny-weight": seeds("row,label,weight", "0,cat,1e-9", "1,dog,1e-40"),
    "seed-nan-weight": seeds("row,label,weight", "0,cat,nan"),
    "seed-hdf5-weight": seeds_table("row", "i8", [0, 1], [0, 1], [1, 1e300]),
    "seed-few-cells": seeds("row,label", "0"),
    "seed-empty": seeds("row,label"),
    "seed-ids-without-ids": several(without("ids"), seeds("id,label", "1000,cat")),
    "vote-out-of-range": value("votes", (66, 1), 3),
    "votes-other-width": replaced("votes", lambda old: old[:, :1]),
    "probability-nan": probability(66, (numpy.nan, 0.5, 0.5)),
    "probability-negative": probability(66, (-0.1, 0.6, 0.5)),
    "probability-sum": probability(66, (0.5, 0.4, 0.05)),
    "nan": several(value("embeddings", (66, 3), numpy.nan), value("embeddings", (80, 0), numpy.nan),
                   value("embeddings", (81, 0), numpy.inf)),
    "infinite": value("embeddings", (50, 6), -numpy.inf),
    "f16-infinite": several(stored_as("f2"), value("embeddings", (89, 0), numpy.inf)),
    "too-long": value("embeddings", (12, 0), 1e16),
    "too-short": lambda corpus: setattr(corpus, "embeddings", corpus.embeddings * numpy.float32(1e-30)),
    "f64-infinite": several(stored_as("f8"), value("embeddings", (89, 0), 1e300)),
    "zero-vector": value("embeddings", 88, 0),
}


def make(kind, directory):
    corpus = Corpus()
    KINDS[kind](corpus)
    corpus.write(directory)


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(KINDS))
    elif len(sys.argv) == 3 and sys.argv[1] == "all":
        for kind in KINDS:
            make(kind, os.path.join(sys.argv[2], kind))
    elif len(sys.argv) == 3 and sys.argv[1] in KINDS:
        make(*sys.argv[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
