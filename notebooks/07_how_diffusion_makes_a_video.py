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
# # 07 How diffusion makes a video
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: the model never draws. It looks at a noisy clip and says which part of it is noise. Taking a little of
# that noise away, again and again, ends in a clip.
#
# `xray.look` renders a shot once and keeps what every step was like. The words are those whose attention we want to
# see. The clip is small, so that looking at everything stays quick.

# %%
from wan_sdk import Shot, Size
from wan_sdk.notebook import xray

shot = Shot("a red ball on green grass", seconds=2, size=Size(160, 96))
trace = xray.look(shot, words=["ball", "grass"])
trace

# %% [markdown]
# ## From noise to a clip
#
# The first picture shows what each step *starts from*, the second what the model *thinks the finished clip is* at
# that step. Large shapes are settled early, details late.

# %%
trace.noise()

# %%
trace.strip()

# %% [markdown]
# ## The arithmetic, by hand
#
# Let `z` be a clean clip and `n` noise of the same shape. A clip at noise level `s` is their mix
#
# $$x = (1 - s)\,z + s\,n .$$
#
# The model is trained to answer the *velocity* $v = n - z$. With $x$ and $v$ known, the clean clip follows, and so
# does the mix at any other level: move along $v$ by the difference of the levels.

# %%
import numpy as np

random = np.random.default_rng(0)
z, n, s = random.normal(size=(16, 7, 12, 20)), random.normal(size=(16, 7, 12, 20)), 0.7
x, v = (1 - s) * z + s * n, n - z
assert np.allclose(x - s * v, z), "one long step all the way to level 0"
assert np.allclose(x + (0.5 - s) * v, 0.5 * z + 0.5 * n), "a step from level 0.7 to level 0.5"

# %% [markdown]
# If the model's answer were perfect, one step would do. It is a guess, an average over all clips that fit what can be
# seen through the noise, so the steps are short and the guess is made anew each time.
#
# ## The row of noise levels
#
# Steps need not be equal. *Shift* spends more of them where there is much noise, where the picture is decided. Large
# pictures need more of it, because neighbouring pixels tell much the same and together see through more noise.

# %%
trace.schedule()

# %%
picture = xray.schedule("nano", steps=12, shifts=[1, 3, 8])
picture

# %% [markdown]
# ## Two experts
#
# Wan 2.2 A14B has two networks: one for much noise, one for little. The schedule alone says where one hands over to
# the other; no weights are needed for this drawing.

# %%
xray.schedule("wan2.2-t2v-a14b", shifts=[1, 5, 12])

# %% [markdown]
# ## What guidance adds
#
# In each step the model answers twice, with the prompt and without. *Guidance* goes further along the difference,
# away from what would be there anyway. Lesson 08 turns this knob.

# %%
trace.guidance()

# %% [markdown]
# ## Which words are heard where
#
# Every place of the picture asks the words of the prompt which of them concern it, in every block of the network.
# Bright is where a word gets most of that attention. Attention shows what was looked at; it does not prove why.

# %%
trace.attention("ball")

# %%
trace.attention("grass")

# %% [markdown]
# ## The space it works in
#
# All of this happens in *latents*, not pixels. The VAE squeezes a clip into far fewer numbers, and loses a little.

# %%
xray.vae(shot.render())

# %% [markdown]
# ## Exercise
#
# Shift moves a noise level `s` to
#
# $$s' = \frac{k\,s}{1 + (k - 1)\,s}$$
#
# for a shift of `k`. Write `shifted(s, k)`. The last cell applies it to the schedule with shift 1 and compares it
# with the ones that the sampler uses. Then answer with `my_share`: the noise level that a shift of 3 makes of 0.5.


# %%
def shifted(s, k):  # the answer; put your own here
    """Return the noise level that a shift of k makes of s."""
    return k * s / (1 + (k - 1) * s)


my_share = 0.75

# %%
levels = np.array([[float(value) for value in row[1:]] for row in picture.table[1:]])
plain, by_three, by_eight = levels.T
assert np.abs(shifted(plain, 3) - by_three).max() < 0.003, "compare with the formula above"
assert np.abs(shifted(plain, 8) - by_eight).max() < 0.003, "k is the shift; it must not be a constant"
assert np.isclose(my_share, 3 * 0.5 / (1 + 2 * 0.5)), "put s = 0.5 and k = 3 into the formula"
sigmas = [step.sigma for step in trace.inside.steps]
assert sigmas == sorted(sigmas, reverse=True) and len(sigmas) == 12
print("Right.")
