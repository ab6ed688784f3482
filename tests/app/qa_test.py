"""Suspected seeds and thresholds of acceptance, from runs whose truth is known."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith


def run(directory, ranks=2, **sections):
    done = kith.run(["run", "-c", kith.ini(directory, **sections)], ranks)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return json.load(file)


class Seeds(unittest.TestCase):
    def test_wrong_seeds_are_listed_with_their_ids_and_classes(self):
        blobs = kith.Blobs(items=1500, seeds_per_class=50, spread=40)
        random = numpy.random.RandomState(3)
        wrong = random.permutation(numpy.flatnonzero(blobs.labels >= 0))[:20]
        blobs.labels[wrong] = (blobs.truth[wrong] + 1) % len(kith.NAMES)
        ids = random.permutation(10**6)[:1500] - 500000
        with kith.temporary_directory() as directory:
            path = blobs.write(os.path.join(directory, "corpus.h5"))
            with h5py.File(path, "a") as file:
                file["ids"] = ids.astype(numpy.int64)
            report = run(directory)["seeds"]
            with h5py.File(os.path.join(directory, "run", "qa.h5")) as file:
                seeds = {name: file["seeds"][name][...] for name in ("row", "given", "suggested", "joint")}
                flags = {name: file["seeds/flags"][name][...] for name in file["seeds/flags"]}
            with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                self.assertEqual(file["ids"].dtype, numpy.int64)
                numpy.testing.assert_array_equal(file["ids"][...], ids)
        self.assertEqual(report["held_out"], 200)
        numpy.testing.assert_array_equal(blobs.labels[seeds["row"]], seeds["given"])
        self.assertAlmostEqual(seeds["joint"].sum(), 1, 9)
        found = [suspect["row"] for suspect in report["suspects"]]
        self.assertEqual(set(found), set(seeds["row"][flags[report["filter"]] != 0]))
        self.assertEqual([int(suspect["id"]) for suspect in report["suspects"]], list(ids[found]))
        by_confident_learning = set(seeds["row"][flags["prune_by_noise_rate"] != 0]) & set(wrong)
        self.assertGreater(len(by_confident_learning), 15)
        self.assertGreater(len(by_confident_learning), 0.8 * (flags["prune_by_noise_rate"] != 0).sum())
        hits = set(found) & set(wrong)
        self.assertGreater(len(hits), 16)
        self.assertGreaterEqual(len(hits), 0.9 * len(found))
        rate = report["noise_rate"]
        self.assertLess(rate["low"], 0.1)
        self.assertGreater(rate["high"], 0.1)
        for suspect in report["suspects"]:
            if suspect["row"] in hits:
                self.assertEqual(suspect["suggested"], kith.NAMES[blobs.truth[suspect["row"]]])
        chances = [suspect["wrong"] for suspect in report["suspects"]]
        self.assertEqual(chances, sorted(chances, reverse=True))
        self.assertGreater(chances[-1], 0.5)

    def test_right_seeds_are_not_suspected(self):
        suspects = by_confident_learning = 0
        for draw in range(4):
            blobs = kith.Blobs(items=1500, seeds_per_class=50, draw=draw, spread=60)  # classes overlap
            with kith.temporary_directory() as directory:
                blobs.write(os.path.join(directory, "corpus.h5"))
                report = run(directory)
                with h5py.File(os.path.join(directory, "run", "qa.h5")) as file:
                    by_confident_learning += (file["seeds/flags/confident_learning"][...] != 0).sum()
            suspects += len(report["seeds"]["suspects"])
            self.assertLess(report["consensus"]["gold"]["accuracy"]["value"], 0.9)
            self.assertEqual(report["seeds"]["noise_rate"]["low"], 0)
        self.assertLess(2 * suspects, by_confident_learning)


class Acceptance(unittest.TestCase):
    def test_counts_and_promise(self):
        blobs = kith.Blobs(items=4000, seeds_per_class=80, spread=45)
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            report = run(directory, qa={"accept_errors": "0.05, 0.001"})["acceptance"]
            with h5py.File(os.path.join(directory, "run", "qa.h5")) as file:
                accepted = file["accepted_error"][...]
            with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
                best, probability, status = (file[name][...] for name in ("best", "probability", "status"))
        strict, easy = report["levels"]
        self.assertEqual(strict["error"], 0.001)
        self.assertEqual(strict["fewest_known"], 3688)  # ln (0.05 / 2) / ln 0.999
        self.assertIsNone(strict["together"]["threshold"])
        self.assertEqual(strict["accepted"], 0)
        rows = (status != 1) & (probability >= easy["together"]["threshold"])
        self.assertEqual(easy["accepted"], rows.sum())
        numpy.testing.assert_array_equal(accepted[rows], numpy.float32(0.05))
        self.assertTrue(numpy.isnan(accepted[~rows]).all())
        self.assertGreater(rows.mean(), 0.2)
        self.assertLessEqual((best != blobs.truth)[rows].mean(), 0.05)
        for label, entry in enumerate(easy["per_class"]):
            of_class = (status != 1) & (best == label) & (entry["threshold"] is not None)
            self.assertEqual(entry["accepted"], (of_class & (probability >= (entry["threshold"] or 0))).sum())
        self.assertEqual(report["countable"], (status != 1).sum())

    def test_errors_that_are_no_shares(self):
        with kith.temporary_directory() as directory:
            done = kith.run(["run", "-c", kith.ini(directory, qa={"accept_errors": "0.05, 5"})], 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("qa.accept_errors = 0.05, 5, must be up to 20 shares, 1e-06..0.9", done.stderr)


if __name__ == "__main__":
    unittest.main()
