"""Members on graphs of other vectors of the same items: [graph.NAME]."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

FILES = ["labels.h5", "qa.h5", "report.json", "propagation.h5"]


def write(directory, blobs, **others):
    path = blobs.write(os.path.join(directory, "corpus.h5"))
    with h5py.File(path, "a") as file:
        for name, vectors in others.items():
            file[name] = vectors.astype(numpy.float32)


def run(directory, ranks=2, **sections):
    done = kith.run(["run", "-c", kith.ini(directory, **sections)], ranks)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return json.load(file), done.stderr


def scores(directory, *members):
    with h5py.File(os.path.join(directory, "run", "propagation.h5")) as file:
        return [file[f"members/{member}/scores"][...] for member in members]


class OtherGraph(unittest.TestCase):
    def test_the_same_vectors_give_the_same_scores(self):
        blobs = kith.Blobs()
        sections = {"graph.copy": {"dataset": "/copy"},
                    "member.here": {"method": "spreading"}, "member.few": {"method": "spreading", "k": 5},
                    "member.there": {"method": "spreading", "graph": "copy"},
                    "member.there-few": {"method": "spreading", "graph": "copy", "k": 5},
                    "member.mended": {"method": "correct_smooth", "voter": "model"},
                    "member.mended-there": {"method": "correct_smooth", "voter": "model", "graph": "copy"},
                    "corpus": {"probs": "/probs"}}
        probs = numpy.random.RandomState(6).dirichlet(numpy.ones(len(kith.NAMES)), len(blobs.truth))
        probs[450] = probs[3]  # two items with one vector
        with kith.temporary_directory() as directory:
            write(directory, blobs, copy=blobs.vectors, **{"probs/model": probs})
            report, _ = run(directory, **sections)
            here, few, there, there_few = scores(directory, "here", "few", "there", "there-few")
            mended, mended_there = scores(directory, "mended", "mended-there")
            held_out = {member["name"]: member["held_out"] for member in report["members"]}
        numpy.testing.assert_array_equal(here, there)
        numpy.testing.assert_array_equal(few, there_few)
        numpy.testing.assert_array_equal(mended, mended_there)
        self.assertTrue((here != few).any())
        self.assertEqual(held_out["here"], held_out["there"])
        [other] = report["graph"]["others"]
        self.assertEqual((other["name"], other["dataset"], other["nodes"]), ("copy", "/copy", report["graph"]["nodes"]))

    def test_what_the_shared_vectors_do_not_tell(self):
        """Noise as the corpus's vectors; the other ones tell classes apart, and many of them are equal."""
        blobs = kith.Blobs(spread=20)
        told = numpy.rint(blobs.vectors / 100)
        blobs.vectors = numpy.random.RandomState(2).normal(size=blobs.vectors.shape).astype(numpy.float32)
        distinct = len(numpy.unique(told, axis=0))
        self.assertLess(distinct, len(told) / 2)
        sections = {"graph.told": {"dataset": "/told", "k": 6, "metric": "cosine"},
                    "member.noise": {"method": "poisson"},
                    "member.told": {"method": "poisson", "graph": "told"},
                    "member.nearest": {"method": "nearest_seed", "graph": "told", "weights": "binary"}}
        digests = set()
        for ranks in (1, 3):
            with kith.temporary_directory() as directory:
                write(directory, blobs, told=told)
                report, _ = run(directory, ranks, **sections)
                digests.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES
                                  if name != "report.json"))
        self.assertEqual(len(digests), 1)
        gold = {member["name"]: member["gold"]["value"] for member in report["members"]}
        self.assertLess(gold["noise"], 0.5)
        self.assertGreater(gold["told"], 0.9)
        self.assertGreater(gold["nearest"], 0.9)
        self.assertEqual(report["graph"]["others"][0]["knn"]["k"], 6)

    def test_goes_on_where_it_was(self):
        blobs = kith.Blobs()
        sections = {"graph.copy": {"dataset": "/copy"}, "member.there": {"method": "spreading", "graph": "copy"}}
        with kith.temporary_directory() as directory:
            write(directory, blobs, copy=blobs.vectors)
            run(directory, **sections)
            sections["member.there"]["alpha"] = 0.9
            _, log = run(directory, ranks=3, **sections)
            again = [line for line in log.splitlines() if line.endswith("state=done_before")]
        # check, cells, knn and graph of both, label_model, heads; check of the copy with that of the corpus
        self.assertEqual(len(again), 12)

    def test_bad_input_is_one_sentence(self):
        blobs = kith.Blobs()
        member = {"method": "spreading", "graph": "copy"}
        cases = [({"member.a": member}, "no section [graph.copy]"),
                 ({"member.a": member, "graph.copy": {"metric": "l2"}}, "graph.copy.dataset is not set"),
                 ({"member.a": member, "graph.copy": {"dataset": "/missing"}}, "/missing"),
                 ({"member.a": member, "graph.copy": {"dataset": "/short"}}, "800"),
                 ({"member.a": {**member, "k": 7}, "graph.copy": {"dataset": "/copy", "k": 6}}, "graph.copy.k = 6"),
                 ({"graph.copy": {"dataset": "/copy", "size": 3}}, "unknown key graph.copy.size")]
        with kith.temporary_directory() as directory:
            write(directory, blobs, copy=blobs.vectors, short=blobs.vectors[:800])
            for sections, word in cases:
                done = kith.run(["run", "-c", kith.ini(directory, **sections)], 2)
                kith.expect_one_sentence(self, done, word)


if __name__ == "__main__":
    unittest.main()
