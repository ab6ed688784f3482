"""manifest.json says what a run was made by, from and on; kith replay does it again."""
import json
import os
import unittest

import kith_runner as kith

STAGES = ["check", "cells", "knn", "graph", "label_model", "reference", "heads", "propagate", "ensemble", "qa"]


class Manifest(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        self.run_directory = os.path.join(self.directory, "run")
        self.path = os.path.join(self.run_directory, "manifest.json")
        self.corpus = kith.Blobs().write(os.path.join(self.directory, "corpus.h5"))
        self.config = kith.ini(self.directory)

    def run_kith(self, *arguments, ranks=2, status=0):
        done = kith.run(list(arguments), ranks)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def manifest(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def test_what_it_holds(self):
        self.run_kith("run", "-c", self.config, ranks=3)
        manifest = self.manifest()
        self.assertEqual(list(manifest["stages"]), STAGES)
        for stage, line in manifest["stages"].items():
            self.assertEqual(line["ranks"], 3)
            self.assertGreater(line["peak_rss_bytes"], 1 << 20)
            for name, file in line["files"].items():
                self.assertEqual(file["bytes"], os.path.getsize(os.path.join(self.run_directory, name)), stage)
                self.assertEqual(len(file["hash"]), 32)
        self.assertGreaterEqual(manifest["stages"]["check"]["bytes_read"], 900 * 12 * 4)
        self.assertEqual(manifest["configuration"]["knn.k"], "8")
        self.assertEqual(manifest["inputs"][0]["path"], self.corpus)
        self.assertEqual(manifest["inputs"][0]["bytes"], os.path.getsize(self.corpus))
        self.assertIn("Open MPI", manifest["build"]["libraries"]["mpi"])
        for name, version in manifest["build"]["libraries"].items():
            self.assertRegex(version, r"\d+\.\d+", name)
        for key in ("commit", "compiler", "build_type"):
            self.assertTrue(manifest["build"][key], key)
        start, = manifest["starts"]
        self.assertEqual((start["status"], start["ranks"], start["threads"]), ("done", 3, 1))
        self.assertTrue(start["hosts"] and start["cpu"] and start["cpu_target"])

    def test_a_restart_is_recorded_and_says_what_has_changed(self):
        self.run_kith("knn", "-c", self.config)
        done = self.run_kith("knn", "-c", self.config, "--knn.k", "9", ranks=3)
        self.assertIn('stage=knn state=stale reason="knn.k is 9, was 8"', done.stderr)
        self.assertEqual([start["ranks"] for start in self.manifest()["starts"]], [2, 3])

    def test_a_stage_whose_file_is_gone_is_done_again(self):
        self.run_kith("run", "-c", self.config)
        before = self.manifest()["stages"]
        os.remove(os.path.join(self.run_directory, "labels.h5"))
        with open(os.path.join(self.run_directory, "graph", "knn-00000.h5.kith.part"), "w", encoding="utf-8"):
            pass
        done = self.run_kith("run", "-c", self.config)
        self.assertIn("stage=ensemble state=incomplete file=labels.h5", done.stderr)
        self.assertIn("stage=knn state=done_before", done.stderr)
        self.assertEqual(self.manifest()["stages"]["ensemble"]["files"], before["ensemble"]["files"])
        self.assertFalse(os.path.exists(os.path.join(self.run_directory, "graph", "knn-00000.h5.kith.part")))

    def test_all_bytes_of_the_input_on_request(self):
        self.run_kith("check", "-c", self.config, "--run.hash_inputs", "full")
        one = self.manifest()["inputs"][0]["datasets"]
        self.assertEqual(set(one), {"/embeddings", "/labels", "/gold", "/classes"})
        self.run_kith("check", "-c", self.config, "--run.hash_inputs", "full", ranks=3)
        self.assertEqual(self.manifest()["inputs"][0]["datasets"], one)

    def test_replay(self):
        self.run_kith("run", "-c", self.config)
        done = self.run_kith("replay", self.path, ranks=3)
        self.assertIn("every result is equal", done.stdout)
        self.assertNotIn("differs", done.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.run_directory + "-replay", "labels.h5")))

        manifest = self.manifest()
        manifest["stages"]["ensemble"]["files"]["labels.h5"]["hash"] = "0" * 32
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        elsewhere = os.path.join(self.directory, "elsewhere")
        done = self.run_kith("replay", self.path, "--run.directory", elsewhere, status=1)
        self.assertIn("replay file=labels.h5 state=differs", done.stderr)
        self.assertIn("replay file=qa.h5 state=equal", done.stderr)

        kith.Blobs(draw=1).write(self.corpus)
        done = self.run_kith("replay", self.path, "--run.directory", elsewhere, status=1)
        self.assertIn("is not the file that the run was made from", done.stderr)

    def test_two_at_once_in_one_directory(self):
        first, _, _ = kith.start_until("stage=check state=done", ["run", "-c", self.config], 1,
                                       os.path.join(self.directory, "log"))
        try:
            done = self.run_kith("run", "-c", self.config, ranks=1, status=1)
            self.assertIn("another kith is at work there", done.stderr)
        finally:
            first.kill()
            first.wait()


if __name__ == "__main__":
    unittest.main()
