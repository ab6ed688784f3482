#!/usr/bin/env bash
# From nothing to labels: installs what is missing, builds, makes a corpus of 70,000 images of which ten a
# class are labeled, labels the rest on two MPI ranks and says how well that went. Run again: only what has
# changed is done again.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release
cmake --build --preset release --target kith

# Debian's own Python: it is the one that its h5py belongs to.
/usr/bin/python3 scripts/make_fashion_corpus.py data/fashion.h5

# shellcheck source=scripts/mpi_env.sh
. scripts/mpi_env.sh
mpirun -q -n 2 build/release/src/app/kith run -c configs/fashion.ini
