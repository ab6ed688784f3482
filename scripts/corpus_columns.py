"""Columns beside the vectors of a corpus: labels, ids and text, from a column of a table or a file of their own; for
to_hdf5.py. A file has one value a line, or is a .npy array of one dimension."""
import os

import numpy

from vector_formats import BadInput, read_npy_header

BLOCK = 1 << 16
MOST_CLASSES = 1 << 31


class Column:
    """name: for sentences. read(count): its values in blocks, arrays of numbers or of strings and None."""

    def __init__(self, name, read):
        self.name, self.read = name, read

def open_column(source, wanted, option):
    """A column of the source, or else a file."""
    if source.has(wanted):
        return Column(f"{source.name.rsplit(': ', 1)[0]}: {wanted}", lambda count: source.column(wanted, count))
    if not os.path.isfile(wanted):
        raise BadInput(f"--{option} {wanted}: {source.name.rsplit(': ', 1)[0]} has no such column, and there is no such file")
    read = read_npy_column if wanted.endswith(".npy") else read_lines
    return Column(wanted, lambda count: read(wanted, count))


def read_lines(path, count):
    values = []
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line in file:
                values.append(line.rstrip("\n"))
                if len(values) == count:
                    yield numpy.array(values, object)
                    values = []
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8: {error.reason}; expected one value a line, or a .npy file") from error
    if values:
        yield numpy.array(values, object)


def read_npy_column(path, count):
    with open(path, "rb") as file:
        shape, _, dtype = read_npy_header(path, file)
        if len(shape) != 1 or dtype.kind not in "biufUS":
            raise BadInput(f"{path}: holds {len(shape)} dimensions of {dtype}, expected one of numbers or strings")
        for first in range(0, shape[0], count):
            wanted = min(count, shape[0] - first)
            values = numpy.frombuffer(file.read(wanted * dtype.itemsize), dtype)
            if len(values) != wanted:
                raise BadInput(f"{path}: is cut off in value {first + len(values)}")
            yield as_objects(values) if dtype.kind in "US" else values


def as_objects(values):
    return numpy.array([value.decode() if isinstance(value, bytes) else value for value in values.tolist()], object)


def is_none(value):
    return value is None or value == "" or value != value


def is_whole(text):
    digits = text[1:] if text[:1] == "-" else text
    return digits.isascii() and digits.isdecimal() and len(digits) < 19


class Values:
    """What is in a column, from one look at all of it: numbers, or names."""

    def __init__(self, column, rows):
        self.column, self.count, self.names = column, 0, set()
        self.are_numbers = True
        for block in column.read(BLOCK):
            self.count += len(block)
            if block.dtype == object:
                found = {value for value in block.tolist() if not is_none(value)}
                self.are_numbers = self.are_numbers and all(isinstance(v, str) and is_whole(v) for v in found)
                self.names |= found
            elif block.dtype.kind not in "biuf":
                raise BadInput(f"{column.name}: holds {block.dtype}, expected numbers or strings")
            elif not numpy.isnan(block.astype(numpy.float64)).all():
                self.names.add(0)  # a number: names that are none of these would be two kinds of values
        if self.count != rows:
            raise BadInput(f"{column.name}: has {self.count} values for {rows} vectors")
        if not self.are_numbers and any(not isinstance(name, str) for name in self.names):
            raise BadInput(f"{column.name}: holds numbers and strings, expected one of them")


def numbers(values, name, first):
    """Whole numbers, -1 where there is none. first: the row of the first value."""
    if values.dtype == object:
        values = numpy.array([-1 if is_none(value) else int(value) for value in values.tolist()], numpy.int64)
    if values.dtype.kind == "f":
        whole = numpy.where(numpy.isnan(values), -1, values)
        wrong = numpy.flatnonzero((whole != numpy.rint(whole)) | (numpy.abs(whole) >= 2 ** 53))
        if len(wrong):
            raise BadInput(f"{name}: row {first + wrong[0]}: {values[wrong[0]]} is no whole number")
        values = whole
    if values.dtype.kind == "u" and len(values) and values.max() >= 2 ** 63:
        raise BadInput(f"{name}: row {first + values.argmax()}: {values.max()} is too large")
    return values.astype(numpy.int64)


def agree_on_classes(columns, given):
    """Names of the classes of all columns together, or None if labels are their numbers; and whether labels are names."""
    names = set().union(*(values.names for values in columns))
    holds_numbers = [values.column.name for values in columns if 0 in values.names]
    are_names = not all(values.are_numbers for values in columns)
    if are_names and holds_numbers:
        raise BadInput(f"{holds_numbers[0]}: holds numbers, but another column of labels holds names of classes")
    if given and names <= set(given):
        return given, True
    return given or (sorted(names) if are_names else None), are_names


def label_numbers(column, classes, are_names, count):
    """Blocks of int32. classes: all names, or None."""
    codes = {name: number for number, name in enumerate(classes or ())}
    most = len(classes) if classes else MOST_CLASSES
    first = 0
    for block in column.read(count):
        if are_names:
            values = numpy.array([-1 if is_none(v) else codes.get(v, most) for v in block.tolist()], numpy.int64)
        else:
            values = numbers(block, column.name, first)
        wrong = numpy.flatnonzero((values < -1) | (values >= most))
        if len(wrong):
            raise BadInput(f"{column.name}: row {first + wrong[0]}: {block[wrong[0]]} is none of the {most} classes")
        yield values.astype(numpy.int32)
        first += len(block)


def texts(column, count):
    """Blocks of strings; nothing is an empty one."""
    first = 0
    for block in column.read(count):
        values = numpy.array(["" if is_none(value) else str(value) for value in block.tolist()], object)
        for row, text in enumerate(values):
            if "\0" in text:
                raise BadInput(f"{column.name}: row {first + row}: has a character of value 0, which HDF5 cannot store")
        yield values
        first += len(block)


def ids(column, are_numbers, count):
    """Blocks of int64 or of strings; every row has one."""
    first = 0
    for block in column.read(count):
        missing = [row for row, value in enumerate(block.tolist()) if is_none(value)]
        if missing:
            raise BadInput(f"{column.name}: row {first + missing[0]}: has no id")
        yield numbers(block, column.name, first) if are_numbers else numpy.array([str(v) for v in block.tolist()], object)
        first += len(block)


def require_length(column, rows):
    length = sum(len(block) for block in column.read(BLOCK))
    if length != rows:
        raise BadInput(f"{column.name}: has {length} values for {rows} vectors")
