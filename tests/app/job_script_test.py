"""label.sbatch keeps a signal whenever it comes. Its srun, scontrol and program are stand-ins, so that each moment can be had."""
import os
import signal
import subprocess
import time
import unittest

import kith_runner as kith

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JOB = os.path.join(ROOT, "jobs", "slurm", "label.sbatch")

SRUN = """#!/usr/bin/env bash
while [[ $1 == --* ]]; do shift; done
exec "$@"
"""

# The requeue ends the script.
SCONTROL = """#!/usr/bin/env bash
echo "$@" > queued
kill -TERM $PPID
"""

# `config` stands still until `go` is there; `run` drops the first signal, as srun does while it starts, and obeys the next.
PROGRAM = """#!/usr/bin/env bash
if [ "$1" = config ]; then
  touch preparing
  until [ -e go ]; do sleep 0.05; done
  echo "run.directory=$PWD/run"
  exit
fi
[ -e obedient ] || exit 75
trap 'touch dropped' USR1
touch started
until [ -e dropped ]; do sleep 0.05; done
trap 'exit 75' USR1
until false; do sleep 0.05; done
"""


class JobScript(unittest.TestCase):
    def setUp(self):
        holder = kith.temporary_directory()
        self.addCleanup(holder.cleanup)
        self.directory = holder.name
        for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("program", PROGRAM)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(self.path(name), 0o755)

    def path(self, name):
        return os.path.join(self.directory, name)

    def touch(self, name):
        with open(self.path(name), "w", encoding="utf-8"):
            pass

    def start(self):
        environment = {**os.environ, "PATH": self.directory + ":" + os.environ["PATH"], "SLURM_JOB_ID": "7",
                       "KITH": self.path("program"), "KITH_TRIES": "2"}
        process = subprocess.Popen([JOB, "mine.ini"], env=environment, cwd=self.directory, text=True,
                                   stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stderr.close)
        return process

    def wait_for(self, name, process):
        end = time.monotonic() + kith.PATIENCE_S
        while not os.path.exists(self.path(name)):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def signalled(self, number, moment):
        """Runs the script to its end, with a signal once `moment` is there; its status."""
        self.touch("obedient")
        if moment != "preparing":
            self.touch("go")
        process = self.start()
        self.wait_for(moment, process)
        process.send_signal(number)
        self.touch("go")
        return process.wait(timeout=kith.PATIENCE_S)

    def test_usr1_while_it_prepares(self):
        self.signalled(signal.SIGUSR1, "preparing")
        self.assertTrue(os.path.exists(self.path("queued")))

    def test_usr1_while_the_step_starts(self):
        self.signalled(signal.SIGUSR1, "started")
        self.assertTrue(os.path.exists(self.path("queued")))

    def test_term_is_passed_on_and_nothing_is_queued(self):
        self.assertEqual(self.signalled(signal.SIGTERM, "preparing"), 75)
        self.assertFalse(os.path.exists(self.path("queued")))

    def test_starts_without_progress_are_given_up(self):
        self.touch("go")
        self.assertEqual(self.start().wait(timeout=kith.PATIENCE_S), -signal.SIGTERM)
        last = self.start()
        self.assertEqual(last.wait(timeout=kith.PATIENCE_S), 75)
        self.assertIn("2 starts without progress", last.stderr.read())


if __name__ == "__main__":
    unittest.main()
