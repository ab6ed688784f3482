#!/usr/bin/python3
"""Makes an HDF5 corpus of randomly deformed images: a real manifold of any number of items.

Each item is an image of Debian's dataset-fashion-mnist, rotated, scaled, sheared and shifted at random, projected on the
first principal components. /embeddings: items x dim float32. A smaller corpus of the same seed and dim is the beginning of
a larger one.
"""
import argparse
import os
import sys
import time

import h5py
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))
from make_fashion_corpus import DATA, load  # noqa: E402

SIDE = 28
PADDED = SIDE + 2  # a dark frame: what is sampled outside of the image is dark
BLOCK = 2048       # items made at a time: about 150 MB
PILOT_BLOCKS = 25  # of other items, which the principal components come from


def random_maps(random, count):
    """count x 2 x 3: where in the image each pixel of the deformed one comes from, about the middle."""
    angle = numpy.radians(random.normal(0, 12, count))
    scale_x, scale_y = numpy.exp(random.normal(0, 0.12, (2, count)))
    shear = random.normal(0, 0.15, count)
    cos, sin = numpy.cos(angle), numpy.sin(angle)
    maps = numpy.empty((count, 2, 3), numpy.float32)
    maps[:, 0, 0], maps[:, 0, 1] = scale_x * cos, scale_x * (shear * cos - sin)
    maps[:, 1, 0], maps[:, 1, 1] = scale_y * sin, scale_y * (shear * sin + cos)
    maps[:, :, 2] = random.normal(0, 1.2, (count, 2))
    return maps


def sample_bilinearly(padded, sources, maps):
    """count x 784 float32: the images `sources`, each seen through its map."""
    middle = (SIDE - 1) / 2
    rows, columns = numpy.mgrid[0:SIDE, 0:SIDE].reshape(2, -1).astype(numpy.float32) - middle
    pixels = numpy.stack([columns, rows, numpy.ones_like(rows)])
    places = maps @ pixels
    places += middle + 1
    numpy.clip(places, 0, PADDED - 1.001, out=places)
    first = places.astype(numpy.int64)
    places -= first
    x, y = places[:, 0], places[:, 1]
    at = first[:, 1] * PADDED
    at += first[:, 0]
    at += (sources * PADDED ** 2)[:, None]
    upper, lower = (padded[at + shift] * (1 - x) + padded[at + shift + 1] * x for shift in (0, PADDED))
    return upper + (lower - upper) * y


def deform(padded, seed, block):
    """Block number `block` of the endless corpus of this seed."""
    random = numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence([seed, block])))
    sources = random.integers(0, len(padded) // PADDED ** 2, BLOCK)
    return sample_bilinearly(padded, sources, random_maps(random, BLOCK))


def principal_components(padded, seed, dim):
    """Mean and 784 x dim axes, largest variance first, from items that are not in the corpus."""
    total, products, count = numpy.zeros(SIDE ** 2), numpy.zeros((SIDE ** 2, SIDE ** 2)), 0
    for block in range(PILOT_BLOCKS):
        images = deform(padded, seed, (1 << 32) + block)
        total += images.sum(axis=0, dtype=numpy.float64)
        products += images.T @ images
        count += len(images)
    mean = total / count
    axes = numpy.linalg.eigh(products / count - numpy.outer(mean, mean))[1][:, ::-1][:, :dim]
    largest = numpy.abs(axes).argmax(axis=0)
    axes = axes * numpy.sign(axes[largest, numpy.arange(dim)])
    return mean.astype(numpy.float32), axes.astype(numpy.float32)


def is_made(path, settings):
    if not os.path.exists(path):
        return False
    with h5py.File(path, "r") as file:
        return all(file.attrs.get(key) == value for key, value in settings.items())


def padded_images():
    if not os.path.exists(DATA):
        sys.exit(f"{DATA}: no such folder; install the Debian package dataset-fashion-mnist")
    images = load()[0].reshape(-1, SIDE, SIDE)
    return (numpy.pad(images, ((0, 0), (1, 1), (1, 1))).astype(numpy.float32) / 255).ravel()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="file to make; left alone if it has these settings already")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128, help="principal components kept")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not 1 <= args.dim <= SIDE ** 2 or args.items < 1 or args.seed < 0:
        parser.error(f"--dim must be in 1..{SIDE ** 2}, --items at least 1, --seed not negative")
    settings = {"items": args.items, "dim": args.dim, "seed": args.seed}
    if is_made(args.path, settings):
        return
    start = time.monotonic()
    padded = padded_images()
    mean, axes = principal_components(padded, args.seed, args.dim)
    os.makedirs(os.path.dirname(os.path.abspath(args.path)), exist_ok=True)
    temporary = args.path + ".part"
    with h5py.File(temporary, "w") as file:
        rows = file.create_dataset("embeddings", (args.items, args.dim), numpy.float32)
        for first in range(0, args.items, BLOCK):
            last = min(first + BLOCK, args.items)
            rows[first:last] = ((deform(padded, args.seed, first // BLOCK) - mean) @ axes)[:last - first]
        file.attrs.update(settings)
    os.replace(temporary, args.path)
    print(f"{args.path}: {args.items} x {args.dim} in {time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
