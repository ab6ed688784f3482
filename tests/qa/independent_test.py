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
from scipy.stats import beta, entropy, fisher_exact
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, cohen_kappa_score, log_loss


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

        best = minimize_scalar(lambda t: loss(1 / t, 0) + numpy.log(t) ** 2 / 2 / len(GIVEN), bounds=(0.05, 20),
                               method="bounded", options={"xatol": 1e-9})
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


class Agreement(unittest.TestCase):
    ours = OURS["agreement"]

    def setUp(self):
        self.votes = numpy.array(self.ours["votes"]).reshape(-1, 4)
        self.counts = numpy.stack([(self.votes == k).sum(axis=1) for k in range(K)], axis=1)

    def test_cohen(self):
        pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
        for ours, (a, b) in zip(self.ours["kappas"], pairs):
            both = (self.votes[:, a] >= 0) & (self.votes[:, b] >= 0)
            self.assertAlmostEqual(
                ours, cohen_kappa_score(self.votes[both, a], self.votes[both, b]), places=12)

    def test_krippendorff_from_the_coincidence_matrix(self):
        coincidence = numpy.zeros((K, K))
        for row in self.votes:
            cast = row[row >= 0]
            for i, a in enumerate(cast):
                for j, b in enumerate(cast):
                    if i != j:
                        coincidence[a, b] += 1 / (len(cast) - 1)
        n = coincidence.sum()
        by_class = coincidence.sum(axis=0)
        observed = n - numpy.trace(coincidence)
        expected = (n * n - (by_class ** 2).sum()) / (n - 1)
        self.assertAlmostEqual(self.ours["krippendorff"], 1 - observed / expected, places=12)

    def test_fleiss_and_gwet(self):
        counts = self.counts[self.counts.sum(axis=1) > 1]
        cast = counts.sum(axis=1)
        observed = ((counts * (counts - 1)).sum(axis=1) / (cast * (cast - 1))).mean()
        expected = ((counts.sum(axis=0) / cast.sum()) ** 2).sum()
        self.assertAlmostEqual(self.ours["fleiss"], (observed - expected) / (1 - expected),
                               places=12)
        share = (counts / cast[:, None]).mean(axis=0)
        chance = (share * (1 - share)).sum() / (K - 1)
        self.assertAlmostEqual(self.ours["gwet_ac1"], (observed - chance) / (1 - chance),
                               places=12)

    def test_entropy(self):
        counts = self.counts[self.counts.sum(axis=1) > 0]
        self.assertAlmostEqual(self.ours["entropy"], entropy(counts, axis=1).mean(), places=9)


class Slices(unittest.TestCase):
    def test_fisher_and_benjamini_hochberg(self):
        audits = numpy.array([[20, 3], [12, 5], [40, 1], [9, 2]])
        n, x = audits.sum(axis=0)
        p = [fisher_exact([[wrong, audited - wrong],
                           [x - wrong, n - audited - x + wrong]], alternative="greater")[1]
             for audited, wrong in audits]
        assert_allclose(OURS["slices"]["p"], p, atol=1e-12)
        order = numpy.argsort(p)
        q = numpy.empty(4)
        q[order] = numpy.minimum.accumulate((numpy.sort(p) * 4 / numpy.arange(1, 5))[::-1])[::-1]
        assert_allclose(OURS["slices"]["q"], numpy.minimum(q, 1), atol=1e-12)


class Intervals(unittest.TestCase):
    def test_clopper_pearson(self):
        for case in OURS["intervals"]:
            x, n = case["hits"], case["items"]
            low = beta.ppf(0.025, x, n - x + 1) if x > 0 else 0
            high = beta.ppf(0.975, x + 1, n - x) if x < n else 1
            self.assertAlmostEqual(case["low"], low, places=9)
            self.assertAlmostEqual(case["high"], high, places=9)


if __name__ == "__main__":
    unittest.main()
