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
# # 08 Seeds, steps, guidance, shift
#
# **You need**: this package, a laptop, three minutes. No GPU, no download.
#
# **One idea**: change one knob at a time and keep everything else, the noise included. Then what differs comes from
# that knob.
#
# ## Seed: which noise
#
# The noise comes from a numbered generator. The same number gives the same noise on every machine. Another seed gives
# another clip of the same prompt: usually the cheapest way to a better one.
#
# This lesson makes a dozen takes, so they are small: 160x96.

# %%
from wan_sdk import Shot, Size

shot = Shot("a yellow bird above the sea", seconds=2, steps=6, size=Size(160, 96))
seeds = shot.sweep(seed=range(3)).render()
seeds.sheet()

# %% [markdown]
# A seed that you do not give is derived from the prompt, so running a cell again gives the same take, from the
# gallery. Rendering it afresh gives the same frames, to the last bit, on the same machine. The recipe holds a hash of
# them.

# %%
one = seeds.pick(seed=1)
anew = shot.with_seed(1).render(fresh=True)
print(one.recipe.frames_sha256)
print(anew.recipe.frames_sha256)
assert anew.recipe.frames_sha256 == one.recipe.frames_sha256
assert len({take.recipe.frames_sha256 for take in seeds}) == 3

# %% [markdown]
# ## Steps: how often it looks again
#
# Each step runs the whole network, so time grows with the steps. The first few steps more change
# much, later ones less and less: more is not better for ever.

# %%
steps = shot.with_seed(1).sweep(steps=[2, 6, 12]).render()
steps.sheet()

# %%
for take in steps:
    call = take.recipe.calls[0]
    passes = call.num_inference_steps * (2 if call.guidance_scale > 1 else 1)
    reused = take.recipe.frames_sha256 == one.recipe.frames_sha256
    print(f"{call.num_inference_steps:>3} steps, {passes:>3} passes", "(the same take as above)" if reused else "")

# %% [markdown]
# ## Guidance: how hard the prompt is pressed
#
# With guidance `g` the step goes along $v_0 + g\,(v_p - v_0)$: $v_p$ is the answer with the prompt, $v_0$ without it
# (or with the negative prompt). At 1 the second answer is not needed: half the work, and the negative prompt goes
# unread. Too much presses colours and edges too hard.

# %%
guidances = shot.with_seed(1).sweep(guidance=[1, 3, 8]).render()
guidances.sheet()

# %% [markdown]
# ## A student that needs four steps
#
# A second transformer can learn from the first to arrive in four steps, and to answer as if guidance 3 had been asked
# for: four passes of the network instead of 24. `nano` brings such a *student*; `tier="draft"` uses it. It knows its
# own four steps and no others: ask a draft for six, and the plan gives the work back to its teacher and says so.

# %%
draft = shot.with_seed(1).with_steps(None).with_tier("draft")
for change in draft.with_steps(6).plan().changes:
    if change.field == "tier":
        print(change.got, "-", change.why)
draft.render().compare(steps.pick(steps=12))

# %% [markdown]
# ## Shift: where the steps are spent
#
# A larger shift spends more steps where there is much noise (lesson 07). Each model comes with its authors' recipe of
# steps, guidance and shift. The plan names every departure.

# %%
for note in shot.with_guidance(8).with_shift(8).plan().notes:
    print(note.text)

# %% [markdown]
# ## Exercise
#
# You may spend at most **12 passes** of the network on a shot. Find two different ways: `many` must spend them on
# steps without guidance, `pressed` on guidance 3. Change nothing else. Then write down how many passes 3 seeds and 2
# guidances (1 and 3) at 6 steps take together: `my_passes`.

# %%
many = shot.with_seed(1).with_steps(12).with_guidance(1)  # the answers; put your own here
pressed = shot.with_seed(1).with_steps(6).with_guidance(3)
my_passes = 3 * (6 + 12)


# %%
def passes_of(call):
    """Return how often the network runs for a call."""
    return call.num_inference_steps * (2 if call.guidance_scale > 1 else 1)


for name, mine in {"many": many, "pressed": pressed}.items():
    call = mine.plan().calls[0]
    assert passes_of(call) == 12, f"{name} takes {passes_of(call)} passes"
    assert mine.with_steps(6).with_guidance(None) == shot.with_seed(1), f"{name} changes more than steps and guidance"
assert many.guidance == 1 and pressed.guidance == 3
grid = shot.sweep(seed=range(3), guidance=[1, 3]).plan()
assert my_passes == sum(passes_of(call) for call in grid.calls), "guidance above 1 takes two passes a step"
print(f"Right: {len(grid.calls)} takes, {my_passes} passes.")
