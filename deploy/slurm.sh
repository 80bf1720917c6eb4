#!/bin/bash
# A training of several workers under Slurm:
#
#   sbatch deploy/slurm.sh --config configs/dps.yaml
#
# from the checkout, on a disk that all nodes share, where `npm run doctor` has set it up (nodes need no network for that then).
# The run is in runs/slurm-JOB. Before the time limit the workers write a checkpoint and the job goes into the queue again.
#SBATCH --job-name=dps
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@90
#SBATCH --requeue
#SBATCH --open-mode=append
# One worker a GPU: --ntasks-per-node=4 --gpus-per-task=1
set -u

# Jobs that share a node have ports of their own.
port=$((20000 + SLURM_JOB_ID % 20000))
workers=()
for host in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
  for ((i = 0; i < ${SLURM_NTASKS_PER_NODE:-1}; i++)); do
    workers+=("\"$host:$((port + i))\"")
  done
done
WORKERS=$(IFS=,; echo "${workers[*]}")
export WORKERS
export TF_NUM_INTRAOP_THREADS=${SLURM_CPUS_PER_TASK:-1}

runs=runs/slurm-$SLURM_JOB_ID
if ls "$runs"/*/checkpoints/step-* >/dev/null 2>&1; then
  set -- --resume latest
fi

# Tasks are numbered node by node (block), as the workers above.
# shellcheck disable=SC2016 # Each task expands this.
srun --distribution=block --cpus-per-task="$TF_NUM_INTRAOP_THREADS" --kill-on-bad-exit=0 bash -c '
  export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]}, \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
  exec node scripts/run.mjs train "$@"' train --runs "$runs" "$@" &
step=$!

timeout=
trap 'timeout=1; kill -TERM "$step"' USR1
wait "$step"
status=$?
# A signal ends the first wait before the step has ended.
if [ -n "$timeout" ]; then
  wait "$step"
fi

# 1 and 2 are mistakes; above 128 a worker was lost, or told to end.
if [ -n "$timeout" ] || [ "$status" -gt 128 ]; then
  if [ "${SLURM_RESTART_COUNT:-0}" -lt 50 ]; then
    scontrol requeue "$SLURM_JOB_ID"
    exit
  fi
fi
exit "$status"
