"""The small model that ships with the package: its sizes, lengths and recipe, and the student that makes drafts.

It is a real model of the Wan architecture (TI2V layout, expand_timesteps) that this project
trained; the numbers are those of its configuration files and of the way it was trained.
"""

from __future__ import annotations

from wan_sdk.models.model import Distilled, Model, Network

NANO = Model(
    key="nano",
    repo="nano",
    title="Wan nano",
    tasks=("t2v", "i2v", "v2v"),
    layout="ti2v",
    runnable=True,
    parameters=9_088_992,
    weights_gb=0.042,
    network=Network(width=288, feedforward=640, layers=8),
    vae="nano",
    sizes=((320, 192), (192, 320), (240, 240), (160, 96)),
    size_follows_image=False,
    align=16,
    frames=25,
    frames_allowed=(13, 49),
    frames_listed=(13, 25, 49),
    fps=12.0,
    steps=12,
    guidance=(2.5,),
    flow_shift=3.0,
    boundary=None,
    sampler="unipc",
    negative="",
    text_tokens=64,
    licence="Apache-2.0",
    download_gb=0.0,
    source="wan_sdk/nano/weights: the configuration files and the training recipe of this project",
    delivered_lines=288,
    upscaler=True,
    draft=Distilled("transformer_4step", steps=4, guidance=1.0, flow_shift=3.0, sampler="dpm1"),
    sizes_of_one_length=((192, 320), (240, 240), (160, 96)),
    sizes_only=True,
    # With more, colours grow pale in few steps; with none, of 36 clips 4 lost their camera instead of 3.
    restyle_guidance=1.5,
)
