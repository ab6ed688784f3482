"""jobs/slurm/label.sbatch on a real Slurm of three nodes on this machine."""
import os
import shutil
import subprocess
import time
import unittest

import kith_runner as kith

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANDBOX = os.path.join(ROOT, "scripts", "slurm_sandbox.sh")
JOB = os.path.join(ROOT, "jobs", "slurm", "label.sbatch")


def why_not():
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    missing = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name) is None]
    return f"{missing} not installed" if missing else None


@unittest.skipIf(why_not(), why_not())
class Slurm(unittest.TestCase):
    def setUp(self):
        self.holder = kith.temporary_directory()
        self.directory = self.holder.name
        os.chmod(self.directory, 0o755)
        self.sandbox = os.path.join(self.directory, "s")
        self.environment = {**kith.environment(1), "SLURM_SANDBOX_PORT": str(20000 + os.getpid() % 20000)}
        up = subprocess.run([SANDBOX, "up", self.sandbox, "3", "2"], env=self.environment, text=True,
                            capture_output=True, check=False)
        self.addCleanup(self.holder.cleanup)
        self.addCleanup(subprocess.run, [SANDBOX, "down", self.sandbox], env=self.environment,
                        capture_output=True, check=False)
        self.assertEqual(up.returncode, 0, up.stderr)
        exports = subprocess.run([SANDBOX, "env", self.sandbox], env=self.environment, text=True,
                                 capture_output=True, check=True).stdout
        for word in exports.replace("export ", "").split():
            key, value = word.split("=", 1)
            self.environment[key] = value

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

    def test_a_job_over_three_nodes_gives_the_bytes_of_one_process(self):
        kith.Blobs().write(os.path.join(self.directory, "corpus.h5"))
        config = kith.ini(self.directory)
        self.environment["KITH"] = kith.KITH
        job = self.slurm("sbatch", "--parsable", "--nodes=3", "--ntasks-per-node=1", "--time=5",
                         f"--output={self.directory}/job.log", JOB, config)

        state = self.wait_for(job, 90)

        with open(os.path.join(self.directory, "job.log"), encoding="utf-8") as file:
            log = file.read()
        self.assertEqual(state, "COMPLETED", log)
        self.assertIn("ranks=3", log)
        of_job = kith.digest(os.path.join(self.directory, "run", "labels.h5"))
        os.rename(os.path.join(self.directory, "run"), os.path.join(self.directory, "run_of_job"))
        self.assertEqual(kith.run(["run", "-c", config], 1).returncode, 0)
        self.assertEqual(kith.digest(os.path.join(self.directory, "run", "labels.h5")), of_job)


if __name__ == "__main__":
    unittest.main()
