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
# # 05 Restyle a video
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: noise is added to a clip, and the model takes it away again under another prompt. How much noise, the
# *strength*, decides how much may change.
#
# ## A clip to start from
#
# All clips of this lesson are small, which is a sixth of the work: 160x96 is the smallest size that `nano` makes.

# %%
from wan_sdk import Shot, Size

car = Shot("a blue car drives on the road in the city", seconds=2, size=Size(160, 96))
source = car.render()
source

# %% [markdown]
# ## The same clip, painted
#
# Strength 1 starts from nothing but noise and forgets the clip. Near 0 almost nothing changes. The large shapes are
# decided where there is most noise, so a middle strength keeps where things are and changes how they are drawn.

# %%
painting = car.with_look("watercolour").with_seed(1)
little = painting.restyling(source.path, strength=0.5).render()
much = painting.restyling(source.path, strength=0.9).render()
source.compare(little)

# %%
source.compare(much)

# %% [markdown]
# ## Measure it
#
# The mean difference from the source, over all frames, in steps of 0 to 255.

# %%
import numpy as np


def difference(clip, other):
    """Return the mean absolute difference of two clips of the same size, 0 to 255."""
    return float(np.abs(clip.frames.astype(float) - other.frames.astype(float)).mean())


for take in (little, much):
    print(f"strength {take.recipe.calls[0].strength:g}: {difference(take, source):5.1f}")
assert difference(little, source) < difference(much, source)

# %% [markdown]
# ## Strength and steps
#
# Denoising has a fixed row of noise levels, one a step. A restyled clip joins that row where the level has come down
# to the strength. So a small strength runs fewer steps: it is quicker, and the plan warns when next to nothing would
# change.

# %%
for strength in (0.9, 0.6, 0.3, 0.1):
    plan = painting.restyling(source.path, strength=strength).plan()
    print(f"strength {strength}: about {plan.seconds:.1f} s;", *(note.text for note in plan.notes))

# %% [markdown]
# ## Where it came from
#
# The source is written into the credentials as the *parent* of the new clip, with what its own credentials said.

# %%
for ingredient in much.verify().ingredients:
    print(ingredient)

# %% [markdown]
# ## Exercise
#
# Make `my_take`: the source clip at **night**, by a prompt of your own that says so, as a **pencil** drawing, and
# keep it closer to the source than `much` is. Any strength that does it will do.

# %%
my_shot = car.with_prompt("a blue car drives on the road in the city at night").with_look("pencil")  # the answer
my_take = my_shot.restyling(source.path, strength=0.4).render()

# %%
call = my_take.recipe.calls[0]
assert call.task == "v2v", "use restyling(source.path, strength=...)"
assert "night" in call.prompt and "pencil" in call.prompt, "the prompt says night, the look says pencil"
assert difference(my_take, source) < difference(much, source), "less strength keeps more of the source"
assert any(ingredient["relation"] == "parentOf" for ingredient in my_take.verify().ingredients)
print(f"Right: {difference(my_take, source):.1f} from the source at strength {call.strength:g}.")
