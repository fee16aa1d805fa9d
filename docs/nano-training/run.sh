#!/bin/bash
# Train nano on the GPUs of this machine, in one sequence:
#
#     bash docs/nano-training/run.sh FOLDER VAE_SECONDS TRANSFORMER_SECONDS [FOUR_STEP_SECONDS [JUDGE_SECONDS]]
#
# The seconds say when each stage stops, counted from the start of this script, compiling included. All stages start at
# once and wait for what they need; - leaves one out. FOUR_STEP_LATER=250 starts the student so many seconds later, so that
# fewer compilers crowd the processor. A judge of 220 seconds on two H100 got to 9 steps: compiling took the rest.
# FROM=wan_sdk/nano/weights learns on from a finished nano instead of from noise; its VAE is kept if that stage is left out.
# VAE_FROM=wan_sdk/nano/weights keeps that VAE and takes all else from noise.
# OPTIONS="--shapes 25x96x160" trains the transformer at some of its shapes, "--batch-part 2" with half the memory;
# OPTIONS=--tiny tries the sequence on a CPU. UPSCALER_MINUTES=- leaves the upscaler out.
set -u
FOLDER=$1 VAE=$2 TRANSFORMER=$3 FOUR_STEP=${4:--} JUDGE=${5:--}
BEGAN=$(date +%s)
GPUS=${GPUS:-$(python3 -c 'import torch; print(max(1, torch.cuda.device_count()))')}
export CARDS=${CUDA_VISIBLE_DEVICES:-$(seq -s, 0 $((GPUS - 1)))}
OPTIONS="${OPTIONS:-} --out $FOLDER ${FROM:+--from $FROM}"
export TORCHINDUCTOR_FX_GRAPH_CACHE=1 TORCHINDUCTOR_AUTOGRAD_CACHE=1
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} TORCHINDUCTOR_COMPILE_THREADS=8 TORCHINDUCTOR_CACHE_DIR=$FOLDER/compiled
export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
export GLOO_SOCKET_IFNAME=lo NCCL_SOCKET_IFNAME=lo PYTHONUNBUFFERED=1
mkdir -p "$FOLDER"

stage() {  # stage NAME SECONDS: a process a GPU, each of which sees its own alone, so that they share what is compiled
  [ "$2" = - ] && return
  python3 -m torch.distributed.run --standalone --nproc-per-node "$GPUS" --no-python \
    bash -c 'CUDA_VISIBLE_DEVICES=$(cut -d, -f$((LOCAL_RANK + 1)) <<< "$CARDS") exec python3 -m wan_sdk.nano.train "$@"' - "$1" \
    --minutes 60 --deadline $((BEGAN + $2)) $OPTIONS > "$FOLDER/$1.txt" 2>&1
}

alone() {  # alone NAME MINUTES: one process, on the last GPU
  [ "$2" = - ] && return
  CUDA_VISIBLE_DEVICES=$(cut -d, -f"$GPUS" <<< "$CARDS") python3 -m wan_sdk.nano.train "$1" --minutes "$2" $OPTIONS \
    > "$FOLDER/$1.txt" 2>&1
}

if [ -z "${FROM:-}" ]; then
  alone text "${TEXT_MINUTES:-1.5}" &
fi
VAE_FROM=${VAE_FROM:-${FROM:-}}
if [ "$VAE" = - ] && [ -n "$VAE_FROM" ]; then
  mkdir -p "$FOLDER/vae" && cp -r "$VAE_FROM/vae" "$FOLDER/vae/" && echo '{"finished": true}' > "$FOLDER/vae/log.json"
fi
stage vae "$VAE" &
stage judge "$JUDGE" &
stage transformer "$TRANSFORMER" &
alone upscaler "${UPSCALER_MINUTES:-1}" &
(sleep "${FOUR_STEP_LATER:-0}"; stage four_step "$FOUR_STEP") &
wait
