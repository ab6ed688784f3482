"""Votes of rules teach the members what a label model says, without any seed and beside seeds."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

FILES = ["weak_seeds.h5", "labels.h5", "heads.h5", "propagation.h5", "qa.h5"]


def rules(truth, random):
    """Two rules a class: each votes on a part of the corpus, and on a third of its votes it is wrong."""
    columns = []
    for rule in range(2 * len(kith.NAMES)):
        label = rule % len(kith.NAMES)
        fires = numpy.where(truth == label, random.uniform(size=len(truth)) < 0.3, random.uniform(size=len(truth)) < 0.05)
        columns.append(numpy.where(fires, label, -1))
    return numpy.stack(columns, 1).astype(numpy.int16)


class WeakSeeds(unittest.TestCase):
    def setUp(self):
        self.blobs = kith.Blobs()
        self.votes = rules(self.blobs.truth, numpy.random.RandomState(5))

    def write(self, directory, votes):
        self.blobs.write(os.path.join(directory, "corpus.h5"))
        with h5py.File(os.path.join(directory, "corpus.h5"), "a") as file:
            file["rules"] = votes
            file["rules"].attrs["names"] = [f"rule{m}" for m in range(votes.shape[1])]

    def run_in(self, directory, command="run", ranks=1, corpus=None, arguments=(), **sections):
        corpus = {"labels": "", "seeds": "", "votes": "/rules", **(corpus or {})}
        return kith.run([command, "-c", kith.ini(directory, corpus=corpus, **sections), *arguments], ranks)

    def labels(self, directory):
        with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
            return file["best"][...], file["status"][...]

    def test_votes_label_everything(self):
        found = set()
        for ranks in (1, 2, 3, 5):
            with kith.temporary_directory() as directory:
                self.write(directory, self.votes)
                done = self.run_in(directory, ranks=ranks, cells={"num_cells": 3})
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES))
                best, status = self.labels(directory)
                again = self.run_in(directory, ranks=ranks, cells={"num_cells": 3})
                with open(os.path.join(directory, "run", "label_model.json"), encoding="utf-8") as file:
                    model = json.load(file)
                with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
                    page = file.read()
        self.assertEqual(len(found), 1)
        covered = (self.votes >= 0).any(1)
        counts = numpy.stack([(self.votes == k).sum(1) for k in range(len(kith.NAMES))], 1)
        majority = (counts.argmax(1) == self.blobs.truth)[covered].mean()
        self.assertGreater((best == self.blobs.truth).mean(), majority)  # of all items, not only of those with votes
        self.assertNotIn(0, status)  # auto is a promise that known labels must bear out
        self.assertNotIn(1, status)  # nobody knows the label of any item
        self.assertIn("estimate   not known (there are no seeds)", done.stdout)
        self.assertEqual(len(model["voters"]), self.votes.shape[1])
        self.assertIn("label model", page)
        self.assertNotIn("from held-out seeds", page)
        self.assertEqual(again.stderr.count("done_before"), 10)

    def test_vectors_that_say_nothing(self):
        """Members cannot learn the votes from them, so an item keeps what its own votes say."""
        self.blobs.vectors = numpy.random.RandomState(3).randint(0, 256, self.blobs.vectors.shape).astype(numpy.float32)
        with kith.temporary_directory() as directory:
            self.write(directory, self.votes)
            done = self.run_in(directory, ranks=2)
            self.assertEqual(done.returncode, 0, done.stderr)
            counts = numpy.stack([(self.votes == k).sum(1) for k in range(len(kith.NAMES))], 1)
            clear = numpy.sort(counts, 1)[:, -1] > numpy.sort(counts, 1)[:, -2]
            same = self.labels(directory)[0] == counts.argmax(1)
            self.assertGreater(same[clear].mean(), 0.9)

    def test_fewer_weak_seeds(self):
        found = set()
        for ranks, wanted in ((1, 60), (3, 60), (2, 1)):
            with kith.temporary_directory() as directory:
                self.write(directory, self.votes)
                done = self.run_in(directory, ranks=ranks, votes={"weak_seeds": wanted})
                self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(os.path.join(directory, "run", "weak_seeds.h5")) as file:
                    rows = numpy.unique(file["rows"][...])
                self.assertEqual(len(rows), wanted)
                self.assertTrue((self.votes[rows] >= 0).any(1).all())
                if wanted > 1:
                    found.add(kith.digest(os.path.join(directory, "run", "labels.h5")))
        self.assertEqual(len(found), 1)

    def test_odd_voters(self):
        """A rule that never votes, two that are copies, one alone, nobody."""
        never = numpy.full((len(self.votes), 1), -1, numpy.int16)
        with kith.temporary_directory() as directory:
            self.write(directory, numpy.hstack([self.votes, self.votes[:, :1], never]))
            done = self.run_in(directory, ranks=3)
            self.assertEqual(done.returncode, 0, done.stderr)
        with kith.temporary_directory() as directory:
            self.write(directory, self.votes[:, :1])
            done = self.run_in(directory)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('class "bee" has no vote', done.stderr)
            self.assertEqual(set(self.labels(directory)[0]) - {-1}, {0})
        with kith.temporary_directory() as directory:
            self.write(directory, never)
            for command in ("check", "run"):
                kith.expect_one_sentence(self, self.run_in(directory, command, ranks=2), "no voter votes on any item")

    def test_beside_seeds(self):
        """Votes teach as much as held-out seeds want; together they are better than either."""
        found, right, weights = set(), {}, {}
        for ranks, seeds, weak in ((1, True, {}), (2, True, {}), (3, True, {}), (5, True, {}), (2, True, {"weak_seeds": 0}),
                                   (2, False, {}), (2, True, {"weak_weight": 0.5})):
            with self.subTest(ranks=ranks, seeds=seeds, weak=weak), kith.temporary_directory() as directory:
                self.write(directory, self.votes)
                done = self.run_in(directory, ranks=ranks, corpus={"labels": "/labels" if seeds else ""}, votes=weak)
                self.assertEqual(done.returncode, 0, done.stderr)
                if seeds and not weak:
                    found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES))
                with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
                    report = json.load(file)
                with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
                    page = file.read()
                key = (seeds, *weak)
                right[key] = (self.labels(directory)[0] == self.blobs.truth).mean()
                weights[key] = report.get("label_model", {}).get("weak_seeds")
                self.assertEqual("of a seed, chosen by how well seeds that were held out" in page, seeds and not weak)
        self.assertEqual(len(found), 1)
        self.assertGreater(right[True,], right[True, "weak_seeds"])
        self.assertGreaterEqual(right[True,], right[False,])
        tried = {one["weight"]: one["held_out_log_loss"] for one in weights[True,]["tried"]}
        self.assertEqual(min(tried, key=tried.get), weights[True,]["weight"])
        self.assertEqual((weights[True, "weak_weight"], weights[True, "weak_seeds"]), ({"weight": 0.5, "tried": []}, None))

    def test_votes_that_mislead(self):
        """Held-out seeds say that they had better not teach; voters that never vote are no error."""
        misleading = numpy.where(self.votes >= 0, (self.votes + 1) % len(kith.NAMES), -1).astype(numpy.int16)
        for votes in (misleading, numpy.full_like(self.votes, -1)):
            with kith.temporary_directory() as directory:
                self.write(directory, votes)
                for command in ("check", "run"):
                    done = self.run_in(directory, command, ranks=2, corpus={"labels": "/labels"})
                    self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(os.path.join(directory, "run", "weak_seeds.h5")) as file:
                    self.assertEqual(len(file["rows"]), 0)

    def test_what_cannot_be(self):
        with kith.temporary_directory() as directory:
            self.write(directory, self.votes)
            for sections, words in [({"votes": {"weak_seeds": 0}}, "without seeds something else must say what the classes are"),
                                    ({"votes": {"weak_seeds": -1}}, "votes.weak_seeds"),
                                    ({"votes": {"method": "triplet"}}, "votes.method = triplet, which cannot be fitted"),
                                    ({"member.label_model": {"method": "lda"}}, "member.label_model: has the name of the voter"),
                                    ({"ensemble": {"prior": "seeds"}}, "ensemble.prior = seeds, but neither")]:
                for command in ("check", "run"):
                    with self.subTest(words=words, command=command):
                        kith.expect_one_sentence(self, self.run_in(directory, command, **sections), words)



class Answers(unittest.TestCase):
    """A long table of annotators, three answers an item on a third of the corpus."""

    def setUp(self):
        self.blobs = kith.Blobs(spread=90)
        random = numpy.random.RandomState(8)
        self.items = random.permutation(len(self.blobs.truth))[:300]
        skill = random.uniform(0.5, 0.95, 40)
        self.answers = []
        for item in self.items:
            for annotator in random.permutation(40)[:3]:
                is_right = random.uniform() < skill[annotator]
                self.answers.append((item, annotator, self.blobs.truth[item] if is_right else random.randint(len(kith.NAMES))))

    def write(self, directory, answers):
        self.blobs.write(os.path.join(directory, "corpus.h5"))
        with open(os.path.join(directory, "answers.csv"), "w", encoding="utf-8") as file:
            file.write("row,annotator,label\n")
            file.writelines(f"{item},worker{annotator},{kith.NAMES[label]}\n" for item, annotator, label in answers)

    def run_in(self, directory, command="run", ranks=1, labels="", answers="answers.csv", **sections):
        answers = os.path.join(directory, answers) if answers else ""
        corpus = {"labels": labels, "seeds": "", "answers": answers}
        return kith.run([command, "-c", kith.ini(directory, corpus=corpus, **sections)], ranks)

    def right(self, directory):
        with h5py.File(os.path.join(directory, "run", "labels.h5")) as file:
            is_right = file["best"][...] == self.blobs.truth
        return is_right[self.items].mean(), is_right.mean()

    def test_answers_teach(self):
        counts = numpy.zeros((len(self.blobs.truth), len(kith.NAMES)))
        for item, _, label in self.answers:
            counts[item, label] += 1
        majority = (counts.argmax(1) == self.blobs.truth)[self.items].mean()
        with kith.temporary_directory() as directory:
            self.write(directory, self.answers)
            self.assertEqual(self.run_in(directory, labels="/labels", answers="").returncode, 0)
            of_seeds = self.right(directory)[1]
        for labels, all_ranks in (("", (1, 3)), ("/labels", (1, 2))):
            found = set()
            for ranks in all_ranks:
                with self.subTest(labels=labels, ranks=ranks), kith.temporary_directory() as directory:
                    self.write(directory, self.answers)
                    done = self.run_in(directory, ranks=ranks, labels=labels)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    found.add(tuple(kith.digest(os.path.join(directory, "run", name)) for name in FILES))
                    answered, everywhere = self.right(directory)
                    self.assertGreater(answered, majority)
                    self.assertGreater(everywhere, of_seeds + 0.1)
                    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
                        self.assertIn("label_model", [member["name"] for member in json.load(file)["members"]])
            self.assertEqual(len(found), 1)

    def test_other_answers_are_learned_anew(self):
        with kith.temporary_directory() as directory:
            self.write(directory, self.answers)
            self.assertEqual(self.run_in(directory).returncode, 0)
            self.write(directory, self.answers[3:])
            done = self.run_in(directory)
            self.assertIn("stage=label_model state=done", done.stderr)
            self.assertIn("stage=graph state=done_before", done.stderr)

    def test_what_cannot_be(self):
        with kith.temporary_directory() as directory:
            self.write(directory, [*self.answers, (900, 1, 0)])
            for sections, words in [({}, "answers.csv"), ({"votes": {"weak_seeds": 0}}, "votes.weak_seeds, which is 0")]:
                for command in ("check", "run"):
                    with self.subTest(words=words, command=command):
                        kith.expect_one_sentence(self, self.run_in(directory, command, labels="/labels", **sections), words)


if __name__ == "__main__":
    unittest.main()
