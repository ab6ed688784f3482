"""HDF5 files of a corpus, written block by block; for to_hdf5.py. A file appears under its name when all are whole."""
import contextlib
import os
import re
import sys
import time

import h5py
import numpy

from vector_formats import STORED, BadInput, type_name

BLOCK_BYTES = 32 << 20
CHUNK_BYTES = 1 << 20  # HDF5 keeps a chunk of so many bytes until it is full
TEXT_CHUNK = 4096      # rows


class Progress:
    """On a terminal a bar, elsewhere a line now and then, on stderr."""

    def __init__(self, rows, row_bytes):
        self.rows, self.row_bytes, self.done = rows, row_bytes, 0
        self.is_terminal = sys.stderr.isatty()
        self.start = self.last = time.monotonic()

    def add(self, rows):
        self.done += rows
        now = time.monotonic()
        if now - self.last > (0.1 if self.is_terminal else 10) or (self.is_terminal and self.done == self.rows):
            self.last = now
            self.show(now - self.start)

    def show(self, elapsed_s):
        share = self.done / self.rows
        speed = self.done * self.row_bytes / max(elapsed_s, 1e-9) / 1e6
        text = f"{self.done:,} of {self.rows:,} vectors, {speed:.0f} MB/s, {elapsed_s * (1 - share) / share:.0f} s left"
        if self.is_terminal:
            bar = "#" * round(30 * share)
            print(f"\r[{bar:<30}] {text}\033[K", end="\n" if self.done == self.rows else "", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


class Stream:
    """Blocks of any lengths, taken again as many rows at a time as are asked for."""

    def __init__(self, blocks):
        self.blocks, self.rest = blocks, None

    def take(self, rows):
        parts = []
        while rows > 0:
            if self.rest is None or not len(self.rest):
                self.rest = next(self.blocks)
                continue
            parts.append(self.rest[:rows])
            self.rest = self.rest[rows:]
            rows -= len(parts[-1])
        return parts[0] if len(parts) == 1 else numpy.concatenate(parts)


def vectors_of(source, dtype, count):
    """Blocks of finite vectors in the corpus's type."""
    first = 0
    for block in source.blocks(count):
        if block.dtype != dtype:
            require_same_values(source, block, dtype, first)
            with numpy.errstate(over="ignore"):
                block = block.astype(dtype)
        if dtype.kind == "f" and not numpy.isfinite(block).all():
            row, place = numpy.argwhere(~numpy.isfinite(block))[0]
            why = "expected finite numbers" if source.dtype == dtype else f"as {type_name(dtype)}; expected finite numbers"
            raise BadInput(f"{source.place(first + row)}: value {place} is {block[row, place]}, {why}")
        yield block
        first += len(block)


def require_same_values(source, block, dtype, first):
    """u8 and i8 take no other values than their own."""
    if dtype.kind == "f":
        return
    limits = numpy.iinfo(dtype)
    wrong = numpy.argwhere(~((block >= limits.min) & (block <= limits.max) & (block == numpy.rint(block))))
    if len(wrong):
        row, place = wrong[0]
        raise BadInput(f"{source.place(first + row)}: value {place} is {block[row, place]}, which {type_name(dtype)} does not hold")


def stored_type(source, wanted):
    """What the corpus holds: the source's type, or the one of --type."""
    dtype = numpy.dtype(source.dtype)
    if dtype.kind not in "fiub" or (wanted is None and dtype.kind + str(dtype.itemsize) not in STORED):
        hint = "; --type f32 converts it" if dtype.kind in "fiub" else ""
        raise BadInput(f"{source.name}: holds {dtype}, expected f16, f32, f64, u8 or i8{hint}")
    return dtype if wanted is None else numpy.dtype({name: code for code, name in STORED.items()}[wanted])


def output_names(path, rows, rows_per_file):
    """Names and numbers of rows."""
    if not rows_per_file or rows <= rows_per_file:
        return [(path, rows)]
    stem, suffix = os.path.splitext(path)
    firsts = range(0, rows, rows_per_file)
    digits = len(str(len(firsts) - 1))
    return [(f"{stem}-{number:0{digits}}{suffix}", min(rows_per_file, rows - first)) for number, first in enumerate(firsts)]


def require_new(path):
    """Neither the file nor what an earlier conversion may have left."""
    if os.path.exists(path):
        raise BadInput(f"{path}: is there already, and is not written over")
    if os.path.exists(path + ".part"):
        raise BadInput(f"{path}.part: is there already; remove it if no other conversion is writing it")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise BadInput(f"{folder}: no such folder")


class NewFiles:
    """Files that appear together at the end, or not at all."""

    def __init__(self, paths):
        self.paths, self.begun = paths, []
        for path in paths:
            require_new(path)

    def __enter__(self):
        return self

    def begin(self, path):
        """The name to write under."""
        self.begun.append(path + ".part")
        return path + ".part"

    def __exit__(self, kind, *_):
        if kind is None:
            for path in self.paths:
                require_absent(path)
            for path in self.paths:
                os.rename(path + ".part", path)
        for part in self.begun:
            if os.path.exists(part):
                os.remove(part)


def require_absent(path):
    if os.path.exists(path):
        raise BadInput(f"{path}: has appeared in the meantime, and is not written over")


def create(path, rows, vectors, columns):
    """An HDF5 file with empty datasets. vectors: their dimension and type; columns: their types by name."""
    dim, dtype = vectors
    file = h5py.File(path, "x")
    chunk = max(1, min(rows, CHUNK_BYTES // (dim * dtype.itemsize)))
    file.create_dataset("embeddings", (rows, dim), dtype, chunks=(chunk, dim))
    for name, kind in columns.items():
        chunk = TEXT_CHUNK if kind == h5py.string_dtype() else CHUNK_BYTES // numpy.dtype(kind).itemsize
        file.create_dataset(name, (rows,), kind, chunks=(min(rows, chunk),))
    return file


def rows_per_block(dim, dtype):
    """A whole number of chunks."""
    chunk = max(1, CHUNK_BYTES // (dim * dtype.itemsize))
    return chunk * max(1, BLOCK_BYTES // (chunk * dim * dtype.itemsize))


class CannotWrite(BadInput):
    """HDF5 may not end in order any more: leave by os._exit."""


@contextlib.contextmanager
def writing(path):
    """What HDF5 says of a full disk, on writing or on closing, as one sentence."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        why = re.search("error message = '([^']*)'", str(error))
        raise CannotWrite(f"{path}: cannot be written: {why[1] if why else str(error).splitlines()[0]}") from error


def write(names, vectors, columns, classes):
    """names: of output_names. vectors: their blocks, dimension and type. columns: blocks and type by name."""
    blocks, dim, dtype = vectors
    count = rows_per_block(dim, dtype)
    streams = {"embeddings": Stream(blocks), **{name: Stream(column) for name, (column, _) in columns.items()}}
    progress = Progress(sum(rows for _, rows in names), dim * dtype.itemsize)
    with NewFiles([name for name, _ in names]) as files:
        for name, rows in names:
            with writing(name):
                file = create(files.begin(name), rows, (dim, dtype), {name: kind for name, (_, kind) in columns.items()})
                if classes:
                    file["classes"] = classes
                datasets = {name: file[name] for name in streams}  # none is closed, and fails once more, before the end
            for first in range(0, rows, count):
                taken = min(count, rows - first)
                for column, stream in streams.items():
                    block = stream.take(taken)
                    with writing(name):
                        datasets[column][first:first + taken] = block
                progress.add(taken)
            with writing(name):
                file.flush()
                file.close()
