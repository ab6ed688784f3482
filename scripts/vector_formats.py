"""Vectors in the files of other programs, read in blocks of rows: for to_hdf5.py.

A source has `name`, `rows`, `dim`, `dtype` (what its blocks hold, a numpy type) and blocks(count), which yields arrays of at
most `count` rows. table_formats.py has sources of tables, which also have columns. Whatever is wrong with a file raises
BadInput with one sentence.
"""
import json
import os
import re
import zipfile

import numpy

STORED = {"f2": "f16", "f4": "f32", "f8": "f64", "u1": "u8", "i1": "i8"}  # what a corpus may hold
BIN_TYPES = {".fbin": "f4", ".u8bin": "u1", ".i8bin": "i1"}
VECS_TYPES = {".fvecs": "f4", ".bvecs": "u1", ".ivecs": "i4"}
TENSOR_TYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2", "U8": "u1", "I8": "i1"}
LONGEST_HEADER = 100_000_000  # of safetensors, as its own reader has it


class BadInput(Exception):
    """One sentence for the user."""


def type_name(dtype):
    dtype = numpy.dtype(dtype)
    return STORED.get(dtype.kind + str(dtype.itemsize), str(dtype))


def require_shape(name, shape):
    """Rows and dimension of an array of vectors."""
    if len(shape) != 2:
        raise BadInput(f"{name}: has the shape {' x '.join(map(str, shape)) or 'of one number'}, expected rows x dimension")
    rows, dim = map(int, shape)
    if rows < 1 or dim < 1:
        raise BadInput(f"{name}: has {rows} rows of {dim} values, expected at least one of each")
    return rows, dim


def require_bytes(name, has, needs, what):
    """The size of a file, against what its header says."""
    if has != needs:
        kind = "is cut off" if has < needs else "has more than its header says"
        raise BadInput(f"{name}: {kind}: {has} bytes, expected {needs} for {what}")


def choose(name, wanted, candidates, things):
    """The one that is wanted, or the only one. things: what they are, for the sentence."""
    if wanted is not None:
        if wanted not in candidates:
            raise BadInput(f"{name}: has no {wanted} among its {things}: {', '.join(candidates) or 'there are none'}")
        return wanted
    if len(candidates) != 1:
        raise BadInput(f"{name}: --vectors must name one of its {things}: {', '.join(candidates) or 'there are none'}")
    return candidates[0]


class Rows:
    """Rows one after another in a file, `prefix` bytes before each. open_data: opens the file where they begin."""

    def __init__(self, name, open_data, shape, dtype, prefix=0):
        self.name, self.open_data, self.prefix = name, open_data, prefix
        self.rows, self.dim = require_shape(name, shape)
        self.raw = numpy.dtype(dtype)
        self.is_bf16 = False
        self.dtype = self.raw.newbyteorder("=")

    def has(self, column):
        return False

    def as_bf16(self):
        """Upper halves of float32."""
        self.is_bf16, self.dtype = True, numpy.dtype("f4")
        return self

    def blocks(self, count):
        row_bytes = self.prefix + self.dim * self.raw.itemsize
        with self.open_data() as file:
            for first in range(0, self.rows, count):
                rows = min(count, self.rows - first)
                data = file.read(rows * row_bytes)
                if len(data) != rows * row_bytes:
                    raise BadInput(f"{self.name}: is cut off in row {first + len(data) // row_bytes}")
                yield self.decode(numpy.frombuffer(data, numpy.uint8).reshape(rows, row_bytes), first)

    def decode(self, block, first):
        if self.prefix:
            dims = block[:, :self.prefix].copy().view("<i4")[:, 0]
            wrong = numpy.flatnonzero(dims != self.dim)
            if len(wrong):
                raise BadInput(f"{self.name}: row {first + wrong[0]} has the dimension {dims[wrong[0]]}, row 0 has {self.dim}")
            block = block[:, self.prefix:].copy()
        values = block.view(self.raw)
        if self.is_bf16:
            return (values.astype(numpy.uint32) << 16).view(numpy.float32)
        return values.astype(self.dtype, copy=False)


class ColumnMajor:
    """A .npy file of Fortran order, mapped: its blocks come from all over the file."""

    def __init__(self, path):
        self.name = path
        self.array = numpy.load(path, mmap_mode="r")
        self.rows, self.dim = require_shape(path, self.array.shape)
        self.dtype = self.array.dtype.newbyteorder("=")

    def has(self, column):
        return False

    def blocks(self, count):
        for first in range(0, self.rows, count):
            yield numpy.ascontiguousarray(self.array[first:first + count], self.dtype)


def opener(path, offset):
    def open_data():
        file = open(path, "rb")
        file.seek(offset)
        return file
    return open_data


def read_npy_header(name, file):
    """Shape, whether in Fortran order, and type; the file then stands at the data."""
    try:
        version = numpy.lib.format.read_magic(file)
        read = numpy.lib.format.read_array_header_1_0 if version == (1, 0) else numpy.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
    except (ValueError, EOFError) as error:
        raise BadInput(f"{name}: is no array as numpy.save writes it: {str(error).splitlines()[0]}") from error
    if dtype.hasobject:
        raise BadInput(f"{name}: holds Python objects, expected an array of numbers")
    return shape, is_fortran, dtype


def open_npy(path, wanted=None):
    with open(path, "rb") as file:
        shape, is_fortran, dtype = read_npy_header(path, file)
        offset = file.tell()
    rows, dim = require_shape(path, shape)
    needs = offset + rows * dim * dtype.itemsize
    require_bytes(path, os.path.getsize(path), needs, f"{rows} x {dim} {type_name(dtype)}")
    return ColumnMajor(path) if is_fortran else Rows(path, opener(path, offset), shape, dtype)


def open_npz(path, wanted=None):
    """An array of the archive, stored or compressed."""
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = [entry.filename[:-4] for entry in archive.infolist() if entry.filename.endswith(".npy")]
            headers = {}
            for array in arrays:
                with archive.open(array + ".npy") as file:
                    headers[array] = read_npy_header(f"{path}: {array}", file)
    except zipfile.BadZipFile as error:
        raise BadInput(f"{path}: is no archive as numpy.savez writes it: {error}") from error
    matrices = [array for array in arrays if len(headers[array][0]) == 2]
    array = choose(path, wanted, matrices if wanted is None else arrays, "arrays")
    shape, is_fortran, dtype = headers[array]
    if is_fortran:
        raise BadInput(f"{path}: {array}: is in Fortran order; save it again after numpy.ascontiguousarray, or as .npy")

    def open_data():
        file = zipfile.ZipFile(path).open(array + ".npy")
        read_npy_header(path, file)
        return file
    return Rows(f"{path}: {array}", open_data, shape, dtype)


def open_bin(path, wanted=None):
    """Of big-ann-benchmarks: the number of rows and the dimension as uint32, then the rows."""
    dtype = numpy.dtype("<" + BIN_TYPES[os.path.splitext(path)[1]])
    size = os.path.getsize(path)
    header = numpy.fromfile(path, "<u4", 2)
    if len(header) < 2:
        raise BadInput(f"{path}: has {size} bytes, expected a header of 8")
    rows, dim = require_shape(path, header)
    require_bytes(path, size, 8 + rows * dim * dtype.itemsize, f"{rows} x {dim} {type_name(dtype)}")
    return Rows(path, opener(path, 8), header, dtype)


def open_vecs(path, wanted=None):
    """Of TEXMEX: before each row its dimension as int32."""
    dtype = numpy.dtype("<" + VECS_TYPES[os.path.splitext(path)[1]])
    size = os.path.getsize(path)
    header = numpy.fromfile(path, "<i4", 1)
    if len(header) < 1 or header[0] < 1:
        raise BadInput(f"{path}: begins with {f'the dimension {header[0]}' if len(header) else 'nothing'}, expected one of 1 or more")
    row_bytes = 4 + int(header[0]) * dtype.itemsize
    if size % row_bytes:
        raise BadInput(f"{path}: is cut off: {size} bytes are no whole number of rows of {row_bytes}")
    return Rows(path, opener(path, 0), (size // row_bytes, header[0]), dtype, prefix=4)


def read_tensors(path):
    """The header of a safetensors file, and where its data begin."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, LONGEST_HEADER):
            raise BadInput(f"{path}: is no safetensors file, or is cut off: a header of {length} bytes in a file of {size}")
        try:
            header = json.loads(file.read(length))
            tensors = {name: (entry["dtype"], entry["shape"], *entry["data_offsets"])
                       for name, entry in header.items() if name != "__metadata__"}
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise BadInput(f"{path}: its header is not that of a safetensors file") from error
    end = max((last for *_, last in tensors.values()), default=0)
    require_bytes(path, size, 8 + length + end, f"its {len(tensors)} tensors")
    return tensors, 8 + length


def open_safetensors(path, wanted=None):
    tensors, data = read_tensors(path)
    matrices = [name for name, (_, shape, *_) in tensors.items() if len(shape) == 2]
    chosen = choose(path, wanted, matrices if wanted is None else list(tensors), "tensors")
    kind, shape, first, last = tensors[chosen]
    name = f"{path}: {chosen}"
    if kind not in TENSOR_TYPES:
        raise BadInput(f"{name}: holds {kind.lower()}, expected f32, f16, bf16, f64, u8 or i8")
    dtype = numpy.dtype("<" + TENSOR_TYPES[kind])
    rows, dim = require_shape(name, shape)
    require_bytes(name, last - first, rows * dim * dtype.itemsize, f"{rows} x {dim} {kind.lower()}")
    found = Rows(name, opener(path, data + first), shape, dtype)
    return found.as_bf16() if kind == "BF16" else found


def as_people_count(path):
    """A key for sorting: part-2 before part-10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", path)]


class Joined:
    """Sources one after another: the shards of a folder, or several files."""

    def __init__(self, sources):
        self.sources = sources
        first = sources[0]
        self.name, self.dim, self.dtype = first.name, first.dim, first.dtype
        self.rows = sum(source.rows for source in sources)
        for source in sources[1:]:
            if (source.dim, source.dtype) != (self.dim, self.dtype):
                raise BadInput(f"{source.name}: holds vectors of {source.dim} {type_name(source.dtype)}, "
                               f"those of {first.name} are of {self.dim} {type_name(self.dtype)}")

    def has(self, column):
        return self.sources[0].has(column)

    def blocks(self, count):
        for source in self.sources:
            yield from source.blocks(count)

    def column(self, name, count):
        for source in self.sources:
            yield from source.column(name, count)

    def place(self, row):
        """Where a row of all is, in words."""
        for source in self.sources:
            if row < source.rows:
                return f"{source.name}: row {row}"
            row -= source.rows
        raise IndexError(row)
