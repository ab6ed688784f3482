"""Every script under jobs/slurm on a real Slurm of four nodes on this machine."""
import csv
import json
import os
import shutil
import subprocess
import unittest

import kith_runner as kith

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANDBOX = os.path.join(ROOT, "scripts", "slurm_sandbox.sh")
JOBS = os.path.join(ROOT, "jobs", "slurm")
JOB = os.path.join(JOBS, "label.sbatch")

# The first start says when it prepares, and waits in the cells until it gets USR1; the second one waits in the graph.
WRAPPER = """#!/usr/bin/env bash
if [ "$1" = config ]; then
  touch {directory}/preparing
  exec {kith} "$@"
fi
[ "$SLURM_PROCID" = 0 ] || exec {kith} "$@"
case ${{SLURM_RESTART_COUNT:-0}} in
0) export KITH_PAUSE_AT="stage=cells state=done" ;;
1) export KITH_PAUSE_AT="stage=graph state=done" ;;
*) exec {kith} "$@" ;;
esac
{kith} "$@" & pid=$!
trap : TERM  # of srun, once another rank has left
trap 'kill -USR1 $pid; kill -CONT $pid' USR1
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
        """One Slurm for all tests, one corpus, and the results of an undisturbed run."""
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
        kith.Blobs().write(os.path.join(cls.directory, "corpus.h5"))
        done = kith.run(["run", "-c", cls.configure(), "--run.directory", os.path.join(cls.directory, "undisturbed")], 2)
        assert done.returncode == 0, done.stderr

    @classmethod
    def configure(cls):
        return kith.ini(cls.directory)

    def setUp(self):
        self.environment = dict(self.of_sandbox)

    def tearDown(self):
        shutil.rmtree(os.path.join(self.directory, "run"), ignore_errors=True)

    def slurm(self, *command):
        return subprocess.run(command, env=self.environment, text=True, capture_output=True, check=True,
                              cwd=self.directory).stdout.strip()

    def wait_for(self, job):
        """The state in which it ends."""
        def state():
            return self.slurm("squeue", "-h", "-j", job, "-o", "%T", "--states=all")
        kith.wait_until(lambda: state() in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"), "its end", pause_s=0.3)
        return state()

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

    def test_asked_to_stop_and_a_node_lost(self):
        """USR1, as Slurm sends it before the time limit, while the script prepares; then a node of the second start."""
        self.environment["KITH"] = os.path.join(self.directory, "wrapper.sh")
        with open(self.environment["KITH"], "w", encoding="utf-8") as file:
            file.write(WRAPPER.format(kith=kith.KITH, directory=self.directory))
        os.chmod(self.environment["KITH"], 0o755)
        job = self.sbatch("--nodes=2-4", "--ntasks-per-node=1", "--time=60", JOB, self.configure())
        kith.wait_until(lambda: os.path.exists(os.path.join(self.directory, "preparing")), "the script")
        self.slurm("scancel", "--batch", "--signal=USR1", job)
        kith.wait_until(lambda: "stage=graph state=done " in self.log(job), "the second start")
        self.assertIn("queued again after status 75", self.log(job))
        lost = self.starts()[-1]["hosts"][-1]
        self.addCleanup(self.slurm, "scontrol", "update", f"NodeName={lost}", "State=RESUME")
        self.slurm("scontrol", "update", f"NodeName={lost}", "State=DOWN", "Reason=test")
        self.slurm("scontrol", "update", f"NodeName={lost}", "State=DRAIN", "Reason=test")
        self.assertEqual(self.wait_for(job), "COMPLETED", self.log(job))
        self.assertEqual(len(self.starts()), 3)
        self.assertEqual(self.starts()[0]["slurm"]["SLURM_JOB_ID"], job)
        self.assertNotIn(lost, self.starts()[-1]["hosts"])
        self.assert_undisturbed()

    def test_dependent_jobs_of_different_sizes(self):
        config = self.configure()
        options = "--ntasks-per-node=1 --time=5 --output=" + self.directory + "/job-%j.log"
        self.environment.update({"CELLS": f"--nodes=2 {options}", "GRAPH": f"--nodes=4 {options}",
                                 "LABELS": f"--nodes=1 {options}"})
        jobs = self.slurm(os.path.join(JOBS, "pipeline.sh"), config).split()
        self.assertEqual(len(jobs), 3)
        for job in jobs:
            self.assertEqual(self.wait_for(job), "COMPLETED", self.log(job))
        self.assertEqual([start["ranks"] for start in self.starts()], [2, 4, 1])
        self.assert_undisturbed()

        draws = os.path.join(self.directory, "draws")
        with open(draws, "w", encoding="utf-8") as file:
            file.write("--ensemble.folds 2\n--ensemble.folds 0\n")
        job = self.sbatch("--array=1-2", "--nodes=1", os.path.join(JOBS, "array-seeds.sbatch"), draws, config)
        for task in ("1", "2"):
            self.assertEqual(self.wait_for(f"{job}_{task}"), "COMPLETED")
            path = os.path.join(self.directory, "run", f"array-{task}")
            with open(os.path.join(path, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
            self.assertEqual(manifest["configuration"]["ensemble.folds"], {"1": "2", "2": "0"}[task])
            self.assertTrue(os.path.samefile(os.path.join(path, "graph", "knn-00000.h5"),
                                             os.path.join(self.directory, "run", "graph", "knn-00000.h5")))
        self.assert_undisturbed()

    def test_scaling_in_one_table(self):
        config = self.configure()
        table = os.path.join(self.directory, "scaling.csv")
        job = self.sbatch("--array=0-2", "--nodes=4", "--ntasks-per-node=1", f"--output={self.directory}/scaling-%a.log",
                          os.path.join(JOBS, "scaling.sbatch"), table, "strong", config)
        for task in range(3):
            state = self.wait_for(f"{job}_{task}")
            with open(os.path.join(self.directory, f"scaling-{task}.log"), encoding="utf-8") as file:
                self.assertEqual(state, "COMPLETED", file.read())
        with open(table, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sorted({(int(row["nodes"]), int(row["ranks"])) for row in rows}), [(1, 1), (2, 2), (4, 4)])
        self.assertEqual(len(rows), 3 * 10)
        self.assertEqual({row["items"] for row in rows}, {"900"})


if __name__ == "__main__":
    unittest.main()
