#!/usr/bin/env bash
# A map on a SLURM cluster: sbatch scripts/slurm_scan.sh MACHINE.toml OUT
# Tasks (any number, on any nodes that see OUT) share the chunks; whoever dies loses its running chunk only.
# Submit again after a failure or a time limit: what is done stays done. See docs/cluster.md.
#SBATCH --job-name=qtopt-scan
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --requeue
##SBATCH --gpus-per-task=1
set -euo pipefail
machine=$1 out=$2
export QTOPT_CACHE_DIR=${QTOPT_CACHE_DIR:-$out/.cache} # compiled programs, shared by all tasks

if [ -n "${SLURM_JOB_ID:-}" ]; then
  srun --kill-on-bad-exit=0 bash -c \
    'qtopt scan "$0" --out "$1" --share $((SLURM_PROCID + 1))/$SLURM_NTASKS' "$machine" "$out" || true
else # without SLURM: as many processes here
  for ((k = 1; k <= ${TASKS:-2}; k++)); do
    qtopt scan "$machine" --out "$out" --share "$k/${TASKS:-2}" &
  done
  wait
fi
qtopt scan "$machine" --out "$out" --resume # solves what is missing and writes scan.nc and scan.png
