"""External votes and probabilities take part beside the members: in votes, consensus, calibration and all statistics."""
import json
import os
import unittest

import h5py
import numpy
from sklearn.metrics import cohen_kappa_score, log_loss

import kith_runner as kith

VOTERS = ["crowd", "rule", "model"]


def write_voters(path, blobs, names=("crowd", "rule"), crowd_right=0.9, model_right=0.8):
    """crowd: votes on 60 % of the items; rule: class 2 or nothing; model: probabilities."""
    random = numpy.random.RandomState(5)
    classes = len(kith.NAMES)
    wrong = random.randint(0, classes, size=len(blobs.truth))
    crowd = numpy.where(random.uniform(size=len(wrong)) < crowd_right, blobs.truth, wrong)
    crowd[random.uniform(size=len(wrong)) > 0.6] = -1
    rule = numpy.where(blobs.vectors[:, 0] > 140, 2, -1)
    model = numpy.where(random.uniform(size=len(wrong)) < model_right, blobs.truth, wrong)
    probs = numpy.full((len(wrong), classes), 0.01)
    probs[numpy.arange(len(wrong)), model] = 1 - 0.01 * (classes - 1)
    with h5py.File(path, "a") as file:
        file["votes"] = numpy.stack([crowd, rule], axis=1).astype(numpy.int16)
        file["votes"].attrs["names"] = list(names)
        file["probs/model"] = probs.astype(numpy.float16)
    return numpy.stack([crowd, rule, model], axis=1), probs


class Voters(unittest.TestCase):
    def run_in(self, directory, ranks=2, **sections):
        corpus = {"votes": "/votes", "probs": "/probs", **sections.pop("corpus", {})}
        config = kith.ini(directory, corpus=corpus, **sections)
        done = kith.run(["run", "-c", config], ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
            return report, {name: file[name][...] for name in file}

    def test_votes_and_statistics(self):
        blobs = kith.Blobs(seeds_per_class=40, spread=70)
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            given, probs = write_voters(os.path.join(directory, "corpus.h5"), blobs)
            report, columns = self.run_in(directory)
        names = [name.decode() for name in columns["member_names"]]
        self.assertEqual(names[-3:], VOTERS)
        given[450] = given[3]  # a duplicate has its representative's voice
        numpy.testing.assert_array_equal(columns["votes"][:, -3:], given)
        self.check_columns(columns)
        members = {member["name"]: member for member in report["members"]}
        self.assertEqual([members[name]["source"] for name in VOTERS], ["votes", "votes", "probabilities"])
        self.assertAlmostEqual(members["crowd"]["voter"]["coverage"], (given[:, 0] >= 0).mean(), 12)
        for pair in report["agreement"]["pairs"]:
            a, b = columns["votes"][:, pair["first"]], columns["votes"][:, pair["second"]]
            both = (a >= 0) & (b >= 0)
            self.assertEqual(pair["agreement"]["trials"], both.sum())
            if pair["cohen_kappa"]["value"] is not None:
                self.assertAlmostEqual(pair["cohen_kappa"]["value"], cohen_kappa_score(a[both], b[both]), 9)
        seeds = blobs.labels >= 0
        raw = probs[seeds].astype(numpy.float16).astype(float)
        self.assertAlmostEqual(members["model"]["calibration_before"]["nll"],
                               log_loss(blobs.labels[seeds], raw / raw.sum(axis=1, keepdims=True)), 6)
        self.assertLess(members["model"]["calibration_after"]["nll"], members["model"]["calibration_before"]["nll"])

    def check_columns(self, columns):
        votes = columns["votes"]
        counts = numpy.stack([(votes == k).sum(axis=1) for k in range(len(kith.NAMES))], axis=1)
        cast = counts.sum(axis=1)
        numpy.testing.assert_allclose(columns["variation_ratio"], 1 - counts.max(axis=1) / cast, atol=1e-6)
        pairs = (counts * (counts - 1)).sum(axis=1) / (cast * (cast - 1))
        numpy.testing.assert_allclose(columns["pair_agreement"], pairs, atol=1e-6)
        self.assertEqual(columns["surprise"].shape, votes.shape)
        numpy.testing.assert_array_equal(numpy.isnan(columns["surprise"]), votes < 0)
        self.assertTrue((columns["kl_max"] >= columns["bald"] - 1e-6).all())
        unseeded = columns["status"] != 1
        numpy.testing.assert_allclose(columns["quality"][unseeded], (columns["margin"][unseeded] + 1) / 2, atol=1e-6)
        self.assertTrue((columns["quality_entropy"] >= 0).all() and (columns["quality_entropy"] <= 1).all())
        order = numpy.argsort(columns["quality"][unseeded])
        low, high = order[:100], order[-100:]
        self.assertLess(columns["quality_entropy"][unseeded][low].max(), columns["quality_entropy"][unseeded][high].min())

    def test_good_voters_improve_the_consensus_and_weight_0_leaves_it(self):
        blobs = kith.Blobs(spread=90)
        accuracies = {}
        labels = {}
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            write_voters(os.path.join(directory, "corpus.h5"), blobs)
            for name, sections in (("none", {"corpus": {"votes": "", "probs": ""}}),
                                   ("silent", {"ensemble": {"outside_weight": 0}, "votes": {"weak_seeds": 0}}), ("heard", {})):
                report, columns = self.run_in(directory, **sections)
                accuracies[name] = report["consensus"]["gold"]["accuracy"]["value"]
                labels[name] = columns["best"]
        numpy.testing.assert_array_equal(labels["none"], labels["silent"])
        self.assertGreater(accuracies["heard"], accuracies["none"] + 0.02)

    def test_same_bytes_at_any_number_of_ranks(self):
        blobs = kith.Blobs()
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            write_voters(os.path.join(directory, "corpus.h5"), blobs)
            kith.write_groups(os.path.join(directory, "corpus.h5"), "source", blobs.vectors[:, 1] // 32)
            seen = set()
            for ranks in (1, 3):
                self.run_in(directory, ranks, corpus={"slices": "/source"}, ensemble={"calibration": "isotonic"})
                seen.add(tuple(kith.digest(os.path.join(directory, "run", name))
                               for name in ("labels.h5", "qa.h5", "report.json")))
                os.rename(os.path.join(directory, "run"), os.path.join(directory, f"run{ranks}"))
        self.assertEqual(len(seen), 1)

    def test_correct_and_smooth_on_a_voter(self):
        blobs = kith.Blobs(spread=70)
        sections = {"member.smooth": {"method": "correct_smooth", "voter": "model"},
                    "member.rough": {"method": "correct_smooth", "voter": "model", "smoothing": 0.001},
                    "member.poisson": {"method": "poisson"}}
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            write_voters(os.path.join(directory, "corpus.h5"), blobs)
            seen = set()
            for ranks in (1, 3):
                report, columns = self.run_in(directory, ranks, **sections)
                seen.add(kith.digest(os.path.join(directory, "run", "labels.h5")))
                os.rename(os.path.join(directory, "run"), os.path.join(directory, f"run{ranks}"))
            wrong = {**sections, "member.smooth": {"method": "correct_smooth", "voter": "nobody"}}
            done = kith.run(["run", "-c", kith.ini(directory, corpus={"probs": "/probs"}, **wrong)], 2)
        self.assertEqual(len(seen), 1)
        names = [name.decode() for name in columns["member_names"]]
        right = (columns["votes"] == blobs.truth[:, None]).mean(axis=0)
        self.assertGreater(right[names.index("smooth")], right[names.index("model")] + 0.02)
        rough, model = (columns["votes"][:, names.index(name)] for name in ("rough", "model"))
        self.assertGreater((rough == model)[blobs.labels < 0].mean(), 0.99)  # it is that voter's, item by item
        self.assertEqual({member["name"]: member for member in report["members"]}["smooth"]["corrected_voter"], "model")
        self.assertEqual(done.returncode, 1)
        self.assertIn("member.smooth.voter = nobody, which is no head of the ensemble, and corpus.probs has model", done.stderr)

    def test_a_member_with_fewer_neighbors_is_as_on_a_graph_of_its_own(self):
        blobs = kith.Blobs(spread=90)
        scores = {}
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            for name, k, member in (("own", 4, {}), ("shared", 8, {"k": 4})):
                sections = {"member.a": {"method": "poisson", "weights": "binary", **member},
                            "member.b": {"method": "spreading"}}
                config = kith.ini(directory, knn={"k": k, "method": "exact"}, **sections)
                for ranks in (1, 3):
                    done = kith.run(["run", "-c", config], ranks)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    with h5py.File(os.path.join(directory, "run", "propagation.h5")) as file:
                        scores[name, ranks] = file["members/a/scores"][...].tobytes()
                    os.rename(os.path.join(directory, "run"), os.path.join(directory, f"run-{name}-{ranks}"))
            done = kith.run(["run", "-c", kith.ini(directory, **{"member.a": {"k": 9}})], 1)
        self.assertEqual(len(set(scores.values())), 1)
        self.assertEqual(done.returncode, 1)
        self.assertIn("member.a.k = 9, but knn.k = 8 neighbors are found", done.stderr)

    def test_two_voters_of_one_name(self):
        blobs = kith.Blobs()
        with kith.temporary_directory() as directory:
            blobs.write(os.path.join(directory, "corpus.h5"))
            write_voters(os.path.join(directory, "corpus.h5"), blobs, names=("crowd", "model"))
            done = kith.run(["run", "-c", kith.ini(directory, corpus={"votes": "/votes", "probs": "/probs"})], 3)
        self.assertEqual(done.returncode, 1)
        self.assertIn("its voter model has the name of another voter or member", done.stderr)


if __name__ == "__main__":
    unittest.main()
