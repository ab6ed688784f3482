"""Ids, labels and groups that are strings come back as they went in, the same bytes on any number of ranks."""
import csv
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith


def write_corpus(directory, blobs):
    """Two files with texts for everything; classes are named by nothing else. Returns the ids."""
    names = numpy.array([*kith.NAMES, ""], dtype=object)
    ids = [f"img/{row}, übung" if row % 3 else f"#{row}" for row in range(len(blobs.labels))]
    for part, rows in enumerate((slice(0, 350), slice(350, None))):
        with h5py.File(os.path.join(directory, f"part-{part}.h5"), "w") as file:
            file["embeddings"] = blobs.vectors[rows]
            file["labels"] = names[blobs.labels[rows]]
            file["gold"] = names[blobs.gold[rows]].astype("S3")
            file["site"] = numpy.where(numpy.arange(len(blobs.labels)) % 4 == 0, "south", "north")[rows].astype(object)
            file["ids"] = numpy.array(ids[rows], dtype=object) if part == 0 else [text.encode() for text in ids[rows]]
    return ids


class Types(unittest.TestCase):
    def run_on(self, ranks, directory, name):
        settings = {"files": os.path.join(directory, "part-*.h5"), "classes": "", "slices": "site"}
        config = kith.ini(directory, run={"directory": os.path.join(directory, name)}, corpus=settings)
        done = kith.run(["run", "-c", config], ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        return config, os.path.join(directory, name)

    def test_texts(self):
        blobs = kith.Blobs()
        with kith.temporary_directory() as directory:
            ids = write_corpus(directory, blobs)
            _, other = self.run_on(3, directory, "three")
            config, run = self.run_on(1, directory, "one")
            self.assertEqual(*(kith.digest(os.path.join(folder, "labels.h5")) for folder in (run, other)))
            with h5py.File(os.path.join(run, "labels.h5")) as file:
                self.assertEqual([text.decode() for text in file["ids"][...]], ids)
                self.assertEqual([text.decode() for text in file["class_names"][...]], kith.NAMES)
                seeds = blobs.labels >= 0
                numpy.testing.assert_array_equal(file["label"][...][seeds], blobs.labels[seeds])
            with open(os.path.join(run, "report.json"), encoding="utf-8") as file:
                report = json.load(file)
            [groups] = [entry["slices"] for entry in report["slices"]["groupings"] if entry["name"] == "site"]
            self.assertEqual({group["slice"]: group["items"] for group in groups}, {"north": 675, "south": 225})
            audit = os.path.join(directory, "audit.csv")
            done = kith.run(["review", "export", "-c", config, "--audit", "20", "--file", audit])
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(audit, encoding="utf-8", newline="") as file:
                for line in csv.DictReader(file):
                    self.assertEqual(line["id"], ids[int(line["row"])])


if __name__ == "__main__":
    unittest.main()
