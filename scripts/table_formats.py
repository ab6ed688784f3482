"""Tables with vectors and columns beside them, read in blocks of rows: Parquet, Arrow, AnnData; for to_hdf5.py.

A table is a source as vector_formats.py has it, which also has(column) and column(name, count): arrays of numbers, or of
objects that are strings or None.
"""
import h5py
import numpy

from vector_formats import BadInput, choose, require_shape

FLOATS = {"halffloat": "f2", "float": "f4", "double": "f8", "uint8": "u1", "int8": "i1"}  # Arrow's names


def pyarrow_for(path):
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError as error:
        raise BadInput(f"{path}: reading it needs pyarrow; install it with: python3 -m pip install pyarrow") from error
    return pyarrow


def objects(values):
    """An array of strings or None; bytes are UTF-8."""
    out = numpy.empty(len(values), object)
    out[:] = [value.decode(errors="replace") if isinstance(value, bytes) else value for value in values]
    return out


def from_arrow(array):
    """A block of a column as numpy has it. Nulls: NaN among numbers, None among strings."""
    values = array.to_pylist()
    if any(isinstance(value, (str, bytes)) for value in values):
        return objects(values)
    if None in values:
        return numpy.array([numpy.nan if value is None else value for value in values], numpy.float64)
    return numpy.array(values)


def cells_of(array):
    """A block of a column for a CSV file: moments as ISO 8601 says them, whole floats as integers, nothing as None."""
    kind = str(array.type)
    if kind.startswith(("timestamp", "date")):
        array = array.cast("string")
    cells = array.to_pylist()
    if kind in FLOATS:
        cells = [int(cell) if cell is not None and cell == cell and float(cell).is_integer() else cell for cell in cells]
        cells = [None if cell != cell else cell for cell in cells]
    return cells


class Batches:
    """Record batches of a file. The classes below have read(columns, count)."""

    def __init__(self, path):
        self.pyarrow, self.path = pyarrow_for(path), path

    def arrays(self, columns, count):
        """The columns of at most `count` rows at a time. Damage that shows only now is a sentence too."""
        try:
            for batch in self.read(columns, count):
                arrays = [batch.column(self.place(batch, name)) for name in columns]
                yield [getattr(array, "storage", array) for array in arrays]
        except (self.pyarrow.ArrowException, OSError) as error:
            raise BadInput(f"{self.path}: {', '.join(columns)}: cannot be read: {first_line(error)}") from error

    def place(self, batch, name):
        place = batch.schema.get_field_index(name)
        if place < 0:
            raise BadInput(f"{self.path}: has no column {name}, or several")
        return place


class ParquetBatches(Batches):
    """Of a Parquet file."""

    def __init__(self, path):
        super().__init__(path)
        try:
            # Without a buffer of a fixed size, a whole column of a row group is read at once.
            self.file = self.pyarrow.parquet.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        except (self.pyarrow.ArrowException, OSError) as error:
            raise BadInput(f"{path}: is no Parquet file, or is cut off: {first_line(error)}") from error
        self.schema, self.rows = self.file.schema_arrow, self.file.metadata.num_rows

    def read(self, columns, count):
        return self.file.iter_batches(count, columns=columns, use_threads=False)


class ArrowBatches(Batches):
    """Of an Arrow file, Feather file or Arrow stream. Only the columns that are asked for are read and unpacked."""

    def __init__(self, path):
        super().__init__(path)
        try:
            with self.pyarrow.OSFile(path) as file:
                self.schema = self.open(file, []).schema
            narrow = [field.name for field in self.schema if self.pyarrow.types.is_primitive(field.type)]
            counted = narrow[:1] or self.schema.names[:1]
            self.rows = sum(batch.num_rows for batch in self.read(counted, 1 << 62))
        except (self.pyarrow.ArrowException, OSError) as error:
            raise BadInput(f"{path}: is no Arrow file, or is cut off: {first_line(error)}") from error

    def open(self, file, columns):
        """columns: none stands for all."""
        ipc = self.pyarrow.ipc
        fields = [number for number, name in enumerate(self.schema.names) if name in columns] if columns else []
        options = ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        try:
            return ipc.open_file(file, options=options)
        except self.pyarrow.ArrowInvalid:  # a stream, as data sets of Hugging Face are stored
            file.seek(0)
            return ipc.open_stream(file, options=options)

    def read(self, columns, count):
        with self.pyarrow.OSFile(self.path) as file:
            reader = self.open(file, columns)
            is_file = hasattr(reader, "get_batch")
            for batch in (map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader):
                for first in range(0, batch.num_rows, count):
                    yield batch.slice(first, count)


def first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def storage(kind):
    """What an extension type, such as a tensor of fixed shape, is stored as."""
    return getattr(kind, "storage_type", kind)


class Table:
    """A Parquet or Arrow file with a column of lists, one a row, of one length."""

    def __init__(self, wanted, batches):
        self.batches, path, pyarrow = batches, batches.path, batches.pyarrow
        self.kinds = {field.name: storage(field.type) for field in batches.schema}
        is_list = (lambda kind: pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)
                   or pyarrow.types.is_fixed_size_list(kind))
        lists = [name for name, kind in self.kinds.items() if is_list(kind)]
        self.vectors = choose(path, wanted, lists, "columns of lists")
        self.name = f"{path}: {self.vectors}"
        kind = str(self.kinds[self.vectors].value_type)
        if kind not in FLOATS:
            raise BadInput(f"{self.name}: holds lists of {kind}, expected halffloat, float, double, uint8 or int8")
        self.rows, self.dtype = batches.rows, numpy.dtype(FLOATS[kind])
        first = next(iter(self.arrays(self.vectors, 1)), None)
        dim = 0 if first is None or len(first) == 0 else len(first[0].values or [])
        require_shape(self.name, (self.rows, dim))
        self.dim = dim

    def arrays(self, column, count):
        for [array] in self.batches.arrays([column], count):
            yield array

    def has(self, column):
        return column in self.kinds

    def column(self, name, count):
        for array in self.arrays(name, count):
            yield from_arrow(array)

    def blocks(self, count):
        first = 0
        for array in self.arrays(self.vectors, count):
            self.require_lengths(array, first)
            values = array.flatten()
            if values.null_count:
                row = first + int(numpy.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0]) // self.dim
                raise BadInput(f"{self.name}: row {row}: a value of the vector is null")
            yield values.to_numpy().reshape(len(array), self.dim)
            first += len(array)

    def require_lengths(self, array, first):
        lengths = self.batches.pyarrow.compute.list_value_length(array).fill_null(-1).to_numpy(zero_copy_only=False)
        lengths = numpy.where(array.is_null().to_numpy(zero_copy_only=False), -1, lengths)
        wrong = numpy.flatnonzero(lengths != self.dim)
        if len(wrong):
            has = lengths[wrong[0]]
            what = "no vector" if has < 0 else f"a vector of {has} values"
            raise BadInput(f"{self.name}: row {first + wrong[0]} has {what}, row 0 one of {self.dim}")


def open_parquet(path, wanted=None):
    return Table(wanted, ParquetBatches(path))


def open_arrow(path, wanted=None):
    return Table(wanted, ArrowBatches(path))


def attribute(item, name):
    value = item.attrs.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


class AnnData:
    """A .h5ad file: X, or an array of obsm, and the columns of obs."""

    def __init__(self, path, wanted=None):
        try:
            self.file = h5py.File(path, "r")
        except OSError as error:
            raise BadInput(f"{path}: is no HDF5 file, or is cut off: {first_line(error)}") from error
        self.path = path
        places = ["X"] if "X" in self.file else []
        places += list(self.file.get("obsm", {}))
        vectors = choose(path, wanted if wanted or "X" not in places else "X", places, "arrays")
        self.item = self.file[vectors if vectors == "X" else f"obsm/{vectors}"]
        self.name = f"{path}: {vectors}"
        self.is_sparse = isinstance(self.item, h5py.Group)
        self.rows, self.dim = require_shape(self.name, self.shape())
        self.dtype = (self.item["data"] if self.is_sparse else self.item).dtype.newbyteorder("=")
        obs = self.file.get("obs", {})
        self.obs = {name: obs[name] for name in obs if name != "__categories"} if isinstance(obs, h5py.Group) else {}
        index = attribute(obs, "_index") if isinstance(obs, h5py.Group) else ""
        if index in self.obs:
            self.obs.setdefault("index", self.obs[index])

    def shape(self):
        if not self.is_sparse:
            return self.item.shape
        kind = attribute(self.item, "encoding-type") or attribute(self.item, "h5sparse_format")
        if not kind.startswith("csr") or not {"data", "indices", "indptr"} <= set(self.item):
            raise BadInput(f"{self.name}: is stored as {kind or 'a group'}, expected an array or a csr_matrix")
        shape = self.item.attrs.get("shape", self.item.attrs.get("h5sparse_shape", ()))
        if len(shape) == 2 and len(self.item["indptr"]) != shape[0] + 1:
            raise BadInput(f"{self.name}: has {len(self.item['indptr'])} row pointers for {shape[0]} rows")
        return shape

    def has(self, column):
        return column in self.obs

    def blocks(self, count):
        for first in range(0, self.rows, count):
            last = min(first + count, self.rows)
            yield self.dense_rows(first, last) if self.is_sparse else self.item[first:last].astype(self.dtype, copy=False)

    def dense_rows(self, first, last):
        starts = self.item["indptr"][first:last + 1].astype(numpy.int64)
        columns = self.item["indices"][starts[0]:starts[-1]].astype(numpy.int64)
        values = self.item["data"][starts[0]:starts[-1]]
        if (numpy.diff(starts) < 0).any() or len(values) != starts[-1] - starts[0] or len(columns) != len(values):
            raise BadInput(f"{self.name}: rows {first} to {last - 1}: the row pointers do not fit the values")
        if len(columns) and not (0 <= columns.min() and columns.max() < self.dim):
            raise BadInput(f"{self.name}: rows {first} to {last - 1}: a column index is not below {self.dim}")
        at = numpy.repeat(numpy.arange(last - first) * self.dim, numpy.diff(starts)) + columns
        block = numpy.zeros((last - first) * self.dim, self.dtype)
        if (numpy.diff(at) > 0).all():
            block[at] = values
        else:  # unsorted, or an entry twice: these add up
            numpy.add.at(block, at, values)
        return block.reshape(last - first, self.dim)

    def column(self, name, count):
        item = self.obs[name]
        length = len(item["codes"] if isinstance(item, h5py.Group) and "codes" in item else self.plain(name, item))
        if length != self.rows:
            raise BadInput(f"{self.path}: obs/{name}: has {length} values, expected {self.rows}")
        categories = self.categories(item)
        for first in range(0, self.rows, count):
            yield self.column_block(item, categories, slice(first, min(first + count, self.rows)))

    def plain(self, name, item):
        """The dataset of a column that has no categories; its values, where it also has a mask."""
        if isinstance(item, h5py.Group):
            item = item.get("values")
        if not isinstance(item, h5py.Dataset) or item.ndim != 1:
            raise BadInput(f"{self.path}: obs/{name}: is stored in a form that this program does not know")
        return item

    def categories(self, item):
        if isinstance(item, h5py.Group):
            names = item.get("categories")
        else:  # as before AnnData 0.8
            names = self.file[item.attrs["categories"]] if "categories" in item.attrs else None
        if names is None:
            return None
        values = self.plain("categories", names)[...]
        return numpy.append(objects(values), None) if values.dtype.kind in "OS" else values

    def column_block(self, item, categories, rows):
        if categories is not None:
            codes = (item["codes"] if isinstance(item, h5py.Group) else item)[rows].astype(numpy.int64)
            if categories.dtype == object:
                return categories[codes]  # -1, no category, is the None at the end
            return numpy.where(codes >= 0, categories[codes].astype(numpy.float64), numpy.nan)
        values = self.plain("", item)[rows]
        if values.dtype.kind in "OS":
            values = objects(values)
        if isinstance(item, h5py.Group) and "mask" in item:
            mask = item["mask"][rows]
            values = numpy.where(mask, None if values.dtype == object else numpy.nan, values) if mask.any() else values
        return values
