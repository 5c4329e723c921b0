#!/usr/bin/env bash
# One large front on several nodes: sbatch scripts/slurm_front_distributed.sh MACHINE.toml OUT
# The tasks search together (jax.distributed) and the first writes OUT. Where one dies all end, and the search
# goes on from its last finished round, here or when the job is submitted again. See docs/cluster.md.
#SBATCH --job-name=qtopt-front
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00
#SBATCH --requeue
##SBATCH --gpus-per-node=4 --ntasks-per-node=4
set -euo pipefail
machine=$1 out=$2
export QTOPT_CACHE_DIR=${QTOPT_CACHE_DIR:-$out/.cache} # compiled programs, shared by all tasks

together() { # the exit status of one that failed, if any did
  if [ -n "${SLURM_JOB_ID:-}" ]; then
    srun --kill-on-bad-exit=0 qtopt "$@" --distributed auto
  else # without SLURM: as many processes here
    local tasks=${TASKS:-2} status=0 started=() k
    for ((k = 1; k <= tasks; k++)); do
      qtopt "$@" --distributed "127.0.0.1:${PORT:-47800},$k/$tasks" &
      started+=($!)
    done
    for k in "${started[@]}"; do wait "$k" || status=$?; done
    return "$status"
  fi
}

for attempt in 1 2 3; do
  status=0
  together pareto "$machine" --out "$out" --resume || status=$?
  if [ "$status" -eq 0 ] || [ "$status" -eq 2 ]; then break; fi # done, or bad input
done
exit "$status"
