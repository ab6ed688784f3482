#!/usr/bin/env bash
# The whole test suite from a fresh clone: installs what is missing, builds, runs every ctest.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release -B build/test -DKITH_WERROR=ON
cmake --build build/test
ctest --test-dir build/test --output-on-failure --no-tests=error -j 2
