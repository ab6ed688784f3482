"""Our statistics of random inputs, computed anew with NumPy, SciPy and scikit-learn."""
import json
import os
import subprocess
import tempfile
import unittest

import numpy
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss


def load():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "statistics.json")
        subprocess.run([os.environ["KITH_DUMP"], path], check=True)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


OURS = load()
K = OURS["num_classes"]
GIVEN = numpy.array(OURS["given"])
P = numpy.array(OURS["probabilities"], dtype=float).reshape(-1, K)
ITEMS = numpy.arange(len(GIVEN))


class LabelErrors(unittest.TestCase):
    ours = OURS["label_errors"]

    def setUp(self):
        self.thresholds = numpy.array([P[GIVEN == k, k].mean() for k in range(K)])
        confident = numpy.where(P >= self.thresholds - 1e-6, P, -1)
        self.confident = numpy.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), -1)
        counts = numpy.zeros((K, K))
        for given, true in zip(GIVEN, self.confident):
            if true >= 0:
                counts[given, true] += 1
        self.counts = counts
        self.calibrated = (counts / counts.sum(axis=1, keepdims=True)
                           * numpy.bincount(GIVEN, minlength=K)[:, None])

    def test_joint(self):
        assert_allclose(self.ours["thresholds"], self.thresholds, atol=1e-6)
        assert_array_equal(self.ours["counts"], self.counts)
        assert_allclose(self.ours["joint"], self.calibrated / len(GIVEN), atol=1e-12)
        assert_allclose(self.ours["noise"], self.calibrated / self.calibrated.sum(axis=0),
                        atol=1e-12)

    def test_filters(self):
        off = numpy.round(self.calibrated)
        by_class = numpy.zeros(len(GIVEN), int)
        by_rate = numpy.zeros(len(GIVEN), int)
        own = P[ITEMS, GIVEN]
        for i in range(K):
            items = ITEMS[GIVEN == i]
            wrong = round(len(items) - self.calibrated[i, i])
            by_class[items[numpy.argsort(own[items])[:wrong]]] = 1
            for j in range(K):
                if i != j:
                    order = numpy.argsort(P[items, i] - P[items, j])
                    by_rate[items[order[:int(off[i, j])]]] = 1
        lowest = numpy.zeros(len(GIVEN), int)
        lowest[numpy.argsort(own)[:round(len(GIVEN) - numpy.trace(self.calibrated))]] = 1
        expected = [P.argmax(axis=1) != GIVEN,
                    (self.confident >= 0) & (self.confident != GIVEN),
                    by_class, by_rate, by_class & by_rate, lowest]
        for ours, theirs in zip(self.ours["flags"], expected):
            self.assertGreater(numpy.sum(theirs), 20)
            assert_array_equal(ours, numpy.asarray(theirs).astype(int))

    def test_scores(self):
        others = P.copy()
        others[ITEMS, GIVEN] = -1
        own = P[ITEMS, GIVEN]
        assert_allclose(self.ours["normalized_margin"], (own - others.max(axis=1) + 1) / 2,
                        atol=1e-12)
        c = -(P * numpy.log(P)).sum(axis=1) / numpy.log(K) / own
        assert_allclose(self.ours["weighted_entropy"], numpy.log(1 + c) / c, atol=1e-12)


class Calibration(unittest.TestCase):
    ours = OURS["calibration"]

    def test_losses(self):
        rows = P / P.sum(axis=1, keepdims=True)
        self.assertAlmostEqual(self.ours["nll"], log_loss(GIVEN, rows), places=6)
        hot = numpy.eye(K)[GIVEN]
        self.assertAlmostEqual(
            self.ours["brier"], sum(brier_score_loss(hot[:, k], P[:, k]) for k in range(K)),
            places=6)
        top, right = P.max(axis=1), P.argmax(axis=1) == GIVEN
        bins = numpy.minimum((top * 15).astype(int), 14)
        ece = sum(abs((top[bins == b] - right[bins == b]).sum()) for b in range(15)) / len(top)
        self.assertAlmostEqual(self.ours["ece"], ece, places=12)

    def test_scalings(self):
        logits = numpy.log(P)

        def loss(scale, shift):
            z = scale * logits + shift
            return (logsumexp(z, axis=1) - z[ITEMS, GIVEN]).mean()

        best = minimize_scalar(lambda t: loss(1 / t, 0), bounds=(0.05, 20), method="bounded",
                               options={"xatol": 1e-9})
        self.assertAlmostEqual(self.ours["temperature"], best.x, places=5)
        theirs = minimize(
            lambda v: loss(v[:K], v[K:]) + ((v[:K] - 1) ** 2 + v[K:] ** 2).sum() / len(GIVEN),
            numpy.r_[numpy.ones(K), numpy.zeros(K)], options={"gtol": 1e-9})
        assert_allclose(self.ours["scale"], theirs.x[:K], atol=1e-5)
        assert_allclose(self.ours["shift"], theirs.x[K:], atol=1e-5)

    def test_isotonic(self):
        model = IsotonicRegression(out_of_bounds="clip").fit(P[:, 1], GIVEN == 1)
        assert_allclose(self.ours["isotonic"], model.predict([0.01, 0.05, 0.2, 0.43, 0.7, 0.99]),
                        atol=1e-6)


if __name__ == "__main__":
    unittest.main()
