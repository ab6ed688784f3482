#!/usr/bin/env bash
# The whole test suite from a fresh clone: installs what is missing, builds, runs every ctest.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
# The release build's code, without the debugging information, which takes a third of the time to compile.
cmake --preset release -B build/test -DKITH_WERROR=ON -DKITH_UNITY=ON -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O2 -DNDEBUG"
cmake --build build/test
ctest --test-dir build/test --output-on-failure --no-tests=error -j 2
