#!/usr/bin/env bash
# The pipeline as three dependent jobs of different sizes, each of which queues itself again as label.sbatch does:
#   jobs/slurm/pipeline.sh mine.ini [--key value ...]
# Reading and cells want bandwidth, the graph wants cores, propagation wants memory. Prints the job numbers.
set -euo pipefail

# -- What depends on the cluster and the corpus: options of sbatch.
CELLS=${CELLS:---nodes=2 --ntasks-per-node=2 --cpus-per-task=1 --time=2:00:00}
GRAPH=${GRAPH:---nodes=4 --ntasks-per-node=2 --cpus-per-task=1 --time=12:00:00}
LABELS=${LABELS:---nodes=2 --ntasks-per-node=2 --cpus-per-task=1 --time=4:00:00}

[ $# -ge 1 ] || { echo "usage: pipeline.sh CONFIG.ini [--key value ...]" >&2; exit 1; }
job=$(dirname "$0")/label.sbatch

submit() { # submit COMMAND DEPENDENCY OPTIONS-OF-SBATCH ARGUMENTS...
  local command=$1 after=$2 options=$3
  shift 3
  # shellcheck disable=SC2086  # lists of words
  KITH_COMMAND=$command sbatch --parsable --job-name="kith-$command" $after --kill-on-invalid-dep=yes $options "$job" "$@"
}
cells=$(submit cells "" "$CELLS" "$@")
graph=$(submit graph "--dependency=afterok:$cells" "$GRAPH" "$@")
labels=$(submit run "--dependency=afterok:$graph" "$LABELS" "$@")
echo "$cells $graph $labels"
