#!/usr/bin/env bash
# Workers as a job array, for a scheduler that runs already: sbatch --array=1-40 scripts/slurm_workers.sh FILE.json
# Start the scheduler with `dask scheduler --scheduler-file FILE.json` where all nodes see the file, and qtopt with
# --cluster FILE.json. Workers may come and go at any time. See docs/cluster.md.
#SBATCH --job-name=qtopt-worker
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=01:00:00
##SBATCH --gpus=1
set -euo pipefail
exec dask worker --scheduler-file "$1" --nthreads "${SLURM_CPUS_PER_TASK:-1}" --no-dashboard \
  --lifetime "${LIFETIME:-55m}" --lifetime-stagger 2m # ends by itself before its time is over
