"""A small corpus for tests, before and while it is written."""
import os

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
