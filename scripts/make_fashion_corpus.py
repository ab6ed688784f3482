#!/usr/bin/python3
"""Makes an HDF5 corpus of Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf, 2017) as Debian packages it.

/embeddings: 70000 x 784 pixels, u8, with the attribute image_shape, so that they can be shown.
/labels: seeds, chosen class by class by a hash of the row; -1 elsewhere.
/gold: the labels of all other rows, only to measure with; -1 at seeds. /classes: the names of the ten classes.
"""
import argparse
import gzip
import hashlib
import os

import h5py
import numpy

DATA = "/usr/share/datasets/fashion-mnist"
CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
           "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def read_idx(name, header_bytes):
    with gzip.open(os.path.join(DATA, name)) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header_bytes)


def load():
    images = [read_idx(f"{part}-images-idx3-ubyte.gz", 16) for part in ("train", "t10k")]
    labels = [read_idx(f"{part}-labels-idx1-ubyte.gz", 8) for part in ("train", "t10k")]
    return numpy.concatenate(images).reshape(-1, 784), numpy.concatenate(labels).astype(numpy.int32)


def choose_seeds(labels, per_class, draw):
    """Rows of the seeds: of each class those with the smallest hashes of (draw, row)."""
    def key(row):
        return hashlib.blake2b(f"{draw}:{row}".encode(), digest_size=8).digest()

    seeds = numpy.full(len(labels), -1, numpy.int32)
    for label in range(len(CLASSES)):
        rows = sorted(numpy.flatnonzero(labels == label), key=key)
        seeds[rows[:per_class]] = label
    return seeds


def is_made(path, settings):
    if not os.path.exists(path):
        return False
    with h5py.File(path, "r") as file:
        return all(file.attrs.get(key) == value for key, value in settings.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="file to make; left alone if it has these settings already")
    parser.add_argument("--per-class", type=int, default=10, help="seeds a class")
    parser.add_argument("--draw", type=int, default=1, help="which seeds")
    parser.add_argument("--items", type=int, default=70000, help="only the first so many")
    args = parser.parse_args()
    settings = {"per_class": args.per_class, "draw": args.draw, "items": args.items, "shows": "images"}
    if is_made(args.path, settings):
        return
    images, labels = load()
    images, labels = images[:args.items], labels[:args.items]
    seeds = choose_seeds(labels, args.per_class, args.draw)
    os.makedirs(os.path.dirname(os.path.abspath(args.path)), exist_ok=True)
    temporary = args.path + ".part"
    with h5py.File(temporary, "w") as file:
        file["embeddings"] = images
        file["embeddings"].attrs["image_shape"] = [28, 28]
        file["labels"] = seeds
        file["gold"] = numpy.where(seeds >= 0, -1, labels).astype(numpy.int32)
        file["classes"] = CLASSES
        file.attrs.update(settings)
    os.replace(temporary, args.path)


if __name__ == "__main__":
    main()
