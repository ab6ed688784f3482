# shellcheck shell=bash
# Settings for MPI runs on one machine, whoever runs them and however few cores it has. Sourced.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS=1
[ "$(nproc)" -gt 1 ] || export OMPI_MCA_mpi_yield_when_idle=1
