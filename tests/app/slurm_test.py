"""Every script under jobs/slurm on a real Slurm of four nodes on this machine."""
import csv
import json
import os
import shutil
import subprocess
import time
import unittest

import kith_runner as kith

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANDBOX = os.path.join(ROOT, "scripts", "slurm_sandbox.sh")
JOBS = os.path.join(ROOT, "jobs", "slurm")
JOB = os.path.join(JOBS, "label.sbatch")

SLOW = """#!/usr/bin/env bash
if [ "$1" = config ] || [ "$SLURM_PROCID" != 0 ] || [ -n "$SLURM_RESTART_COUNT" ]; then exec {kith} "$@"; fi
{kith} "$@" & pid=$!
trap : TERM  # of srun, once another rank has left
trap 'kill -USR1 $pid; kill -CONT $pid' USR1
until [ -e {cells} ]; do sleep 0.01; done
kill -STOP $pid
status=0
while kill -0 $pid 2>/dev/null; do wait $pid; status=$?; done
exit $status
"""


def why_not():
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    missing = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name) is None]
    return f"{missing} not installed" if missing else None


@unittest.skipIf(why_not(), why_not())
class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One Slurm for all tests, one corpus whose run takes some seconds, and the results of an undisturbed run."""
        holder = kith.temporary_directory()
        cls.addClassCleanup(holder.cleanup)
        cls.directory = holder.name
        os.chmod(cls.directory, 0o755)
        sandbox = os.path.join(cls.directory, "s")
        environment = {**kith.environment(1), "SLURM_SANDBOX_PORT": str(20000 + os.getpid() % 20000)}
        up = subprocess.run([SANDBOX, "up", sandbox, "4", "2"], env=environment, text=True, capture_output=True,
                            check=False)
        cls.addClassCleanup(subprocess.run, [SANDBOX, "down", sandbox], env=environment, capture_output=True,
                            check=False)
        assert up.returncode == 0, up.stderr
        exports = subprocess.run([SANDBOX, "env", sandbox], env=environment, text=True, capture_output=True,
                                 check=True).stdout
        for word in exports.replace("export ", "").split():
            key, value = word.split("=", 1)
            environment[key] = value
        cls.of_sandbox = {**environment, "KITH": kith.KITH}
        kith.Blobs(items=9000).write(os.path.join(cls.directory, "corpus.h5"))
        done = kith.run(["run", "-c", cls.configure(), "--run.directory", os.path.join(cls.directory, "undisturbed")], 2)
        assert done.returncode == 0, done.stderr

    @classmethod
    def configure(cls, sweeps=4000):
        return kith.ini(cls.directory, knn={"method": "exact", "recall_sample": 3000},
                        **{"member.slow": {"method": "harmonic", "max_sweeps": sweeps, "tolerance": "1e-12"}})

    def setUp(self):
        self.environment = dict(self.of_sandbox)

    def tearDown(self):
        shutil.rmtree(os.path.join(self.directory, "run"), ignore_errors=True)

    def slurm(self, *command):
        return subprocess.run(command, env=self.environment, text=True, capture_output=True, check=True,
                              cwd=self.directory).stdout.strip()

    def wait_for(self, job, seconds):
        end = time.monotonic() + seconds
        while self.slurm("squeue", "-h", "-j", job, "-o", "%T", "--states=all") not in (
                "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"):
            self.assertLess(time.monotonic(), end, "the job does not end")
            time.sleep(0.3)
        return self.slurm("squeue", "-h", "-j", job, "-o", "%T", "--states=all")

    def sbatch(self, *command):
        return self.slurm("sbatch", "--parsable", f"--output={self.directory}/job-%j.log", *command)

    def log(self, job):
        with open(os.path.join(self.directory, f"job-{job}.log"), encoding="utf-8") as file:
            return file.read()

    def assert_undisturbed(self):
        for name in ("labels.h5", "qa.h5"):
            self.assertEqual(kith.digest(os.path.join(self.directory, "run", name)),
                             kith.digest(os.path.join(self.directory, "undisturbed", name)), name)

    def starts(self):
        with open(os.path.join(self.directory, "run", "manifest.json"), encoding="utf-8") as file:
            return json.load(file)["starts"]

    def test_wall_time_too_short_and_a_node_lost(self):
        config = self.configure()
        # However fast the machine: the first start stands still from the cells on, until the time limit is near.
        slow = os.path.join(self.directory, "slow.sh")
        with open(slow, "w", encoding="utf-8") as file:
            file.write(SLOW.format(kith=kith.KITH, cells=os.path.join(self.directory, "run", "cells", "cells.h5")))
        os.chmod(slow, 0o755)
        self.environment["KITH"] = slow
        job = self.sbatch("--nodes=4", "--ntasks-per-node=1", "--time=1", "--signal=USR1@57", JOB, config)
        self.assertEqual(self.wait_for(job, 150), "COMPLETED", self.log(job))
        self.assertIn("queued again after status 75", self.log(job))
        self.assertGreater(len(self.starts()), 1)
        self.assertEqual(self.starts()[-1]["hosts"], ["n1", "n2", "n3", "n4"])
        self.assertEqual(self.starts()[0]["slurm"]["SLURM_JOB_ID"], job)
        self.assert_undisturbed()

        os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, "first"))
        self.environment["KITH"] = kith.KITH
        job = self.sbatch("--nodes=2-4", "--ntasks-per-node=1", "--time=5", JOB, config)
        end = time.monotonic() + 60
        while not os.path.exists(os.path.join(self.directory, "run", "cells", "cells.h5")):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        lost = self.starts()[-1]["hosts"][-1]
        self.slurm("scontrol", "update", f"NodeName={lost}", "State=DOWN", "Reason=test")
        self.slurm("scontrol", "update", f"NodeName={lost}", "State=DRAIN", "Reason=test")
        self.assertEqual(self.wait_for(job, 90), "COMPLETED", self.log(job))
        self.assertGreater(len(self.starts()), 1)
        self.assertNotIn(lost, self.starts()[-1]["hosts"])
        self.assert_undisturbed()

    def test_no_progress_is_given_up(self):
        config = self.configure()
        self.environment["KITH_TRIES"] = "2"
        stuck = os.path.join(self.directory, "stuck.sh")
        with open(stuck, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\n[ "$1" = config ] && exec {kith.KITH} "$@"\nexit 75\n')
        os.chmod(stuck, 0o755)
        self.environment["KITH"] = stuck
        job = self.sbatch("--nodes=1", "--ntasks-per-node=1", "--time=1", JOB, config)
        self.assertEqual(self.wait_for(job, 90), "FAILED", self.log(job))
        self.assertIn("2 starts without progress", self.log(job))

    def test_dependent_jobs_of_different_sizes(self):
        config = self.configure()
        options = "--ntasks-per-node=1 --time=5 --output=" + self.directory + "/job-%j.log"
        self.environment.update({"CELLS": f"--nodes=2 {options}", "GRAPH": f"--nodes=4 {options}",
                                 "LABELS": f"--nodes=1 {options}"})
        jobs = self.slurm(os.path.join(JOBS, "pipeline.sh"), config).split()
        self.assertEqual(len(jobs), 3)
        for job in jobs:
            self.assertEqual(self.wait_for(job, 90), "COMPLETED", self.log(job))
        self.assertEqual([start["ranks"] for start in self.starts()], [2, 4, 1])
        self.assert_undisturbed()

        draws = os.path.join(self.directory, "draws")
        with open(draws, "w", encoding="utf-8") as file:
            file.write("--ensemble.folds 2\n--ensemble.folds 0\n")
        job = self.sbatch("--array=1-2", "--nodes=1", os.path.join(JOBS, "array-seeds.sbatch"), draws, config)
        for task in ("1", "2"):
            self.assertEqual(self.wait_for(f"{job}_{task}", 60), "COMPLETED")
            path = os.path.join(self.directory, "run", f"array-{task}")
            with open(os.path.join(path, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
            self.assertEqual(manifest["configuration"]["ensemble.folds"], {"1": "2", "2": "0"}[task])
            self.assertTrue(os.path.samefile(os.path.join(path, "graph", "knn-00000.h5"),
                                             os.path.join(self.directory, "run", "graph", "knn-00000.h5")))
        self.assert_undisturbed()

    def test_scaling_in_one_table(self):
        config = self.configure(sweeps=10)
        table = os.path.join(self.directory, "scaling.csv")
        job = self.sbatch("--array=0-2", "--nodes=4", "--ntasks-per-node=1",
                          os.path.join(JOBS, "scaling.sbatch"), table, "strong", config)
        for task in range(3):
            self.assertEqual(self.wait_for(f"{job}_{task}", 120), "COMPLETED")
        with open(table, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sorted({(int(row["nodes"]), int(row["ranks"])) for row in rows}), [(1, 1), (2, 2), (4, 4)])
        self.assertEqual(len(rows), 3 * 7)
        self.assertEqual({row["items"] for row in rows}, {"9000"})


if __name__ == "__main__":
    unittest.main()
