#!/usr/bin/env bash
# One large front or map on several nodes: sbatch scripts/slurm_cluster.sh pareto|scan MACHINE.toml OUT
# The job's own scheduler shares the work among workers, one for each task; see docs/cluster.md. A worker that
# dies loses its running chunk only, and the job goes on where it was when it is requeued or submitted again.
#SBATCH --job-name=qtopt
#SBATCH --ntasks=8
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=01:00:00
#SBATCH --requeue
##SBATCH --gpus-per-task=1
set -euo pipefail
command=$1 machine=$2 out=$3
mkdir -p "$out"
file=$out/.scheduler.json
rm -f "$file"
export QTOPT_CACHE_DIR=${QTOPT_CACHE_DIR:-$out/.cache} # compiled programs, shared by all workers
export DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=2 # of three workers, then a chunk is given up
worker=(dask worker --scheduler-file "$file" --nthreads "${SLURM_CPUS_PER_TASK:-1}" --no-dashboard)

started=()
trap 'kill "${started[@]}" 2>/dev/null || true' EXIT
dask scheduler --scheduler-file "$file" --port 0 --no-dashboard 2>"$out/scheduler.log" &
started+=($!)
if [ -n "${SLURM_JOB_ID:-}" ]; then
  srun --kill-on-bad-exit=0 "${worker[@]}" 2>"$out/workers.log" &
  started+=($!)
else # without SLURM: as many workers here
  for ((k = 1; k <= ${TASKS:-2}; k++)); do
    "${worker[@]}" --local-directory "${TMPDIR:-/tmp}" 2>"$out/worker-$k.log" &
    started+=($!)
  done
fi
until [ -s "$file" ]; do sleep 0.2; done
qtopt "$command" "$machine" --out "$out" --resume --cluster "$file"
