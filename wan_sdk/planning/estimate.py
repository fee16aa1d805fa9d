"""How long a call takes and how much memory it needs, from the arithmetic of the network.

A forward pass takes its operations divided by the speed of the machine, and besides a time for each layer that does
not depend on how many tokens there are: starting a few dozen operations. Operations are those of the linear layers,
which grow with the tokens, and those of attention, which grow with their square: at 320x192 they are more than half of
nano's, at 160x96 a quarter. Without the time of a layer, what fits one size is a third off at the other.

Sources: floating-point operations of a forward pass follow from the layers (checked against
torch's counter; fused attention counted by hand); activation memory, VAE memory and VAE operations
were measured on the diffusers 0.42.1 classes without weights; seconds on a processor are those of docs/nano.md.
"""

from __future__ import annotations

from wan_sdk.models import Model
from wan_sdk.planning.call import Call, Machine
from wan_sdk.planning.plan import Estimate

# Operations of the VAE for one native pixel of one frame.
DECODE_FLOP = {"wan2.1": 8.6e6, "wan2.2": 18.7e6, "nano": 0.136e6}
ENCODE_FLOP = {"wan2.1": 5.1e6, "wan2.2": 3.6e6, "nano": 0.031e6}
# Of a checkpoint's own upscaler, for one native pixel of one frame: two for each of its 13,692 weights.
UPSCALE_FLOP = 27.4e3
# Memory of the untiled decode in float32 for one pixel of a frame: 8.2 GB at 832x480, 20.7 GB at 1280x704;
# of nano's, in pieces, 0.31 GB at 320x192, its upscaler included.
DECODE_BYTES = {"wan2.1": 20.5e3, "wan2.2": 23.0e3, "nano": 5.1e3}
# Time of one layer of a transformer whatever it is given. With 0.072 TFLOP/s a core (engine/machine.py) it follows from
# the passes of nano on two cores with bf16 units (docs/nano.md): 0.079 s at 420 tokens, 0.35 to 0.38 s at 1680.
# A card starts the next operations while it computes.
LAYER_SECONDS = {"cpu": 3e-3}
# Speed of the decode as a share of that of the denoising. Wan's VAEs run in float32, whose convolutions have about
# 0.3 of the speed of attention in a model's own type, on two CPU cores as on a bf16 accelerator. nano's runs in that
# type: 25 frames take 0.4 s at 160x96 and, with the upscaler, 1.7 to 1.9 s at 320x192 on those cores.
DECODE_SHARE = {"wan2.1": 0.3, "wan2.2": 0.3, "nano": 0.95}
# Marks, encoding and signing on two such cores, whatever the model: 0.6 s for 25 frames of 480x288, 0.8 s for 640x384.
FINISH_SECONDS, FINISH_SECONDS_A_PIXEL = 0.34, 75e-9
# Activations of a token in bfloat16: 49, 83 and 114 kB at widths 1536, 3072 and 5120.
TOKEN_BYTES, TOKEN_BYTES_A_WIDTH = 21e3, 18.2
TEXT_ENCODER_PARAMETERS = {"nano": 0.55e6}
UMT5_PARAMETERS = 5.681e9
PATCH = {"wan2.1": 16, "wan2.2": 32, "nano": 16}


def estimate(call: Call, model: Model, machine: Machine) -> Estimate:
    """Return the time and memory of a call on a machine.

    A step that was measured on the machine wins over the calculation.

    >>> from wan_sdk import models
    >>> from wan_sdk.planning import Machine
    >>> h200 = Machine("cuda", "H200", 141, tflops=400, dtype="bfloat16")
    >>> round(forward_flop(models.get("wan2.2-t2v-a14b"), tokens=32760) / 1e12)
    1678

    Args:
      call: What runs.
      model: Its model.
      machine: Where.
    """
    speed = machine.tflops * 1e12
    step_seconds = _passes(call) * pass_seconds(model, tokens(call, model), machine)
    measured = machine.seconds_per_step.get(model.key)
    if measured is not None:
        step_seconds *= measured / _own_step_seconds(model, machine)
    pixels = call.width * call.height
    vae_flop = pixels * call.num_frames * DECODE_FLOP[model.vae]
    if call.task != "t2v":
        vae_flop += pixels * call.num_frames * ENCODE_FLOP[model.vae]
    if call.enlarged_by == "upscaler":
        vae_flop += pixels * call.num_frames * UPSCALE_FLOP
    text = TEXT_ENCODER_PARAMETERS.get(model.vae, UMT5_PARAMETERS)
    texts = 2 if _guided(call) else 1
    return Estimate(
        text_seconds=texts * 2 * text * call.max_sequence_length / speed,
        denoise_seconds=steps_run(call) * step_seconds,
        decode_seconds=vae_flop / (speed * DECODE_SHARE[model.vae]),
        finish_seconds=finish_seconds(call, call.num_frames),
        memory_gb=_memory_gb(call, model, machine),
        measured=measured is not None,
    )


def finish_seconds(call: Call, frames: int) -> float:
    """Return how long marks, encoding and signing take.

    Args:
      call: Gives the delivered size.
      frames: Of the clip: those of the call, or those of a whole cut.
    """
    width, height = call.delivered_size
    return FINISH_SECONDS + FINISH_SECONDS_A_PIXEL * width * height * frames


def pass_seconds(model: Model, tokens: int, machine: Machine) -> float:
    """Return how long one forward pass of one expert takes.

    Args:
      model: Whose transformer.
      tokens: How many it sees.
      machine: Where.
    """
    started = model.network.layers * LAYER_SECONDS.get(machine.device, 0.0)
    return forward_flop(model, tokens) / (machine.tflops * 1e12) + started


def tokens(call: Call, model: Model) -> int:
    """Return how many tokens the transformer sees: a patch of 16 (5B: 32) pixels, four frames."""
    side = PATCH[model.vae]
    return call.latent_frames * (call.height // side) * (call.width // side)


def forward_flop(model: Model, tokens: int) -> float:
    """Return the operations of one forward pass of one expert.

    Args:
      model: Whose transformer.
      tokens: How many it sees.
    """
    d, f, n, length = model.network.width, model.network.feedforward, model.network.layers, model.text_tokens
    projections = 12 * tokens * d**2 + 4 * length * d**2 + 4 * tokens * d * f
    attention = 4 * tokens**2 * d + 4 * tokens * length * d
    return n * float(projections + attention)


def sigmas(call: Call) -> list[float]:
    """Return the noise level before each step of the whole schedule, 1 first.

    Source: the flow schedule of diffusers' schedulers, ``shift * s / (1 + (shift - 1) * s)``.
    """
    steps = call.num_inference_steps
    evenly = [1 - index * (1 - 1 / 1000) / steps for index in range(steps)]
    return [call.flow_shift * s / (1 + (call.flow_shift - 1) * s) for s in evenly]


def steps_run(call: Call) -> int:
    """Return how many steps are really run: all, or for v2v those from its noise level on."""
    if call.strength is None:
        return call.num_inference_steps
    levels = sigmas(call)
    first = min(range(len(levels)), key=lambda index: abs(levels[index] - (call.strength or 0)))
    return len(levels) - first


def _passes(call: Call) -> float:
    if call.guidance_scale_2 is None or call.boundary_ratio is None:
        return 2.0 if call.guidance_scale > 1 else 1.0
    levels = sigmas(call)[-steps_run(call) :]
    high = sum(level >= call.boundary_ratio for level in levels)
    low = len(levels) - high
    passes = high * (2 if call.guidance_scale > 1 else 1) + low * (2 if call.guidance_scale_2 > 1 else 1)
    return passes / len(levels)


def _guided(call: Call) -> bool:
    return call.guidance_scale > 1 or (call.guidance_scale_2 or 0) > 1


def _own_step_seconds(model: Model, machine: Machine) -> float:
    width, height = model.sizes[0]
    side = PATCH[model.vae]
    own = ((model.frames - 1) // 4 + 1) * (height // side) * (width // side)
    return pass_seconds(model, own, machine) * (2 if max(model.guidance) > 1 else 1)


def _memory_gb(call: Call, model: Model, machine: Machine) -> float:
    width = 2 if machine.dtype == "float32" else 1
    activations = tokens(call, model) * (TOKEN_BYTES + TOKEN_BYTES_A_WIDTH * model.network.width) * width
    decode = call.width * call.height * DECODE_BYTES[model.vae]
    frames = call.num_frames * call.width * call.height * call.enlarge**2 * 3
    return model.weights_gb * width + (max(activations, decode) + frames) / 1e9
