"""The statistics of the QA stage against NumPy and SciPy: slices, diversity, accuracy without gold, balance, values."""
import json
import os
import unittest

import h5py
import numpy
from scipy import stats

import kith_runner as kith
from voters_test import write_voters

GROUPS = ["low", "middle", "high", "top"]
RATIO = 1.25


def run(directory, ranks=2, **sections):
    settings = {"corpus": {"votes": "/votes", "probs": "/probs", "slices": "/source, /batch",
                           "seed_design": "random"},
                "qa": {"balance_ratio": RATIO, "seeds_wanted": 25, "bootstrap_draws": 100}}
    for section, values in sections.items():
        settings.setdefault(section, {}).update(values)
    done = kith.run(["run", "-c", kith.ini(directory, **settings)], ranks)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return json.load(file)


def benjamini_hochberg(p):
    order = numpy.argsort(p)
    q = numpy.minimum.accumulate((p[order] * len(p) / numpy.arange(1, len(p) + 1))[::-1])[::-1]
    result = numpy.empty(len(p))
    result[order] = q
    return result


def pair_agreement(votes):
    """Mean over items with two votes of the share of agreeing pairs."""
    counts = numpy.stack([(votes == k).sum(axis=1) for k in range(len(kith.NAMES))], axis=1)
    cast = counts.sum(axis=1)
    enough = cast >= 2
    shares = (counts * (counts - 1)).sum(axis=1)[enough] / (cast * (cast - 1))[enough]
    return shares.mean(), counts[enough], cast[enough]


class Statistics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = kith.temporary_directory()
        path = cls.directory.name
        blobs = cls.blobs = kith.Blobs(items=1500, seeds_per_class=20, spread=70)
        corpus = blobs.write(os.path.join(path, "corpus.h5"))
        write_voters(corpus, blobs)
        cls.source = (blobs.vectors[:, 1] // 64).astype(int)
        cls.source[:50] = -1
        kith.write_groups(corpus, "source", cls.source, GROUPS)
        kith.write_groups(corpus, "batch", numpy.arange(1500) % 7 * 10)
        cls.report = run(path)
        with h5py.File(os.path.join(path, "run", "labels.h5")) as file:
            cls.columns = {name: file[name][...] for name in file}
        with h5py.File(os.path.join(path, "run", "qa.h5")) as file:
            cls.tables = {}
            file.visititems(lambda name, node: cls.tables.__setitem__(name, node[...])
                            if isinstance(node, h5py.Dataset) else None)
        cls.known = blobs.gold >= 0
        cls.wrong = (cls.columns["best"] != blobs.gold) & cls.known

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def check_grouping(self, name, groups, numbers):
        [grouping] = [entry for entry in self.report["slices"]["groupings"] if entry["name"] == name]
        self.assertEqual([entry["number"] for entry in grouping["slices"]], list(numbers))
        counts = numpy.array([[(groups == n).sum(), ((groups == n) & self.known).sum(), ((groups == n) & self.wrong).sum()]
                              for n in numbers])
        p = stats.hypergeom.sf(counts[:, 2] - 1, counts[:, 1].sum(), counts[:, 2].sum(), counts[:, 1])
        q = benjamini_hochberg(p)
        for entry, row, p_value, q_value in zip(grouping["slices"], counts, p, q):
            self.assertEqual([entry["items"], entry["error"]["trials"], entry["error"]["successes"]], list(row))
            self.assertAlmostEqual(entry["p_value"], p_value, 9)
            self.assertAlmostEqual(entry["q_value"], q_value, 9)
            self.assertEqual(entry["is_worse"], q_value <= 0.05)
            of_slice = groups == entry["number"]
            self.assertEqual(entry["auto"], (self.columns["status"][of_slice] == 0).sum())
            self.assertAlmostEqual(entry["mean_vote_entropy"], self.columns["vote_entropy"][of_slice].mean(), 6)
        folder = "slices/corpus" + name if name.startswith("/") else "slices/" + name
        numpy.testing.assert_array_equal(self.tables[folder + "/wrong"], counts[:, 2])
        numpy.testing.assert_allclose(self.tables[folder + "/q_value"], q)
        return grouping

    def test_slices(self):
        grouping = self.check_grouping("/source", self.source, numpy.unique(self.source[self.source >= 0]))
        self.assertEqual([entry["slice"] for entry in grouping["slices"]], GROUPS)
        self.assertEqual(self.report["slices"]["basis"], "gold labels")
        for entry in grouping["slices"]:
            agreement = entry["agreement"]["mean_pair_agreement"]
            expected, _, _ = pair_agreement(self.columns["votes"][self.source == entry["number"]])
            self.assertAlmostEqual(agreement["value"], expected, 9)
            self.assertLess(agreement["low"], expected)
            self.assertGreater(agreement["high"], expected)
        batches = self.check_grouping("/batch", numpy.arange(1500) % 7 * 10, range(0, 70, 10))
        self.assertEqual([entry["slice"] for entry in batches["slices"]], [str(n) for n in range(0, 70, 10)])
        self.check_grouping("classes", self.columns["best"], range(len(kith.NAMES)))
        self.assertEqual(self.tables["slices/cells/items"].sum(), 1500)

    def test_agreement_of_classes(self):
        expected, counts, cast = pair_agreement(self.columns["votes"])
        agreement = self.report["agreement"]
        self.assertAlmostEqual(agreement["mean_pair_agreement"]["value"], expected, 9)
        for k, entry in enumerate(agreement["per_class"]):
            p = counts[:, k].sum() / cast.sum()
            split = (counts[:, k] * (cast - counts[:, k]) / (cast * (cast - 1))).mean()
            self.assertAlmostEqual(entry["fleiss_kappa"]["value"], 1 - split / (p * (1 - p)), 9)
            self.assertEqual(entry["items_with_vote"], (self.columns["votes"] == k).any(axis=1).sum())

    def test_diversity_against_gold(self):
        votes = self.columns["votes"][self.known]
        right = votes == self.blobs.gold[self.known][:, None]
        diversity = self.report["diversity"]["gold"]
        for pair in diversity["pairs"]:
            a, b = pair["first"], pair["second"]
            both = (votes[:, a] >= 0) & (votes[:, b] >= 0)
            n11, n00 = (right[both, a] & right[both, b]).sum(), (~right[both, a] & ~right[both, b]).sum()
            n10, n01 = (right[both, a] & ~right[both, b]).sum(), (~right[both, a] & right[both, b]).sum()
            self.assertEqual([pair["both_right"], pair["first_right"], pair["second_right"], pair["both_wrong"]],
                             [n11, n10, n01, n00])
            self.assertAlmostEqual(pair["q"], (n11 * n00 - n10 * n01) / (n11 * n00 + n10 * n01), 9)
            self.assertAlmostEqual(pair["rho"], numpy.corrcoef(right[both, a], right[both, b])[0, 1], 9)
        all_vote = (votes >= 0).all(axis=1)
        share = right[all_vote].mean(axis=1)
        self.assertEqual(diversity["group"]["items"], all_vote.sum())
        self.assertAlmostEqual(diversity["group"]["difficulty"], share.var(), 9)
        self.assertAlmostEqual(diversity["group"]["kohavi_wolpert"], (share * (1 - share)).mean(), 9)
        expected = self.report["diversity"]["expected"]
        self.assertTrue(expected["basis"].startswith("model-based"))
        for pair in expected["pairs"]:
            both = (self.columns["votes"][:, [pair["first"], pair["second"]]] >= 0).all(axis=1)
            total = pair["both_right"] + pair["first_right"] + pair["second_right"] + pair["both_wrong"]
            self.assertAlmostEqual(total, both.sum(), 4)

    def test_accuracy_without_gold(self):
        without = self.report["accuracy_without_gold"]
        estimates = {entry["name"]: entry for entry in without["estimates"]}
        known = self.report["consensus"]["gold"]["accuracy"]["value"]
        p = self.columns["probability"][self.columns["status"] != 1].astype(float)
        self.assertAlmostEqual(estimates["mean_probability"]["value"], p.mean(), 6)
        self.assertAlmostEqual(estimates["thresholded_confidence"]["value"],
                               (p >= without["confidence_threshold"]).mean(), 9)
        self.assertAlmostEqual(estimates["disagreement"]["value"], pair_agreement(self.columns["votes"])[0], 9)
        held_out = self.report["consensus"]["held_out"]
        bins = held_out["calibration_after"]["reliability"]
        mean = sum(entry["mean_confidence"] * entry["accuracy"]["trials"] for entry in bins) / 80
        self.assertAlmostEqual(estimates["difference_of_confidences"]["value"],
                               held_out["accuracy"]["value"] - mean + p.mean(), 5)
        for name, entry in estimates.items():
            self.assertTrue(entry["assumption"])
            if entry["of"] == "consensus":
                self.assertAlmostEqual(entry["gap"], entry["value"] - known, 9, name)
        names = [name.decode() for name in self.columns["member_names"]]
        self.assertEqual([voter["name"] for voter in without["voters"]], names)
        self.assertIsNotNone(without["voters"][0]["triplet"]["value"])

    def test_balance(self):
        balance = self.report["balance"]
        usable = (self.columns["label"] >= 0) & (self.columns["status"] != 6)
        counts = numpy.array([(usable & (self.columns["label"] == k)).sum() for k in range(4)])
        most = int(RATIO * counts.min())
        kept = self.tables["balance/undersample"] != 0
        self.assertFalse((kept & ~usable).any())
        repeats = self.tables["balance/repeats"]
        numpy.testing.assert_array_equal(repeats > 0, usable)
        confusion = numpy.array(self.report["consensus"]["gold"]["confusion"])
        stated = numpy.array([(self.columns["best"] == k).sum() for k in range(4)])
        inside = numpy.zeros((4, 4))
        numpy.add.at(inside, (self.blobs.gold[self.known], self.columns["best"][self.known]), 1)
        corrected = (inside / inside.sum(axis=0)) @ (stated / 1500)
        self.assertEqual(confusion.sum(), self.known.sum())
        shares = numpy.array([entry["corrected_share"] for entry in balance["per_class"]])
        numpy.testing.assert_allclose(shares, corrected)
        numbers = numpy.rint(corrected * 1500)
        effective = (1 - 0.9999) / (1 - 0.9999 ** numbers)
        for k, entry in enumerate(balance["per_class"]):
            self.assertEqual(entry["undersampled"], min(counts[k], most))
            self.assertEqual((kept & (self.columns["label"] == k)).sum(), min(counts[k], most))
            self.assertEqual(entry["repeats"], max(1, numpy.ceil(counts.max() / RATIO / counts[k])))
            self.assertEqual(set(repeats[usable & (self.columns["label"] == k)]), {entry["repeats"]})
            self.assertAlmostEqual(entry["inverse_weight"], numbers.sum() / (4 * numbers[k]), 9)
            self.assertAlmostEqual(entry["effective_number_weight"], effective[k] * 4 / effective.sum(), 9)
            self.assertLess(entry["low"], corrected[k])
            self.assertGreater(entry["high"], corrected[k])
            self.assertEqual([entry["seeds"], entry["seeds_missing"]], [20, 5])

    def test_values_of_items(self):
        run_directory = os.path.join(self.directory.name, "run")
        with h5py.File(os.path.join(run_directory, "graph", "knn-00000.h5")) as file:
            neighbors = file["neighbors"][...].astype(int)
        with h5py.File(os.path.join(run_directory, "propagation.h5")) as file:
            rows = file["rows"][...]
        label = self.columns["best"][rows]
        k = neighbors.shape[1]
        value = numpy.zeros(len(rows))
        for query, near in enumerate(neighbors):
            match = (label[near] == label[query]).astype(float)
            score = 0.0
            for r in range(k - 2, -1, -1):  # the recursion of the paper
                score += (match[r] - match[r + 1]) / k
                value[near[r]] += score
        numpy.testing.assert_allclose(self.tables["value"][rows], value, atol=1e-5)
        self.assertGreater(value.max(), 0.5)
        seeds = numpy.flatnonzero(self.blobs.labels >= 0)
        lowest = numpy.sort(self.tables["value"][seeds])[:20]
        numpy.testing.assert_allclose([entry["value"] for entry in self.report["seed_values"]["lowest"]], lowest)

    def test_more_patterns_than_wanted(self):
        streamed = run(self.directory.name, qa={"max_patterns": 3})
        for key in ("mean_pair_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1"):
            self.assertAlmostEqual(streamed["agreement"][key]["value"], self.report["agreement"][key]["value"], 9)
        self.assertIsNone(streamed["agreement"]["patterns"])
        self.assertGreater(self.report["agreement"]["patterns"], 3)
        self.assertIn("max_patterns = 3", streamed["diversity"]["expected"]["reason"])

    def test_maps_of_probabilities(self):
        for calibration in ("vector", "isotonic"):
            report = run(self.directory.name, ensemble={"calibration": calibration})
            members = {member["name"]: member for member in report["members"]}
            self.assertEqual(members["model"]["calibration"], calibration)
            self.assertEqual(members["crowd"]["calibration"], "temperature")  # bare votes
            before, after = (members["model"][f"calibration_{when}"] for when in ("before", "after"))
            self.assertLess(after["nll"], before["nll"])
            self.assertEqual(sum(entry["accuracy"]["trials"] for entry in after["reliability_equal_mass"]), 80)


class BadSlices(unittest.TestCase):
    def test_groups(self):
        blobs = kith.Blobs()
        with kith.temporary_directory() as directory:
            corpus = blobs.write(os.path.join(directory, "corpus.h5"))
            kith.write_groups(corpus, "source", numpy.arange(900) - 2)
            for slices, message in (("/nothing", "has no dataset /nothing"), ("/embeddings", "expected one value an item"),
                                    ("/source", "row 0: group -2, expected 0 or above"),
                                    ("/source, /source", "/source is given twice")):
                done = kith.run(["run", "-c", kith.ini(directory, corpus={"slices": slices})], 2)
                self.assertEqual(done.returncode, 1, slices)
                self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
