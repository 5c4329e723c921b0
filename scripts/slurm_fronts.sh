#!/usr/bin/env bash
# Fronts of many machines on a SLURM cluster: sbatch --array=0-9 scripts/slurm_fronts.sh OUT MACHINE.toml...
# One machine a task; a task that is killed or requeued goes on from its last finished round. See docs/cluster.md.
#SBATCH --job-name=qtopt-fronts
#SBATCH --cpus-per-task=8
#SBATCH --time=00:30:00
#SBATCH --requeue
##SBATCH --gpus=1
set -euo pipefail
out=$1
shift
machines=("$@")
machine=${machines[${SLURM_ARRAY_TASK_ID:-0}]}
export QTOPT_CACHE_DIR=${QTOPT_CACHE_DIR:-$out/.cache}
qtopt pareto "$machine" --out "$out/$(basename "$machine" .toml)" --resume
