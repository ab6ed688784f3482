"""kith plan prints a complete table for sizes that no test can run, and states what it cannot read."""
import re
import unittest

import kith_runner as kith

STAGES = ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa", "all"]


class Plan(unittest.TestCase):
    def plan(self, *arguments, ranks=2):
        return kith.run(["plan", *arguments], ranks)

    def test_a_billion_items_on_32_nodes(self):
        done = self.plan("items=1e9", "dim=128", "type=f16", "classes=100", "nodes=32", "ranks_per_node=8",
                         "threads=4", "node_memory=512GiB")
        self.assertEqual(done.returncode, 0, done.stderr)
        size = r"[\d.]+ (bytes|[KMGTP]iB)"
        for stage in STAGES:
            self.assertRegex(done.stdout, rf"(?m)^{stage} +{size} +{size} +{size} +[\d.]+ (s|min|h)$")
        nodes = int(re.search(r"fits from (\d+) nodes", done.stdout)[1])
        self.assertIn(nodes, range(1, 33))
        self.assertIn("assumed", done.stdout)  # one machine cannot measure a network
        self.assertRegex(done.stdout, r"(?m)^sbatch --nodes=\d+ --ntasks-per-node=8 --cpus-per-task=4 --time=\d+:00:00")

    def test_all_default_members(self):
        done = self.plan("items=1e6", "dim=16", "classes=3")
        self.assertEqual(done.returncode, 0, done.stderr)
        for stage in STAGES:
            self.assertRegex(done.stdout, rf"(?m)^{stage} ")

    def test_wrong_arguments(self):
        for arguments, words in [(["items=1e9"], "dim=128"), (["items=many", "dim=8"], "items=many"),
                                 (["items=10", "dim=8", "type=f99"], "type=f99"), (["itms=9", "dim=8"], "itms=9"),
                                 (["items=9", "dim=8", "nodes=2.5"], "nodes=2.5"), (["items=9", "dim=8", "k=9"], "k=9"),
                                 (["items=9", "dim=8", "node_memory=much"], "node_memory=much")]:
            done = self.plan(*arguments, ranks=1)
            kith.expect_one_sentence(self, done, words)


if __name__ == "__main__":
    unittest.main()
