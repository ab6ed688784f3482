#!/usr/bin/python3
"""Kith's sweeps beside SciPy's sparse product and scikit-learn's LabelSpreading: the same graph, one run, results compared.

Threads: OMP_NUM_THREADS for Kith; SciPy's product and scikit-learn use one, so set it to 1 for a comparison of cores.
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

import numpy
from scipy import sparse
from sklearn.semi_supervised import LabelSpreading

CLASSES = 16
ALPHA = 0.9
RIGHT = 1e-5  # largest difference of an entry from the limit, rows scaled to sum 1


def run_kith(args, folder):
    """Seconds of one sweep, by number of columns."""
    command = [args.program, "--items", str(args.items), "--k", str(args.k), "--sweeps", str(args.sweeps),
               "--repeats", str(args.repeats), "--dump", folder]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    print("\n".join(lines))
    seconds = {}
    for line in lines[1:]:
        cells = line.split(",")
        seconds.setdefault(int(cells[0]), []).append(float(cells[5]) / int(cells[4]))
    return {columns: statistics.median(values) for columns, values in seconds.items()}


def read_graph(folder):
    offsets = numpy.fromfile(os.path.join(folder, "offsets.i64"), dtype=numpy.int64)
    columns = numpy.fromfile(os.path.join(folder, "columns.i32"), dtype=numpy.int32)
    weights = numpy.fromfile(os.path.join(folder, "weights.f32"), dtype=numpy.float32)
    return sparse.csr_matrix((weights, columns, offsets), shape=(len(offsets) - 1,) * 2)


def time_scipy(graph, columns, repeats):
    state = numpy.random.default_rng(1).random((graph.shape[0], columns), dtype=numpy.float32)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        graph @ state
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def exact_limit(graph, labels):
    """Label spreading's limit in double precision, rows scaled to sum 1: sweeps until ALPHA^n is below its precision."""
    graph = graph.astype(numpy.float64)
    root = numpy.sqrt(numpy.asarray(graph.sum(axis=1)).ravel())
    scale = sparse.diags(1 / root)
    matrix = scale @ graph @ scale
    seeds = (labels[:, None] == numpy.arange(CLASSES)).astype(numpy.float64)
    state = seeds.copy()
    for _ in range(int(numpy.ceil(numpy.log(1e-17) / numpy.log(ALPHA)))):
        state = ALPHA * (matrix @ state) + (1 - ALPHA) * seeds
    return state / state.sum(axis=1, keepdims=True)


def largest_difference(found, expected):
    reached = numpy.isfinite(found).all(axis=1) & numpy.isfinite(expected).all(axis=1) & (found.sum(axis=1) > 0)
    if reached.sum() < len(found) * 0.99:
        return numpy.inf
    return numpy.abs(found[reached] - expected[reached]).max()


def kith_to_limit(args, solver, limit):
    """The loosest tolerance whose result is right, and the median seconds with it."""
    for tolerance in [10.0 ** -n for n in range(3, 10)]:
        with tempfile.TemporaryDirectory() as folder:
            command = [args.program, "--items", str(args.items), "--k", str(args.k), "--sweeps", "2000", "--solver",
                       solver, "--tolerance", str(tolerance), "--repeats", str(args.repeats), "--dump", folder]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[1:]
            scores = numpy.fromfile(os.path.join(folder, "scores.f32"), dtype=numpy.float32).reshape(-1, CLASSES)
        if largest_difference(scores, limit) < RIGHT:
            rows = [row for row in (line.split(",") for line in lines) if int(row[0]) == CLASSES]
            return int(rows[0][4]), statistics.median(float(row[5]) for row in rows)
    return None


def sklearn_to_limit(args, graph, labels, limit):
    """The fewest sweeps, in steps of 10, whose result is right, and the median seconds of fit() with them."""
    for sweeps in range(10, 2001, 10):
        _, found = run_sklearn(graph, labels, sweeps)
        if largest_difference(found, limit) < RIGHT:
            return sweeps, statistics.median(
                sweeps * run_sklearn(graph, labels, sweeps)[0] for _ in range(args.repeats))
    return None


def compare_to_limit(args, graph, labels):
    """Both as loose as they may be and still right to RIGHT: fit() against propagate()."""
    limit = exact_limit(graph, labels)
    peer = sklearn_to_limit(args, graph, labels, limit)
    for solver in ("chebyshev", "conjugate_gradient", "sweeps"):
        own = kith_to_limit(args, solver, limit)
        if own is None or peer is None:
            raise SystemExit(f"{solver}: the limit was not reached")
        print(f"to the limit within {RIGHT:.0e}, alpha {ALPHA}: Kith {solver} {own[0]} sweeps {own[1]:.3f} s, "
              f"scikit-learn {peer[0]} sweeps {peer[1]:.3f} s, ratio {peer[1] / own[1]:.1f}")


def run_sklearn(graph, labels, sweeps):
    """Seconds of one sweep and the distributions."""
    model = LabelSpreading(kernel=lambda x, y=None: graph.astype(numpy.float64), alpha=ALPHA, max_iter=sweeps, tol=0)
    start = time.perf_counter()
    model.fit(numpy.zeros((len(labels), 1)), labels)
    return (time.perf_counter() - start) / sweeps, model.label_distributions_


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/perf/propagation_perf")
    parser.add_argument("--items", type=int, default=100000)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--sweeps", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    import warnings
    warnings.filterwarnings("ignore", message="max_iter=")  # it is meant to stop there
    with tempfile.TemporaryDirectory() as folder:
        kith = run_kith(args, folder)
        graph = read_graph(folder)
        labels = numpy.fromfile(os.path.join(folder, "labels.i32"), dtype=numpy.int32)
        scores = numpy.fromfile(os.path.join(folder, "scores.f32"), dtype=numpy.float32).reshape(-1, CLASSES)
    for columns, seconds in kith.items():
        peer = time_scipy(graph, columns, args.repeats)
        print(f"{columns} columns: Kith {seconds:.4f} s a sweep, SciPy {peer:.4f} s a product, ratio {peer / seconds:.2f}")
    print(f"128 columns take {kith[128] / kith[16]:.2f} times the time of 16")
    seconds, expected = run_sklearn(graph, labels, args.sweeps)
    # Rows that no label has reached are 0 / 0 there.
    reached = numpy.isfinite(expected).all(axis=1) & (expected.sum(axis=1) > 0)
    difference = numpy.abs(expected[reached] - scores[reached]).max()
    print(f"scikit-learn LabelSpreading {seconds:.4f} s a sweep, ratio {seconds / kith[16]:.2f}, "
          f"largest difference {difference:.1e} on {reached.sum()} of {len(labels)} rows")
    if not difference < 1e-5 or reached.sum() < len(labels) * 0.99:
        raise SystemExit("the results differ")
    compare_to_limit(args, graph, labels)


if __name__ == "__main__":
    main()
