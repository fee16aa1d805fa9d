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
# # 02 Prompts and looks
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: what the model reads is put together from three things that you write apart: *what is seen* (the
# prompt), *how it looks* (the look), and *how the camera moves*. Written apart, each can change while the others
# stay.

# %%
from wan_sdk import Camera, Look, Shot

boat = Shot("a red boat on the sea at sunset", seconds=2)
for shot in (boat, boat.with_look("watercolour"), boat.with_look("watercolour").with_camera(Camera.pan(20))):
    print(shot.plan().calls[0].prompt)

# %% [markdown]
# Nothing else is added and nothing is rewritten: the plan shows the model's text word for word.
#
# ## One subject, three looks
#
# `sweep` makes every combination of the values you give. The seed is derived from the prompt alone, so the three
# takes start from the same noise, and what differs comes from the look. `tier="draft"` is for trying things out: a
# student of the model makes such a take in four steps instead of twelve.

# %%
takes = boat.with_tier("draft").sweep(look=[None, "watercolour", "neon colors"]).render()
takes.sheet()

# %%
for take in takes:
    look = take.shot.look
    print(f"{look.words if look else 'no look':<12} seed {take.recipe.calls[0].seed}  {take.recipe.frames_sha256[:12]}")
assert len({take.recipe.calls[0].seed for take in takes}) == 1
assert len({take.recipe.frames_sha256 for take in takes}) == 3

# %% [markdown]
# ## A model knows the words it was trained with
#
# `nano` was trained on a small drawn world: a few hundred words. It reads an unknown word as "some word". The plan
# tells you which words those are, before you wait for a clip. The large Wan models know far more words, but they too
# draw best what they have often seen.

# %%
for note in Shot("a velvet zeppelin above the sea").plan().notes:
    print(note.text)

# %% [markdown]
# These lists are what nano's world consists of; beside each word it knows a few synonyms.

# %%
from wan_sdk.nano.attributes import COLOURS, PLACES, STYLES, SUBJECTS

for name, words in {"subjects": SUBJECTS, "colours": COLOURS, "places": PLACES, "styles": STYLES}.items():
    print(f"{name}: {', '.join(words)}")

# %% [markdown]
# ## What must not be seen
#
# A *negative prompt* says what to stay away from. It can belong to a shot or to a look. It is read only where
# guidance is above 1 (lesson 08 says why); the plan reminds you.

# %%
quiet = Look("watercolour", negative="rain, snow")
print(boat.with_look(quiet).plan().calls[0].negative_prompt)
for note in boat.with_look(quiet).with_guidance(1).plan().notes:
    print("note:", note.text)

# %% [markdown]
# ## Exercise
#
# Write a shot of a **blue bird above the beach at night** in the look of a **pencil** drawing: all words known to
# nano, the look kept apart from the prompt. Then make `same_in_neon`, the same shot in a neon look. The last cell
# checks both.

# %%
my_shot = Shot("a blue bird above the beach at night", seconds=2).with_look("pencil")  # the answer; put your own here
same_in_neon = my_shot.with_look("neon")

# %%
plan = my_shot.plan()
assert {"blue", "bird", "beach", "night"} <= set(my_shot.prompt.split()), "the prompt says what is seen"
assert my_shot.look is not None and "pencil" in my_shot.look.words, "the look says how it is drawn"
assert "pencil" not in my_shot.prompt, "keep the look out of the prompt"
assert not [note for note in plan.notes if "does not know" in note.text], "use words that nano knows"
assert plan.calls[0].prompt == f"{my_shot.prompt}, {my_shot.look.words}", "leave the camera out of this one"
assert same_in_neon == my_shot.with_look("neon"), "with_look(...) changes the look and nothing else"
assert same_in_neon.plan().calls[0].seed == plan.calls[0].seed
print("Right.")
