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
          "Recall by class, held-out seeds", "Confusion, gold", "Consensus of uncalibrated members",
          "Consensus as it is used", "Error by predicted class", "Error by cell", "Agreement class by class",
          "Both wrong on the same item, against gold", "Class mix, corrected for wrong labels"]


def run(directory, blobs, **sections):
    blobs.write(os.path.join(directory, "corpus.h5"))
    done = kith.run(["run", "-c", kith.ini(directory, **sections)], 2)
    assert done.returncode == 0, done.stderr
    with open(os.path.join(directory, "run", "report.html"), encoding="utf-8") as file:
        page = file.read()
    with open(os.path.join(directory, "run", "report.json"), encoding="utf-8") as file:
        return page, json.load(file)


class Report(unittest.TestCase):
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
