#!/usr/bin/python3
"""Makes an HDF5 corpus from vectors in the files of other programs.

  to_hdf5.py vectors.npy --labels labels.txt corpus.h5
  to_hdf5.py base.fbin corpus.h5 --rows-per-file 10000000
  to_hdf5.py shards/ --text texts.txt corpus.h5
  to_hdf5.py part-*.parquet --vectors embedding --ids id --text abstract --gold field corpus.h5
  to_hdf5.py cells.h5ad --vectors X_pca --labels cell_type --ids index corpus.h5
  to_hdf5.py --answers answers.parquet answers.csv

.npy, .npz; .fbin, .u8bin, .i8bin; .fvecs, .bvecs, .ivecs; .safetensors; .h5ad; .parquet, .arrow, .feather (these need
pyarrow). Several files, or those of a folder in the order as people count, make one corpus. Memory does not grow with the
number of vectors. Whatever is wrong is one sentence and exit status 1, and then no file is left.
"""
import argparse
import csv
import os
import signal
import sys

import h5py
import numpy

import corpus_columns
import corpus_writer
import table_formats
import vector_formats
from vector_formats import STORED, BadInput

READERS = {".npy": vector_formats.open_npy, ".npz": vector_formats.open_npz,
           **dict.fromkeys(vector_formats.BIN_TYPES, vector_formats.open_bin),
           **dict.fromkeys(vector_formats.VECS_TYPES, vector_formats.open_vecs),
           ".safetensors": vector_formats.open_safetensors, ".h5ad": table_formats.AnnData,
           ".parquet": table_formats.open_parquet,
           **dict.fromkeys((".arrow", ".feather"), table_formats.open_arrow)}
ITEM_COLUMNS = ["item", "row", "id"]


def suffix_of(path):
    return os.path.splitext(path)[1]


def files_of(folder):
    """Its shards, all of one format."""
    names = [name for name in os.listdir(folder) if suffix_of(name) in READERS and not name.startswith(".")]
    kinds = sorted({suffix_of(name) for name in names})
    if len(kinds) != 1:
        raise BadInput(f"{folder}: has files of {', '.join(kinds) or 'no known format'}, expected one format")
    return [os.path.join(folder, name) for name in sorted(names, key=vector_formats.as_people_count)]


def open_inputs(paths, wanted):
    files = [file for path in paths for file in (files_of(path) if os.path.isdir(path) else [path])]
    sources = []
    for file in files:
        if not os.path.isfile(file):
            raise BadInput(f"{file}: no such file")
        if suffix_of(file) not in READERS:
            raise BadInput(f"{file}: is of no format known here: {' '.join(READERS)}")
        sources.append(READERS[suffix_of(file)](file, wanted))
    return vector_formats.Joined(sources)


def read_classes(path):
    """Names, one a line, in order."""
    if path is None:
        return None
    names = [name for block in corpus_columns.read_lines(path, corpus_columns.BLOCK) for name in block]
    if "" in names or len(set(names)) != len(names) or not names:
        raise BadInput(f"{path}: expected a name of a class on every line, each once")
    return names


def columns_of(source, args, count):
    """Blocks and types of all columns that are asked for, by name; and the names of the classes."""
    columns = {}
    labels = {name: corpus_columns.Values(corpus_columns.open_column(source, wanted, name), source.rows)
              for name, wanted in (("labels", args.labels), ("gold", args.gold)) if wanted}
    given = read_classes(args.classes)
    classes, are_names = corpus_columns.agree_on_classes(list(labels.values()), given) if labels else (given, False)
    for name, values in labels.items():
        columns[name] = corpus_columns.label_numbers(values.column, classes, are_names, count), numpy.dtype(numpy.int32)
    if args.ids:
        values = corpus_columns.Values(corpus_columns.open_column(source, args.ids, "ids"), source.rows)
        kind = numpy.dtype(numpy.int64) if values.are_numbers else h5py.string_dtype()
        columns["ids"] = corpus_columns.ids(values.column, values.are_numbers, count), kind
    if args.text:
        column = corpus_columns.open_column(source, args.text, "text")
        corpus_columns.require_length(column, source.rows)
        columns["text"] = corpus_columns.texts(column, count), h5py.string_dtype()
    return columns, classes


def say_what_is_there(names, source, dtype, columns, classes):
    """Lines for an INI file."""
    print(f"# {source.rows} x {source.dim} {vector_formats.type_name(dtype)}"
          + (f", {len(classes)} classes" if classes else ""))
    print("[corpus]\nfiles = " + ", ".join(os.path.abspath(name) for name, _ in names[:3]) + (", ..." if len(names) > 3 else ""))
    for key in ("labels", "gold"):
        if key in columns:
            print(f"{key} = /{key}")
    if classes:
        print("classes = /classes")


def convert(args):
    source = open_inputs(args.inputs[:-1], args.vectors)
    dtype = corpus_writer.stored_type(source, args.type)
    names = corpus_writer.output_names(args.inputs[-1], source.rows, args.rows_per_file)
    for name, _ in names:
        corpus_writer.require_new(name)
    count = corpus_writer.rows_per_block(source.dim, max(dtype, source.dtype, key=lambda kind: kind.itemsize))
    columns, classes = columns_of(source, args, count)
    blocks = corpus_writer.vectors_of(source, dtype, count)
    corpus_writer.write(names, (blocks, source.dim, dtype), columns, classes)
    say_what_is_there(names, source, dtype, columns, classes)


def open_answers(path, wanted):
    """The table's batches, and the names of its columns item, annotator, label and, if any, time."""
    readers = {".parquet": table_formats.ParquetBatches, ".arrow": table_formats.ArrowBatches,
               ".feather": table_formats.ArrowBatches}
    if not os.path.isfile(path):
        raise BadInput(f"{path}: no such file")
    if suffix_of(path) not in readers:
        raise BadInput(f"{path}: is of no format known here for tables: {' '.join(readers)}")
    batches = readers[suffix_of(path)](path)
    item = next((name for name in ITEM_COLUMNS if name in batches.schema.names), "item")
    names = wanted.split(",") if wanted else [item, "annotator", "label"] + ["time"] * ("time" in batches.schema.names)
    missing = [name for name in names if name not in batches.schema.names]
    if missing or not 3 <= len(names) <= 4:
        raise BadInput(f"{path}: has the columns {', '.join(batches.schema.names)}; --columns must name those of item, "
                       "annotator, label and, if any, time, as in --columns task,worker,label")
    return batches, names


def convert_answers(args):
    if len(args.inputs) != 1:
        raise BadInput("--answers takes a table and the name of the CSV file to make")
    [out] = args.inputs
    batches, names = open_answers(args.answers, args.columns)
    with corpus_writer.NewFiles([out]) as files, open(files.begin(out), "x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([names[0] if names[0] in ITEM_COLUMNS else "item", "annotator", "label", "time"][:len(names)])
        first = 0
        for arrays in batches.arrays(names, corpus_columns.BLOCK):
            columns = [table_formats.cells_of(array) for array in arrays]
            for name, column in zip(names[:2], columns):
                if None in column:
                    raise BadInput(f"{args.answers}: {name}: row {first + column.index(None)}: is null")
            writer.writerows(zip(*columns))
            first += len(columns[0])
    print(f"{out}: {first} answers")


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, usage="to_hdf5.py INPUT... OUTPUT.h5 [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", metavar="INPUT ... OUTPUT.h5", help="files or folders, then the file to make")
    parser.add_argument("--vectors", metavar="NAME", help="array, tensor, column or obsm key, where a file has several; X of .h5ad")
    column = "a column of the table or of obs, or a file of one value a line or .npy"
    parser.add_argument("--labels", metavar="COLUMN|FILE", help="seeds: names, or numbers with -1 = none; " + column)
    parser.add_argument("--gold", metavar="COLUMN|FILE", help="labels that are only measured with")
    parser.add_argument("--ids", metavar="COLUMN|FILE", help="integers or strings; index: that of obs")
    parser.add_argument("--text", metavar="COLUMN|FILE", help="what the vectors are of")
    parser.add_argument("--classes", metavar="FILE", help="names of the classes in order, one a line; else names are sorted")
    parser.add_argument("--type", choices=sorted(STORED.values()), help="else as the source has it, bf16 as f32")
    parser.add_argument("--rows-per-file", type=int, metavar="N", help="several files, OUTPUT-0.h5 and so on")
    parser.add_argument("--answers", metavar="TABLE", help="makes the CSV of a long vote table instead: item,annotator,label[,time]")
    parser.add_argument("--columns", metavar="ITEM,ANNOTATOR,LABEL[,TIME]", help="what the table calls them")
    args = parser.parse_intermixed_args(arguments)
    if args.answers is None and len(args.inputs) < 2:
        parser.error("expected files to read and then a file to make")
    if args.rows_per_file is not None and args.rows_per_file < 1:
        parser.error("--rows-per-file must be at least 1")
    return args


def main(arguments=None):
    args = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was begun is removed
    try:
        (convert if args.answers is None else convert_answers)(args)
    except (BadInput, OSError) as error:
        print(f"to_hdf5.py: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        if isinstance(error, corpus_writer.CannotWrite):
            os._exit(1)  # HDF5 would try again to write, and crash
        sys.exit(1)


if __name__ == "__main__":
    main()
