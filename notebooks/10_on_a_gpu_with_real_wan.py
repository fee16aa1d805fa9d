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
# # 10 On a GPU with real Wan
#
# **You need**: this package. The planning part runs anywhere in seconds. For the clip at the end: an NVIDIA GPU with
# 48 GB or more, and a download of 34 GB that you start yourself. Without them the cells that need a GPU say that they
# are passed over.
#
# **One idea**: the same shot renders on another model by naming it. What changes is in the plan: frames, size, time,
# memory. So look at the plan before you spend anything.
#
# ## What there is
#
# Nothing is ever downloaded unasked. `wan-sdk models list` shows the same table in a terminal.

# %%
from wan_sdk import Shot, Studio, models

for model in models.catalogue():
    if model.runnable:
        size = "x".join(map(str, model.sizes[0]))
        print(f"{model.key:<22} {' '.join(model.tasks):<14} {size:>9}  {model.download_gb:6.1f} GB  {model.licence}")

# %% [markdown]
# ## The same shot, two models
#
# The plan needs no weights. Sizes and lengths snap to what a model was trained for, and each change is named. The
# time is an estimate for *this* machine; without a GPU it is a good reason not to try.

# %%
shot = Shot("a lighthouse in fog at dawn, waves break on the rocks", seconds=5, size="720p")
shot.with_size(None).with_seconds(2).with_model("nano").plan()

# %%
studio = Studio("wan2.2-ti2v-5b")
plan = studio.plan(shot)
plan

# %% [markdown]
# ## Where the work comes from
#
# A 5 second clip at 720p is a long row of *tokens* for the network, and in attention every token looks at every
# other. Count them: latents are 16 times smaller in height and width for this model and 4 times in time, and the
# network reads patches of 2x2 latents.

# %%
call = plan.calls[0]
tokens = call.latent_frames * (call.height // 32) * (call.width // 32)
print(f"{call.num_frames} frames of {call.width}x{call.height} are {tokens:,} tokens")
print(f"pairs that look at each other, in each layer and pass: {tokens**2:.1e}")

# %% [markdown]
# ## Is there a GPU, and are the weights here?

# %%
import torch

from wan_sdk.errors import ModelNotHere

has_gpu = torch.cuda.is_available()
if has_gpu:
    print(f"{torch.cuda.get_device_name()}, {torch.cuda.get_device_properties(0).total_memory / 1e9:.0f} GB")
else:
    print("There is no NVIDIA GPU here: the next cell is passed over. Everything else has run.")

# %% [markdown]
# To get the weights, run this in a terminal, once: `wan-sdk models fetch wan2.2-ti2v-5b`. They go into the Hugging
# Face cache, and after that no network is needed.

# %%
if has_gpu:
    try:
        take = studio.render(shot)
        display(take, take.verify())  # noqa: F821 - display is always there in a notebook
        studio.unload()  # gives the memory back
    except ModelNotHere as problem:
        print(f"Passed over: {problem}\nTo get it: {problem.hint}")
else:
    print("Passed over: no GPU.")

# %% [markdown]
# ## Try cheaply, then render
#
# Noise means the same at every number of steps, but not at another size. So look for a good seed at the full size
# with few steps, and only then spend the full number on the one you choose.

# %%
search = shot.with_steps(12).sweep(seed=range(4))
final = shot.with_seed(2)
print(f"four tries: {studio.plan(search).seconds / 60:,.0f} minutes here")
print(f"the final:  {studio.plan(final).seconds / 60:,.0f} minutes here")

# %% [markdown]
# ## Exercise
#
# Your card has **24 GB**. Choose a text-to-video model of the catalogue, other than nano, whose plan for `small_shot`
# fits into it with everything resident, and write its name down as `my_model`. Then give `small_shot` more `seconds`
# or another size, and see whether that moves the memory much.

# %%
small_shot = Shot("a lighthouse in fog at dawn", seconds=2)
my_model = "wan2.1-t2v-1.3b"  # the answer; put your own here

# %%
chosen = models.get(my_model)
assert my_model != "nano", "nano fits everywhere; choose another"
assert chosen.runnable and "t2v" in chosen.tasks, "it makes clips from text"
needed = Studio(my_model).plan(small_shot).memory_gb
assert needed < 24, f"{my_model} needs {needed:.0f} GB"
fitting = [m.key for m in models.catalogue() if m.runnable and "t2v" in m.tasks and m.key != "nano"]
fitting = [key for key in fitting if Studio(key).plan(small_shot).memory_gb < 24]
assert my_model in fitting
print(f"Right: {my_model} needs about {needed:.0f} GB. All that fit: {', '.join(fitting)}.")
