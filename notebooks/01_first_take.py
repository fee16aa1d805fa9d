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
# # 01 Your first take
#
# **You need**: this package, a laptop, one minute. No GPU, no download.
#
# A *shot* is what you want to see. A *take* is what you get: a finished clip that carries its own proof of where it
# comes from.

# %%
from wan_sdk import Camera, Shot

shot = Shot("a red ball rolls over green grass at sunset", seconds=2).with_camera(Camera.pan(degrees=20))
shot

# %% [markdown]
# ## Before anything runs: the plan
#
# The plan writes out the model call in the words of the model, says how long it will take here, and lists everything
# that will differ from what you asked.

# %%
shot.plan()

# %% [markdown]
# ## Render it
#
# The small model `nano` ships inside the package. It is a real text-to-video diffusion of the Wan architecture, trained
# on a drawn world of its own, and it runs on a CPU. Run the cell twice: the second time nothing is rendered, because
# the same shot already lies in the gallery.

# %%
take = shot.render()
take

# %% [markdown]
# ## What the file says about itself
#
# Everyone who gets this clip can ask it where it comes from.

# %%
take.verify()

# %% [markdown]
# ## Look inside
#
# `take.frames` are plain pixels, so every tool you know works on them.

# %%
import mediapy

print(take.frames.shape, take.frames.dtype, f"{take.fps:g} frames a second")
mediapy.show_images(list(take.frames[:: len(take.frames) // 4]), columns=5, width=200)

# %% [markdown]
# ## Exercise
#
# The camera turned to the right, so the picture slid to the left. Make `my_shot` with the camera turning **left** by 30
# degrees, and everything else as it was. The last cell checks your answer.

# %%
my_shot = shot.with_camera(Camera.pan(degrees=-30))  # the answer; put your own here

# %%
assert my_shot.prompt == shot.prompt, "keep the prompt as it was"
assert my_shot.camera.pose(1.0).yaw == -30, "turn the camera 30 degrees to the left; to the left is negative"
assert my_shot != shot and shot.camera.pose(1.0).yaw == 20, "with_camera returns a copy: the first shot is unchanged"
print("Right.")
