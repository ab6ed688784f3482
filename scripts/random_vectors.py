"""Vectors of every kind that makes trouble, for random_runs.py."""
import numpy

# Each takes a random state, the class of each item, and the dimension.


def blobs(random, truth, dim):
    return random.normal(0, 4, (truth.max() + 1, dim))[truth] + random.normal(0, 1, (len(truth), dim))


def heavy_tails(random, truth, dim):
    return random.standard_t(1.5, (len(truth), dim))


def log_normal(random, truth, dim):
    return numpy.exp(random.normal(0, 1.5, (len(truth), dim)))


def one_hot(random, truth, dim):
    return numpy.eye(dim)[random.randint(0, dim, len(truth))] + random.normal(0, 0.01, (len(truth), 1))


def few_values(random, truth, dim):
    return random.randint(0, 3, (len(truth), dim))


def far_outliers(random, truth, dim):
    vectors = blobs(random, truth, dim)
    vectors[random.randint(0, len(truth), 1 + len(truth) // 50)] *= 300
    return vectors


def uneven_density(random, truth, dim):
    return blobs(random, truth, dim) * 10.0 ** random.uniform(-3, 1, (len(truth), 1))


def one_huge_cell(random, truth, dim):
    vectors = random.normal(0, 1, (len(truth), dim))
    vectors[: len(truth) // 20, 0] += 1000 * random.choice([-1, 1], len(truth) // 20)
    return vectors


SHAPES = [blobs, heavy_tails, log_normal, one_hot, few_values, far_outliers, uneven_density, one_huge_cell]
TYPES = ["f4", "f4", "f4", "f8", "f2", "u1", "i1"]


def as_type(vectors, dtype):
    """Scaled into the type's range where it is a small one."""
    if dtype in ("f4", "f8"):
        return vectors.astype(dtype)
    low, high = {"f2": (-1000, 1000), "u1": (0, 255), "i1": (-128, 127)}[dtype]
    size = numpy.abs(vectors).max() or 1
    scaled = vectors * (min(high, 100) / size) + (100 if dtype == "u1" else 0)
    return numpy.clip(scaled if dtype == "f2" else numpy.rint(scaled), low, high).astype(dtype)
