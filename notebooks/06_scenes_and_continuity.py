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
# # 06 Scenes and continuity
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: a scene is a list of shots with what they share: a look, a cast, a seed, a size. Because every shot
# keeps its own noise and its own recipe, changing one shot renders one shot.

# %%
from wan_sdk import Camera, Character, Scene, Shot, Studio, Transition

rocket = Character("Rocket", looks="a small red rocket")
scene = (
    Scene("Moonrise", look="watercolour", cast=[rocket], seed=7)
    .then(Shot("{Rocket} above the beach at night", seconds=2, name="start", camera=Camera.tilt(10)))
    .then(Shot("{Rocket} flies up", seconds=2, name="up").continuing())
    .then(Shot("{Rocket} on the moon", seconds=2, name="moon"), via=Transition.dissolve(seconds=0.5))
)
scene

# %% [markdown]
# ## What the scene gives to its shots
#
# The character's looks are written into the prompt where it is named, and the scene's look behind it. What you
# change in one place changes in all shots.
#
# A studio plans and renders. This one makes drafts, as one does while a scene is still being written; the finished
# scene is then rendered with `scene.render()`, at the model's full number of steps.

# %%
studio = Studio(tier="draft")
plan = studio.plan(scene)
for call in plan.calls:
    print(f"{call.task}  seed {call.seed:<11} {call.prompt}")

# %% [markdown]
# ## How long will it be?
#
# A dissolve lets two shots overlap. A shot that continues another begins with the very frame that has just been seen,
# so that frame is dropped. The plan counts in frames.

# %%
for place, name in zip(plan.timeline.placements, plan.names, strict=True):
    print(f"{name:<6} frames {place.start_frame} to {place.end_frame - 1}, reached by a {place.transition}")
print(f"{plan.timeline.frames} frames, {plan.timeline.seconds:.2f} s")

# %% [markdown]
# ## Render it
#
# A scene becomes a *cut*: one signed clip, made of takes. Its takes are its ingredients, and lie in the gallery as
# well.

# %%
cut = studio.render(scene)
cut

# %%
cut.storyboard()

# %% [markdown]
# ## Change one shot
#
# The seed of a shot follows from the scene's seed and the prompt, not from its place. So the others keep their noise
# and their recipe, and come from the gallery.

# %%
closer = scene.replacing("moon", scene["moon"].with_camera(Camera.zoom(1.5)))
again = studio.render(closer)
for take, name in zip(again.takes, again.recipe.spec["shots"], strict=True):
    print(f"{name['name']:<6} {'from the gallery' if take.reused else 'rendered'}")

# %% [markdown]
# ## A scene is a file
#
# It can be written, read, sent and put under version control. The command line renders the same file:
# `wan-sdk render moonrise.yaml --out out`.

# %%
from pathlib import Path

folder = Path("lesson_files")
folder.mkdir(exist_ok=True)
scene.save(folder / "moonrise.yaml")
print((folder / "moonrise.yaml").read_text())
assert Scene.load(folder / "moonrise.yaml") == scene

# %% [markdown]
# ## Exercise
#
# Make `my_scene` from `scene`: the **moon** shot must come **first**, and everything else stays as it is: same shots,
# same look, same seed. Then render it. Think first: how many shots will be rendered again? Write the number down as
# `my_guess`.

# %%
my_scene = scene.with_shots(scene["moon"], scene["start"], scene["up"])  # the answer; put your own here
my_guess = 0

# %%
assert [shot.name for shot in my_scene] == ["moon", "start", "up"], "the moon first, then the others as they were"
assert (my_scene.look, my_scene.seed, my_scene.cast) == (scene.look, scene.seed, scene.cast)
my_cut = studio.render(my_scene)
rendered = sum(not take.reused for take in my_cut.takes)
assert my_guess == rendered, f"it was {rendered}: no shot changed, only their order, and each keeps its own noise"
assert my_cut.verify().state == "TRUSTED"
print(f"Right: {rendered} shots were rendered again; only the cut is new.")
