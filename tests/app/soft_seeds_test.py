"""Seeds of which the label is not sure: several labels of one row, with weights."""
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

SURE = 6  # labels a class that are


class SoftSeeds(unittest.TestCase):
    def run_in(self, directory, ranks):
        blobs = kith.Blobs()
        random = numpy.random.RandomState(4)
        lines = ["row,label,weight"]
        for label, name in enumerate(kith.NAMES):
            rows = random.permutation(numpy.flatnonzero(blobs.truth == label))
            lines += [f"{row},{name},1" for row in rows[:SURE]]
            self.soft[label] = rows[SURE]
            other = kith.NAMES[(label + 1) % len(kith.NAMES)]
            lines += [f"{rows[SURE]},{other},0.25", f"{rows[SURE]},{name},0.75"]
        blobs.write(os.path.join(directory, "corpus.h5"))
        path = os.path.join(directory, "seeds.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return kith.run(["run", "-c", kith.ini(directory, corpus={
            "labels": "", "gold": "", "seeds": path, "soft_seeds": self.allowed})], ranks)

    def setUp(self):
        self.soft = {}
        self.allowed = "yes"

    def test_are_learned_from_and_not_measured_with(self):
        digests = set()
        for ranks in (1, 3):
            with kith.temporary_directory() as directory:
                done = self.run_in(directory, ranks)
                self.assertEqual(done.returncode, 0, done.stderr)
                run = os.path.join(directory, "run")
                digests.add(tuple(kith.digest(os.path.join(run, name)) for name in ("labels.h5", "qa.h5")))
                with open(os.path.join(run, "report.json"), encoding="utf-8") as file:
                    report = json.load(file)
                with h5py.File(os.path.join(run, "labels.h5")) as file:
                    columns = {name: file[name][...] for name in ("label", "probability", "status")}
        self.assertEqual(len(digests), 1)
        for label, row in self.soft.items():
            self.assertEqual((columns["label"][row], columns["status"][row]), (label, 1))
            self.assertAlmostEqual(columns["probability"][row], 0.75, 6)
        self.assertEqual(report["consensus"]["held_out"]["accuracy"]["trials"], SURE * len(kith.NAMES))
        self.assertEqual([entry["seeds"] for entry in report["balance"]["per_class"]], [SURE + 1] * len(kith.NAMES))

    def test_must_be_asked_for(self):
        self.allowed = "no"
        with kith.temporary_directory() as directory:
            done = self.run_in(directory, 2)
        kith.expect_one_sentence(self, done, "corpus.soft_seeds")


if __name__ == "__main__":
    unittest.main()
