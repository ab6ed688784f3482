#!/usr/bin/env python3
"""Makes a small corpus of one kind: make_files.py KIND DIRECTORY, or `all` for each kind in its own subdirectory.

Corpus files are DIRECTORY/part-*.h5. Kinds with a seed file have seeds.csv or seeds.hdf5 there, kinds with class
names in a text file classes.txt. Good kinds of other types and layouts also have reference.f32 and
reference-unit.f32: all vectors as raw float32, as stored and of unit length. `make_files.py --list` prints the kinds.
"""
import os
import sys

import numpy

from corpus_changes import (all_duplicates, as_members, as_texts, external, half_written, in_part, label_of_one,
                            lose, lose_dataset, names_elsewhere, other_names, probability, replaced, seeds,
                            seeds_half_written, seeds_table, several, shorten_dataset, shorten_part, some_duplicates,
                            some_without_names, stored_as, value, virtual, without)
from made_corpus import Corpus, DIM

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
