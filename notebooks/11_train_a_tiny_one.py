# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 Train a tiny one yourself
#
# **You need**: this package, a laptop, three minutes. No GPU, no download.
#
# **One idea**: a video model is three networks, trained one after the other: one that reads (the text encoder), one
# that squeezes (the VAE), one that removes noise (the transformer). The same code trained `nano`, on GPUs.
# Here the code runs in a tiny setting, under a minute a stage, in a tiny world: one subject, two cameras. The clips
# will be blurred blobs; what you see is how training goes.
#
# ## The world it learns from
#
# Clips are drawn by formulas, so there is no data set, only seeds, and every clip knows what is in it. The world of
# `nano` has 18 subjects and nine ways to move the camera; what is learned in a minute is much smaller. Ours has a ball,
# alone, in the plain style, and a camera that pans or zooms; its colour, its place and what it does still differ. Let
# us draw a clip for each camera, and the captions that go with them.

# %%
import random

import mediapy
import numpy as np

from wan_sdk.nano.language.captions import caption
from wan_sdk.nano.world import build, render, sample

words = random.Random(0)  # noqa: S311 - a seed, not a secret
world = {"subject": "ball", "style": "plain", "companion": None}
cameras = ["pan", "zoom"]
for camera in cameras:
    drawn = sample(np.random.default_rng(3), 1, camera=camera, **world)
    clips = render(build(drawn, frames=9), 96, 160)  # [clips, colours, frames, height, width], -1 to 1
    print(caption(words, drawn, 0))
    mediapy.show_images([(clips[0, :, t].permute(1, 2, 0).numpy() + 1) / 2 for t in (0, 4, 8)], width=200)

# %% [markdown]
# ## Stage 1: reading
#
# The text encoder turns a caption into vectors. It learns by being asked what the caption says: which subject, which
# colour, which camera. `--fixed` says what is the same in all clips: it makes the world small for every stage.

# %%
from pathlib import Path

from transformers.utils.logging import disable_progress_bar

from wan_sdk.nano import train

disable_progress_bar()  # the library's own bars do not survive in a saved notebook
folder = Path("lesson_files/training")
common = ["--tiny", "--out", str(folder), "--fixed", "subject=ball", "style=plain", "companion=none", "camera=pan,zoom"]
train.main(["text", "--minutes", "0.1", *common])

# %% [markdown]
# ## Stage 2: squeezing
#
# The VAE learns to turn clips into far fewer numbers, the latents, and back. What it loses, no later stage can bring
# back.

# %%
train.main(["vae", "--minutes", "0.6", *common])

# %% [markdown]
# ## Stage 3: removing noise
#
# Clean latents `z` and noise `n` are mixed at a random level `s`: `x = (1 - s) z + s n`. The transformer sees `x`,
# `s` and the caption and is asked for `n - z` (lesson 07). One time in ten the caption is left out, so that guidance
# can work. At the start it answers zero everywhere, and its mean squared error is about 2: the variance of `n` plus
# that of `z`.

# %%
train.main(["transformer", "--minutes", "0.4", *common])

# %% [markdown]
# ## What the logs say
#
# Every stage keeps its losses, its versions, and a hash of every file it wrote.

# %%
import json


def log_of(stage):
    """Return what a stage wrote down."""
    return json.loads((folder / stage / "log.json").read_text())


for stage, loss, untrained in (("text", "loss", None), ("vae", "l1", 0.5), ("transformer", "loss", 2.0)):
    rows = log_of(stage)["rows"]
    start = f"untrained about {untrained}, " if untrained else ""
    print(f"{stage:<12} {rows[-1]['step']:>5} steps: {start}{loss} {rows[0][loss]:.3f} -> {rows[-1][loss]:.3f}")
print("the VAE on clips that it never saw:", log_of("vae")["native_held_out_psnr_db"], "dB")
print("the world of all three:", log_of("transformer")["runs"][0]["fixed"])

# %% [markdown]
# ## Use it as a model
#
# `export` writes one folder in the format of diffusers. `models.at` describes such a folder of your own, and a studio
# renders with it: planned, marked and signed like everything else. Ours has neither nano's student for drafts nor its
# upscaler; frames of 48x32 are enlarged with Lanczos' filter, nine times, until they are large enough for the marks.

# %%
from wan_sdk import Shot, Studio, models

train.main(["export", *common])
mine = models.at(
    folder / "nano", like="nano", key="my-tiny", sizes=((48, 32),), frames=5, frames_allowed=(5, 5),
    frames_listed=(5,), draft=None, upscaler=False,
)  # fmt: skip
take = Studio(mine).render(Shot("a red ball on the beach"))
print(take)
mediapy.show_images(list(take.frames[::2]), width=200)

# %% [markdown]
# A minute does not make a video model; `nano` learned from some millions of samples, and the large models from
# far more. On a machine with a GPU the same commands without `--tiny` train nano itself.
#
# ## Exercise
#
# A stage goes on from its own checkpoint. Train the **transformer** for `0.1` minutes more, and read from its log how
# many steps it has now: `my_steps`.

# %%
before = log_of("transformer")
train.main(["transformer", "--minutes", "0.1", *common])  # the answer; put your own here
my_steps = log_of("transformer")["rows"][-1]["step"]

# %%
after = log_of("transformer")
assert len(after["runs"]) > len(before["runs"]), "train the transformer once more, into the same folder"
assert my_steps == after["rows"][-1]["step"] > before["rows"][-1]["step"], "the last row of the log says the steps"
assert after["rows"][-1]["loss"] < 2, "it does better than answering zero everywhere"
assert take.frames.shape[0] == 5 and take.verify().state == "TRUSTED"
print(f"Right: {before['rows'][-1]['step']} steps before, {my_steps} now.")
