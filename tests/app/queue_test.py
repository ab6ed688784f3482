"""People in the loop: asked by a queue, answered in a table, a page or Label Studio, learned from by the next run."""
import csv
import json
import os
import unittest

import h5py
import numpy

import kith_runner as kith

CLASS_FILE = "".join(f"{name}\n" for name in kith.NAMES)


class Queue(unittest.TestCase):
    def setUp(self):
        self.folder = kith.temporary_directory()
        self.addCleanup(self.folder.cleanup)
        self.directory = self.folder.name
        self.blobs = kith.Blobs(items=700, seeds_per_class=3)
        self.blobs.write(self.path("corpus.h5"))
        with open(self.path("classes.txt"), "w", encoding="utf-8") as file:
            file.write(CLASS_FILE)

    def path(self, name):
        return os.path.join(self.directory, name)

    def kith(self, *words, ranks=2, expect=0, **sections):
        sections["corpus"] = {"gold": "", "reviews": self.path("reviews.csv"), **sections.get("corpus", {})}
        done = kith.run([*words, "-c", kith.ini(self.directory, **sections)], ranks)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def export(self, count, name="queue.csv", strategy=None, **options):
        chosen = ["--strategy", strategy] if strategy else []
        return self.kith("review", "export", "--queue", str(count), *chosen, "--file", self.path(name), **options)

    def take(self, name="queue.csv", *words, **options):
        return self.kith("review", "import", "--file", self.path(name), *words, **options)

    def read(self, name="queue.csv"):
        with open(self.path(name), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write(self, lines, name="queue.csv"):
        with open(self.path(name), "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, lines[0].keys())
            writer.writeheader()
            writer.writerows(lines)

    def truth(self, row):
        return kith.NAMES[self.blobs.truth[int(row)]]

    def answer(self, name="queue.csv", annotator="Ann"):
        self.write([{**line, "label": self.truth(line["row"]), "annotator": annotator} for line in self.read(name)], name)

    def labels(self):
        with h5py.File(self.path("run/labels.h5")) as file:
            return {name: file[name][...] for name in ("label", "best", "status", "margin")}

    def ledger(self):
        with open(self.path("reviews.csv"), "rb") as file:
            return file.read()

    def test_from_nothing_to_labels(self):
        """No label at all: the vectors choose, people answer, a run learns from it, and the next queue from that run."""
        nothing = {"labels": "", "classes": self.path("classes.txt"), "allow_missing_classes": "yes"}
        said = self.kith("run", corpus=nothing, expect=1)
        self.assertIn("kith review export --queue N asks people for the first labels", said.stderr)
        self.assertIn("say coverage or random", self.export(9, strategy="bald", corpus=nothing, expect=1).stderr)
        self.export(24, corpus=nothing)
        self.assertEqual({line["predicted"] for line in self.read()}, {""})
        self.answer()
        said = self.take(corpus=nothing).stdout
        self.assertIn("24 answers taken\n24 items are labeled by people; kith run learns from them", said)
        self.kith("run", corpus=nothing)
        labels = self.labels()
        asked = [int(line["row"]) for line in self.read()]
        self.assertTrue((labels["status"][asked] == 1).all())
        self.assertTrue((labels["label"][asked] == self.blobs.truth[asked]).all())
        rest = numpy.setdiff1d(numpy.arange(700), asked)
        self.assertGreater(numpy.mean(labels["best"][rest] == self.blobs.truth[rest]), 0.8)
        self.export(10, "next.csv", corpus=nothing)
        self.assertFalse(set(asked) & {int(line["row"]) for line in self.read("next.csv")})

    def test_answers_are_taken_once_and_redo_only_what_learns(self):
        self.export(30)
        before = self.ledger()
        self.answer()
        self.take()
        taken = self.ledger()
        self.assertTrue(taken.startswith(before))
        self.assertIn("0 answers taken, 30 were there already", self.take().stdout)
        self.assertEqual(self.ledger(), taken)
        log = self.kith("run").stderr
        self.assertIn("stage=graph state=done_before", log)
        self.assertIn("stage=heads state=done ", log)
        self.export(5, "next.csv")  # questions alone redo nothing
        self.assertIn("stage=qa state=done_before", self.kith("run").stderr)

    def test_people_disagree(self):
        self.export(6)
        self.answer()
        self.take()
        lines = self.read()
        wrong = [{**line, "annotator": "Bob", "label": "?" if i == 0 else "ant" if self.truth(line["row"]) != "ant" else "bee"}
                 for i, line in enumerate(lines)]
        self.write(wrong)
        said = self.take().stdout
        self.assertIn("6 answers taken, 1 of them do not know", said)
        self.assertIn("1 items are labeled by people, 5 are disputed and teach nothing (corpus.adjudicator)", said)
        self.kith("run")
        rows = [int(line["row"]) for line in lines]
        self.assertEqual((self.labels()["status"][rows] == 1).sum(), 1)
        self.kith("run", corpus={"adjudicator": "Ann"})
        labels = self.labels()
        self.assertTrue((labels["status"][rows] == 1).all())
        self.assertTrue((labels["label"][rows] == self.blobs.truth[rows]).all())
        # Or all of them as votes.
        self.kith("run", corpus={"reviews": "", "answers": self.path("reviews.csv")})
        with open(self.path("run/label_model.json"), encoding="utf-8") as file:
            self.assertIn("Bob", file.read())

    def test_people_change_their_minds(self):
        self.export(1)
        line = {**self.read()[0], "annotator": "Ann", "note": "a\x0bb"}
        for label, taken in (("ant", 1), ("bee", 1), ("bee", 0), ("ant", 1)):
            self.write([{**line, "label": label, "note": "a b"}])
            self.assertIn(f"{taken} answers taken", self.take().stdout)
        with open(self.path("saved.json"), "w", encoding="utf-8") as file:
            json.dump({"program": "kith", "list": line["list"], "annotator": "Bob",
                       "answers": [{"row": line["row"], "label": "ant", "note": "from\x0ba slide", "time": "2024-05-03T10:00:00,5Z"}]}, file)
        self.assertIn("1 answers taken", self.take("saved.json").stdout)
        self.kith("run")
        self.assertEqual(self.labels()["label"][int(line["row"])], 0)

    def test_gold_is_not_what_people_say(self):
        """Measured with a gold file is its labels alone, also before a run has learned from people's."""
        self.kith("run")
        self.export(20)
        self.answer()
        self.take()
        row = next(row for row in range(700) if self.blobs.labels[row] < 0 and str(row) not in {line["row"] for line in self.read()})
        with open(self.path("gold.csv"), "w", encoding="utf-8") as file:
            file.write(f"row,label\n{row},{self.truth(row)}\n")
        self.assertIn("of 1 stated labels", self.kith("eval", "--gold", self.path("gold.csv")).stdout)

    def test_replay_learns_what_the_run_did(self):
        self.kith("run")
        self.export(10)
        self.answer()
        self.take()
        said = self.kith("replay", self.path("run/manifest.json"), "--run.directory", self.path("again"))
        self.assertIn("every result is equal", said.stdout)
        self.kith("run")
        said = self.kith("replay", self.path("run/manifest.json"), "--run.directory", self.path("third"))
        self.assertIn("every result is equal", said.stdout)
        self.assertIn("status", h5py.File(self.path("third/labels.h5")))

    def test_people_correct_a_seed(self):
        """What people say of an item takes the place of the label that it was given."""
        row = int(numpy.flatnonzero(self.blobs.labels == 0)[0])
        head = "list,row,item_id,annotator,label,time,reason,inclusion,predicted,probability,shown,note\n"
        with open(self.path("reviews.csv"), "w", encoding="utf-8") as file:
            file.write(head + f"q,{row},,Ann,dog,2024-05-03T10:00:00Z,,,,,,\n")
        self.kith("run")
        labels = self.labels()
        self.assertEqual((labels["label"][row], labels["status"][row]), (3, 1))

    def test_same_bytes(self):
        for strategy in ("coverage", "margin", "entropy", "bald", "vote_entropy", "error", "power", "random"):
            asked = []
            for ranks in (1, 2, 3, 5) if strategy in ("coverage", "power") else (1, 3):
                for name in ("queue.csv", "reviews.csv"):
                    if os.path.exists(self.path(name)):
                        os.remove(self.path(name))
                self.export(25, strategy=strategy, ranks=ranks)
                with open(self.path("queue.csv"), "rb") as file:
                    asked.append((file.read(), self.ledger()))
            self.assertEqual(len(set(asked)), 1, strategy)
            lines = self.read("reviews.csv")
            self.assertEqual({line["reason"] for line in lines}, {strategy})
            if strategy in ("power", "random"):
                self.assertTrue(all(0 < float(line["inclusion"]) < 1 for line in lines))
        margin = self.labels()["margin"]
        random = margin[[int(line["row"]) for line in lines]]
        os.remove(self.path("queue.csv"))
        self.export(25, strategy="margin")
        chosen = margin[[int(line["row"]) for line in self.read()]]
        self.assertLess(chosen.max(), numpy.median(random))

    def test_nobody_is_asked_what_is_known(self):
        gold = numpy.where(numpy.arange(700) < 400, self.blobs.gold, -1)
        with h5py.File(self.path("corpus.h5"), "a") as file:
            file["gold"][...] = gold
        self.kith("review", "export", "--audit", "40", "--file", self.path("audit.csv"), corpus={"gold": "/gold"})
        self.export(1000, corpus={"gold": "/gold"})
        asked = {int(line["row"]) for line in self.read()}
        audited = {int(line["row"]) for line in self.read("audit.csv")}
        copy = self.blobs.vectors.shape[0] // 2  # of row 3
        known = set(numpy.flatnonzero(gold >= 0)) | set(numpy.flatnonzero(self.blobs.labels >= 0)) | audited
        self.assertFalse(asked & known)
        self.assertEqual(len(asked | known | {3, copy}), 700)
        self.assertIn("no item is left to ask about", self.export(5, "b.csv", corpus={"gold": "/gold"}, expect=1).stderr)

    def test_label_studio_and_page(self):
        texts = [f"text {row} <b> & \"it\"" for row in range(700)]
        images = numpy.arange(700 * 6, dtype=numpy.uint8).reshape(700, 2, 3)
        with h5py.File(self.path("corpus.h5"), "a") as file:
            file["text"], file["image"] = texts, images
        shown = {"text": "/text", "image": "/image"}
        self.export(12, "tasks.json", corpus=shown)
        with open(self.path("tasks.json"), encoding="utf-8") as file:
            tasks = json.load(file)
        for task in tasks:
            row = task["data"]["row"]
            self.assertEqual(task["data"]["text"], texts[row])
            self.assertTrue(task["data"]["image"].startswith("data:image/png;base64,"))
            value = {"choices": [self.truth(row)]}
            task["annotations"] = [{"completed_by": 1, "updated_at": "2024-05-03T10:00:00Z", "was_cancelled": False,
                                    "result": [{"from_name": "label", "to_name": "item", "type": "choices", "value": value}]}]
        self.look_at_report(texts)
        with_prediction = sum("predictions" in task for task in tasks)
        self.assertTrue(0 < with_prediction < 12)  # some are asked blind
        with open(self.path("export.json"), "w", encoding="utf-8") as file:
            json.dump(tasks, file)
        self.assertIn("12 answers taken", self.take("export.json").stdout)
        self.export(12, "page.html", corpus=shown)
        with open(self.path("page.html"), encoding="utf-8") as file:
            page = file.read()
        start = '<script type="application/json" id="sheet">'
        data = json.loads(page[page.index(start) + len(start):].split("</script>")[0])
        saved = {"program": "kith", "list": data["list"], "annotator": "Ann",
                 "answers": [{"row": item["row"], "label": self.truth(item["row"]), "time": "2024-05-03T10:00:00Z"}
                             for item in data["items"]]}
        with open(self.path("saved.json"), "w", encoding="utf-8") as file:
            json.dump(saved, file)
        self.assertIn("12 answers taken\n24 items are labeled by people", self.take("saved.json").stdout)

    def look_at_report(self, texts):
        with open(self.path("run/report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual([entry["class"] for entry in report["examples"]], kith.NAMES)
        labels = self.labels()
        for label, entry in enumerate(report["examples"]):
            sure, unsure = [[item["row"] for item in entry[kind]] for kind in ("typical", "unsure")]
            self.assertTrue((labels["best"][sure + unsure] == label).all() and (labels["status"][sure + unsure] != 1).all())
            self.assertGreater(labels["margin"][sure].min(), labels["margin"][unsure].max())
        for item in report["review"] + report["examples"][0]["typical"]:
            self.assertEqual(item["text"], texts[item["row"]])
            self.assertTrue(item["image"].startswith("data:image/png;base64,"))
        with open(self.path("run/report.html"), encoding="utf-8") as file:
            page = file.read()
        row = report["examples"][0]["typical"][0]["row"]
        self.assertIn(f"text {row} &lt;b&gt; &amp; &quot;it&quot;", page)
        self.assertNotIn(" <b> & ", page)

    def test_what_cannot_be(self):
        self.export(8)
        self.answer()
        good = self.read()
        before = self.ledger()
        cases = [
            ([{**good[0], "list": "queue-0009-00"}], "list \"queue-0009-00\" is not among the lists"),
            ([{**good[0], "row": "3"}] if good[0]["row"] != "3" else [], "row 3 was not asked about"),
            ([good[1], {**good[0], "label": "cow"}], "\"cow\""),
            ([good[0], {**good[0], "label": "ant"}], "is answered twice by Ann, first at"),
            ([{**good[0], "annotator": ""}], "who answered? say --annotator NAME"),
            ([{**good[0], "time": "noon"}], "time \"noon\", expected a date"),
            ([{**good[0], "id": "x"}], "has the id \"x\""),
        ]
        for lines, expected in cases:
            self.write(lines, "bad.csv")
            said = self.take("bad.csv", expect=1).stderr
            self.assertIn(expected, said)
            self.assertEqual(self.ledger(), before)
        with open(self.path("half.json"), "w", encoding="utf-8") as file:
            file.write('{"program": "kith", "answers": [')
        self.assertIn("is not JSON", self.take("half.json", expect=1).stderr)
        for words, expected in (
                (("export", "--queue", "5", "--file", self.path("x.txt")), "expected a name that ends with .csv, .json"),
                (("export", "--queue", "5", "--file", self.path("queue.csv")), "queue.csv"),
                (("export", "--queue", "5", "--strategy", "best", "--file", self.path("x.csv")), "must be one of: coverage | margin"),
                (("export", "--queue", "1000001", "--file", self.path("x.csv")), "say --strategy power"),
                (("export", "--queue", "0", "--file", self.path("x.csv")), "--queue 0, must be how many items"),
                (("export", "--queue", "5", "--audit", "5", "--file", self.path("x.csv")), "say --audit N or --queue N"),
                (("import", "--strategy", "margin", "--file", self.path("queue.csv")), "--strategy belongs to --queue N"),
                (("export", "--queue", "5", "--annotator", "Ann", "--file", self.path("x.csv")), "--annotator belongs to kith review import")):
            self.assertIn(expected, self.kith("review", *words, expect=1).stderr)
        self.assertIn("corpus.reviews is not set", self.take(expect=1, corpus={"reviews": ""}).stderr)
        self.assertIn("corpus.reviews is not set", self.export(5, "x.csv", expect=1, corpus={"reviews": ""}).stderr)
        self.assertIn("expected 700 strings for corpus.text", self.export(5, "x.csv", expect=1, corpus={"text": "/labels"}).stderr)
        self.assertIn("expected pictures for corpus.image", self.export(5, "x.csv", expect=1, corpus={"image": "/embeddings"}).stderr)
        same = {"reviews": self.path("x.csv")}
        self.assertIn("is corpus.reviews, which keeps what was asked", self.export(5, "x.csv", expect=1, corpus=same).stderr)
        nowhere = {"reviews": self.path("none/reviews.csv")}
        self.assertIn("none/reviews.csv", self.export(5, "x.csv", expect=1, corpus=nowhere).stderr)
        self.assertFalse(os.path.exists(self.path("x.csv")))
        with open(self.path("reviews.csv"), "ab") as file:
            file.write(b"q,-4,,,,,,,,,,\n")
        self.assertIn("row \"-4\"", self.kith("run", expect=1).stderr)


if __name__ == "__main__":
    unittest.main()
