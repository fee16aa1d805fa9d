#!/bin/bash
# Train nano on the one or two GPUs of this machine, in one sequence:
#
#     bash docs/nano-training/run.sh FOLDER [VAE_SECONDS [TRANSFORMER_SECONDS [FOUR_STEP_SECONDS]]]
#
# The seconds say when each stage stops, counted from the start of this script, compiling included.
# All stages start at once and wait for what they need: while the VAE trains, the others have already compiled.
# Leave FOUR_STEP_SECONDS out to train the four-step transformer later, by the last command here.
set -u
OUT=$1 VAE=${2:-620} TRANSFORMER=${3:-1480} FOUR_STEP=${4:-}
START=$(date +%s)
GPUS=${GPUS:-$(python3 -c 'import torch; print(max(1, torch.cuda.device_count()))')}
OPTIONS=${OPTIONS:-}  # --tiny, to try the sequence on a CPU
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} TORCHINDUCTOR_COMPILE_THREADS=8 TORCHINDUCTOR_CACHE_DIR=$OUT/compiled
export GLOO_SOCKET_IFNAME=lo NCCL_SOCKET_IFNAME=lo PYTHONUNBUFFERED=1
mkdir -p "$OUT"
SHARED="python3 -m torch.distributed.run --standalone --nproc-per-node $GPUS -m wan_sdk.nano.train $OPTIONS"

CUDA_VISIBLE_DEVICES=$((GPUS - 1)) python3 -m wan_sdk.nano.train $OPTIONS text --minutes ${TEXT_MINUTES:-1.5} --out "$OUT" \
  > "$OUT/text.txt" 2>&1 &
$SHARED vae --minutes 60 --deadline $((START + VAE)) --out "$OUT" > "$OUT/vae.txt" 2>&1 &
$SHARED transformer --minutes 60 --deadline $((START + TRANSFORMER)) --out "$OUT" > "$OUT/transformer.txt" 2>&1 &
if [ -n "$FOUR_STEP" ]; then
  $SHARED four_step --minutes 60 --deadline $((START + FOUR_STEP)) --out "$OUT" > "$OUT/four_step.txt" 2>&1 &
fi
wait
