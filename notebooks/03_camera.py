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
# # 03 The camera
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: a camera move is data, with units and signs. The same path can be drawn, read out, checked, saved in a
# file, and said to the model in words.

# %%
from wan_sdk import Camera, Shot

camera = Camera.pan(degrees=20)
print(camera.words())
camera

# %% [markdown]
# ## Units and signs
#
# Amounts are the camera's own motion over the whole shot. When the camera pans to the right (positive), the picture
# slides to the left.
#
# | move | unit | positive is |
# |---|---|---|
# | `pan` | degrees; the whole view is 60 degrees wide | to the right |
# | `tilt` | degrees | up |
# | `roll` | degrees | camera clockwise |
# | `zoom` | last focal length / first | above 1 goes in |
# | `dolly` | share of the distance to the subject | toward it |
# | `truck` | frame widths | right |
# | `pedestal` | frame heights | up |
# | `orbit` | degrees around the subject | camera moves right |
# | `handheld` | degrees of shake | - |
#
# `pose(t)` says where the camera is at any moment, `t` from 0 to 1. Zoom and dolly both make the subject larger, but
# a zoom changes the lens and a dolly moves the camera: only a dolly shifts what is near against what is far.

# %%
for move in (Camera.zoom(1.5), Camera.dolly(0.3), Camera.orbit(30)):
    pose = move.pose(1.0)
    print(f"{move.words():<40} focal x{pose.focal:.2f}, forward {pose.z:.2f}, right {pose.x:.2f}, yaw {pose.yaw:.0f}")

# %% [markdown]
# ## At once, one after the other, and how it starts and stops
#
# `a & b` does both at once. `a.then(b, share=0.6)` gives the first 60 % of the time. `eased` sets off and stops
# softly.

# %%
path = Camera.zoom(1.3).then(Camera.pan(-20) & Camera.tilt(10), share=0.6).eased("in-out")
print(path.words())
path

# %% [markdown]
# ## Written as people write
#
# Words work wherever a camera does. What was not understood is never guessed: it stays in `.unread`, and the plan
# says so.

# %%
heard = Camera.parse("slow push in, then pan left, and sparkle")
print(heard)
print("not understood:", heard.unread)

# %% [markdown]
# ## Three cameras on one shot
#
# Same prompt, same noise, another camera. Compare how far the house and what is behind it move. Drafts are enough for
# that (lesson 02).

# %%
house = Shot("a red house in the meadow", seconds=2, tier="draft")
takes = house.sweep(camera=[Camera.pan(25), Camera.pan(-25), Camera.zoom(1.8)]).render()
takes.sheet()

# %% [markdown]
# A model is *asked* for a move in words; it is not told by how many pixels. `nano` learned from clips whose cameras
# are known exactly, which is why it can follow an amount. Large models follow common moves, and often not the amount:
# look before you trust.

# %%
for take in takes:
    print(take.recipe.calls[0].prompt)

# %% [markdown]
# ## Exercise
#
# Make `my_camera`: for the first half of the time it holds **still**, then it moves **toward** the subject by 40 % of
# the distance while it turns **down** by 10 degrees. The last cell checks the path, not the words.

# %%
my_camera = Camera.static().then(Camera.dolly(0.4) & Camera.tilt(-10), share=0.5)  # the answer; put your own here

# %%
start, middle, end = (my_camera.pose(t) for t in (0.0, 0.5, 1.0))
assert start == middle, "the camera holds still for the first half"
assert abs(end.z - 0.4) < 1e-9, "dolly(0.4) goes toward the subject by 40 % of the distance"
assert end.focal == 1, "a zoom changes the lens; use a dolly, which moves the camera"
assert abs(end.pitch + 10) < 1e-9, "down is negative: tilt(-10)"
assert abs(my_camera.pose(0.75).pitch) > 1, "both moves happen at once: join them with &"
assert house.with_camera(my_camera).plan().calls[0].seed == takes[0].recipe.calls[0].seed, "the noise stays the same"
print("Right.")
