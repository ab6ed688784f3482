"""What kinds of corpora differ by: each function returns or makes a change."""
import os

import h5py
import numpy

from made_corpus import DIM


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
