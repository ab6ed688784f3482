"""report.html is well-formed, self-contained, and shows every chart; report.json has stable keys."""
import json
import os
import unittest
import xml.etree.ElementTree

import kith_runner as kith

SVG = "{http://www.w3.org/2000/svg}"
XHTML = "{http://www.w3.org/1999/xhtml}"
CHARTS = ["Class mix of the labels", "Status of items", "Consensus probability", "Disagreement of the members",
          "Convergence", "Agreement of members", "Cohen's kappa of members", "Classes that members confuse", "Precision by class, gold",
          "Recall by class, held-out seeds", "Confusion, gold", "Consensus, uncalibrated",
          "Consensus, calibrated", "Error by predicted class", "Error by cell", "Agreement class by class",
          "Both wrong on the same item, against gold", "Class mix, corrected for wrong labels"]


def run(directory, blobs, **sections):
    blobs.write(os.path.join(directory, "corpus.h5"))
    done = kith.run(["run", "-c", kith.ini(directory, **sections)], 2)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
        page = file.read()
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return page, json.load(file)


def text_of(element):
    return "".join(element.itertext())


def tables_of(tree, anchor):
    """The tables of a section as rows of texts, the first row their head."""
    [section] = [element for element in tree.iter(XHTML + "section") if element.get("id") == anchor]
    return [[[text_of(cell) for cell in row] for row in table.iter(XHTML + "tr")]
            for table in section.iter(XHTML + "table")]


def table_with(tree, anchor, column, number=0):
    """Rows without head of the section's table that has this column; number: of those that have it."""
    return [table[1:] for table in tables_of(tree, anchor) if column in table[0]][number]


def percent(share):
    return f"{share * 100:.1f}\u00a0%"


def share(value):
    if value["value"] is None:
        return "not known"
    return f"{percent(value['value'])} [{value['low'] * 100:.1f}, {value['high'] * 100:.1f}]"


def coefficient(value):
    return f"{value['value']:.4f}" + (f" [{value['low']:.4f}, {value['high']:.4f}]" if "low" in value else "")


def decimal(value, digits):
    return "\u2013" if value is None else f"{value:.{digits}f}"


def measures(calibration):
    return [f"{calibration[name]:.3f} [{calibration[name + '_low']:.3f}, {calibration[name + '_high']:.3f}]"
            for name in ("nll", "brier")] + [f"{calibration[name]:.3f}" for name in ("ece", "ece_equal_mass", "rms_debiased")]


def method_of(member):
    chosen = ", ".join(f"{name} {value:.3g}" for name, value in member.get("parameters", {}).items())
    return member["method"] + (f" ({chosen})" if chosen else "")


class Report(unittest.TestCase):
    def check_accuracy(self, tree, report):
        for number, known in enumerate((report["consensus"]["gold"], report["consensus"]["held_out"])):
            self.assertEqual(table_with(tree, "accuracy", "F1", number),
                             [[one["class"], share(one["precision"]), share(one["recall"]), decimal(one["f1"], 3)]
                              for one in known["per_class"]])
        self.assertEqual(table_with(tree, "members", "temperature"),
                         [[one["name"], method_of(one), str(one.get("sweeps", "")), one.get("stop", ""),
                           share(one["held_out"]), share(one["gold"]), f"{one['temperature']:.3f}",
                           f"{one['pool_weight']:.3f}", f"{one['adds']:+.4f}"] for one in report["members"]])
        rows = []
        for one in [{"name": "consensus", **report["consensus"]["held_out"]}, *report["members"]]:
            rows += [[one["name"], "before", *measures(one["calibration_before"])], ["", "after", *measures(one["calibration_after"])]]
        self.assertEqual(table_with(tree, "calibration", "Brier score"), rows)
        unsupervised = report["accuracy_without_gold"]
        self.assertEqual([row[1:] for row in table_with(tree, "without-gold", "triplets")],
                         [[percent(one["triplet"]["value"]), percent(one["dawid_skene"]), percent(one["known"])]
                          for one in unsupervised["voters"]])
        self.assertEqual([row[2] for row in table_with(tree, "without-gold", "estimator")],
                         [percent(one["value"]) for one in unsupervised["estimates"]])
        for number, level in enumerate(report["acceptance"]["levels"]):
            rule = level["together"]
            threshold = "no threshold passes" if rule["threshold"] is None else f"\u2265\u00a0{rule['threshold']:.3f}"
            self.assertEqual(table_with(tree, "acceptance", "items accepted", 2 * number),
                             [["all together", threshold, str(rule["accepted"]), f"{rule['wrong']} of {rule['known']}",
                               percent(rule["error_bound"])]])

    def check_votes(self, tree, report):
        agreement = report["agreement"]
        rows = [[coefficient(agreement[name]), str(agreement[name]["items"])]
                for name in ("mean_pair_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "pabak")]
        rows += [[share(agreement[name]), str(agreement[name]["trials"])] for name in ("unanimous", "no_majority")]
        self.assertEqual([row[1:] for row in table_with(tree, "agreement", "statistic")], rows)
        diversity = report["diversity"]
        self.assertEqual([row[1:3] for row in table_with(tree, "diversity", "measure")],
                         [[decimal(diversity[basis]["group"][name], 4) for basis in ("gold", "expected")]
                          for name in ("entropy", "kohavi_wolpert", "kappa", "difficulty", "generalized_diversity",
                                       "coincident_failure_diversity")])

    def check_items(self, tree, report):
        counts = report["consensus"]["class_counts"]
        self.assertEqual(table_with(tree, "classes", "effective weight"),
                         [[one["class"], str(count), percent(one["stated_share"]),
                           share({"value": one["corrected_share"], **one}), decimal(one["inverse_weight"], 3),
                           decimal(one["effective_number_weight"], 3), str(one["undersampled"]), str(one["repeats"]),
                           str(one["seeds"]), str(one["seeds_missing"])]
                          for one, count in zip(report["balance"]["per_class"], counts)])
        classes = [one for one in report["slices"]["groupings"] if one["name"] == "classes"][0]["slices"]
        shown = sorted(classes, key=lambda one: 2 if one["p_value"] is None else one["p_value"])
        self.assertEqual([row[:4] + row[5:6] for row in table_with(tree, "slices", "q-value")],
                         [[one["slice"], str(one["items"]), str(one["error"]["trials"]), share(one["error"]),
                           decimal(one["lift"], 2)] for one in shown])
        self.assertEqual(table_with(tree, "seeds", "suspected"),
                         [[one["class"], str(one["given"]), str(one["flagged"]), decimal(one["quality"], 3),
                           decimal(one["missed"], 3), decimal(one["true_share"], 3)] for one in report["seeds"]["per_class"]])
        self.assertEqual(table_with(tree, "seed-values", "value"),
                         [[str(one["row"]), one["class"], f"{one['value']:.1f}"] for one in report["seed_values"]["lowest"]])
        self.assertEqual(table_with(tree, "review", "BALD"),
                         [[str(one["row"]), one["label"], f"{one['probability']:.3f}", one["status"],
                           f"{one['vote_entropy']:.3f}", f"{one['bald']:.3f}"] for one in report["review"][:10]])
        self.assertEqual(table_with(tree, "methods", "key"), [list(pair) for pair in report["run"]["configuration"].items()])

    def test_page_with_everything(self):
        with kith.temporary_directory() as directory:
            page, report = run(directory, kith.Blobs())
        tree = xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])
        titles = [chart.get("aria-label") for chart in tree.iter(SVG + "svg")]
        for chart in CHARTS:
            self.assertTrue(any(title.startswith(chart) for title in titles), chart)
        for chart in tree.iter(SVG + "svg"):
            width, height = (float(number) for number in chart.get("viewBox").split()[2:])
            for mark in chart.iter(SVG + "rect"):
                self.assertLessEqual(float(mark.get("x")) + float(mark.get("width")), width + 1)
                self.assertLessEqual(float(mark.get("y")) + float(mark.get("height")), height + 1)
        ids = {element.get("id") for element in tree.iter() if element.get("id")}
        links = [element.get("href") for element in tree.iter(XHTML + "a")]
        self.assertGreater(len(links), 5)
        for link in links:
            self.assertIn(link.removeprefix("#"), ids)
        headings = ["".join(element.itertext()) for element in tree.iter(XHTML + "h2")]
        self.assertEqual(headings[:5], ["How many labels?", "How accurate?", "Safe to use?", "What to review next?",
                                        "What looks wrong?"])
        for word in ("http://", "https://", "src=", "<script"):
            outside = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
            outside = outside.replace('xmlns="http://www.w3.org/1999/xhtml"', "")
            self.assertNotIn(word, outside)
        known = ["run", "graph", "members", "consensus", "agreement", "diversity", "accuracy_without_gold", "slices",
                 "balance", "acceptance", "seeds", "seed_values", "review"]
        self.assertEqual(list(report)[:len(known)], known)  # newer statistics come after these
        self.assertIn("gold", report["consensus"])
        self.check_accuracy(tree, report)
        self.check_votes(tree, report)
        self.check_items(tree, report)

    def test_without_gold_and_without_folds(self):
        with kith.temporary_directory() as directory:
            page, report = run(directory, kith.Blobs(seeds_per_class=1), corpus={"gold": ""})
        xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])
        self.assertNotIn("gold", report["consensus"])
        self.assertIsNone(report["consensus"]["held_out"]["accuracy"]["value"])
        self.assertIn("nothing could be held out", page)

    def test_names_with_markup(self):
        kith.NAMES[1] = "<b>&\"bee\""
        try:
            with kith.temporary_directory() as directory:
                page, _ = run(directory, kith.Blobs())
        finally:
            kith.NAMES[1] = "bee"
        xml.etree.ElementTree.fromstring(page.split("\n", 1)[1])
        self.assertIn("&lt;b&gt;&amp;&quot;bee&quot;", page)


if __name__ == "__main__":
    unittest.main()
