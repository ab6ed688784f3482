#!/usr/bin/python3
"""Runs clang-tidy on modules, each as one source that includes all of its sources: headers are parsed once a module.

  scripts/check_tidy.py BUILD MODULE...

BUILD has compile_commands.json. Exit status: 0 nothing found, 1 something found, 77 clang-tidy is not installed."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# exception-escape takes the moves of JSON values for ones that throw.
CHECKS = ("-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-exception-escape,readability-function-size,"
          "readability-function-cognitive-complexity")
OPTIONS = {"readability-function-size.LineThreshold": 60, "readability-function-size.ParameterThreshold": 8,
           "readability-function-cognitive-complexity.Threshold": 25,
           "readability-function-cognitive-complexity.IgnoreMacros": True}
CONFIG = json.dumps({"Checks": CHECKS, "WarningsAsErrors": "*",
                     "CheckOptions": [{"key": key, "value": str(value)} for key, value in OPTIONS.items()]})


def flags_of(build, module):
    """Of the first source of the module: all of a module are compiled alike."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    of_module = next(entry for entry in commands if f"/kith_{module}.dir/" in entry["command"])
    words = shlex.split(of_module["command"])
    return [word for i, word in enumerate(words)
            if word.startswith(("-D", "-I", "-std", "-fopenmp")) or word == "-isystem" or words[i - 1] == "-isystem"]


def check(build, module):
    folder = os.path.join(build, "tidy")
    os.makedirs(folder, exist_ok=True)
    joined = os.path.join(folder, module + ".cpp")
    sources = [path for path in sorted((ROOT / "src" / module).rglob("*.cpp"))
               if "hwy/foreach_target.h" not in path.read_text(encoding="utf-8")]  # these include themselves
    with open(joined, "w", encoding="utf-8") as file:
        file.writelines(f'#include "{source}"  // NOLINT\n' for source in sources)
    done = subprocess.run(["clang-tidy", "--quiet", f"--config={CONFIG}", f"--header-filter=/{module}/", joined, "--",
                           *flags_of(build, module), "-Wno-everything"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + (done.stderr if "error" in done.stderr else "")


def main():
    if shutil.which("clang-tidy") is None:
        print("clang-tidy is not installed")
        return 77
    build, modules = sys.argv[1], sys.argv[2:]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(lambda module: check(build, module), modules))
    print("\n".join(text for _, text in found))
    return 1 if any(status != 0 for status, _ in found) else 0


if __name__ == "__main__":
    sys.exit(main())
