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
# # 04 From an image
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: a picture can be the first frame. The model then no longer decides what the clip shows, only how it
# goes on. The picture is named by its bytes, so a file that changed is never used by mistake.
#
# ## A picture of our own
#
# Any picture will do; one of another size or shape is fitted. This one is drawn here, as large as nano's clips are, so
# that the lesson needs no file and can compare the two pixel by pixel. Its ball is on the left.

# %%
from pathlib import Path

from PIL import Image, ImageDraw

folder = Path("lesson_files")
folder.mkdir(exist_ok=True)
picture = Image.new("RGB", (640, 384), (150, 200, 240))
draw = ImageDraw.Draw(picture)
draw.rectangle((0, 226, 640, 384), fill=(150, 165, 80))
draw.ellipse((80, 174, 214, 308), fill=(215, 50, 40), outline=(60, 20, 20), width=5)
picture.save(folder / "ball.png")
picture

# %% [markdown]
# ## Start a shot on it
#
# The prompt says what *happens*; what is there is in the picture already. Drafts are quick, and good enough to see it
# (lesson 02).

# %%
from wan_sdk import Shot

shot = Shot("a red ball rolls over the grass to the right", seconds=2, tier="draft").starting_on(folder / "ball.png")
shot.plan()

# %%
take = shot.render()
take

# %% [markdown]
# ## How well is the picture kept?
#
# The mean difference of two pictures, in steps of 0 to 255, is a simple measure. As a yardstick: the same shot
# without the picture, which may put the ball anywhere.

# %%
import numpy as np


def difference(frame, image):
    """Return the mean absolute difference of a frame and a picture of the same size, 0 to 255."""
    return float(np.abs(frame.astype(float) - np.asarray(image, dtype=float)).mean())


free = shot.with_references().render()
print(f"first frame, started on the picture:  {difference(take.frames[0], picture):5.1f}")
print(f"first frame, made from text alone:    {difference(free.frames[0], picture):5.1f}")
take.compare(free)

# %% [markdown]
# It is close and not equal: the picture was made smaller, went through the model's VAE and back (lesson 07), and was
# enlarged again.
#
# ## The clip remembers
#
# The picture is written into the clip's credentials as an *ingredient*. Whoever gets the clip can see that it was
# made from a picture; the picture itself is not in the file.

# %%
for ingredient in take.verify().ingredients:
    print(ingredient)

# %% [markdown]
# ## Go on from where a clip ended
#
# `continuing(clip)` starts on the last frame of a clip. Within a scene, `continuing()` alone starts on the end of the
# shot before (lesson 06). Large models can also be given the last frame, with `ending_on(...)`; a model that cannot
# do what is asked is refused by the plan, which names those that can.

# %%
from wan_sdk.errors import WanError

print(Shot("a red ball rolls on", seconds=2).continuing(take.path).plan().calls[0].task)
try:
    shot.ending_on(folder / "ball.png").plan()
except WanError as problem:
    print(problem, "\n->", problem.hint)

# %% [markdown]
# ## Exercise
#
# Make `my_take`: start on the **mirrored** picture, with the ball on the right, and let it roll to the **left**. An
# array works where a file does, so nothing has to be saved: `np.asarray(picture)[:, ::-1]` is the mirrored picture.

# %%
mirrored = np.asarray(picture)[:, ::-1]
my_shot = Shot("a red ball rolls over the grass to the left", seconds=2, tier="draft")
my_take = my_shot.starting_on(mirrored).render()  # the answer; put your own here

# %%
call = my_take.recipe.calls[0]
assert call.task == "i2v", "start the shot on a picture"
assert "left" in call.prompt, "the prompt says where the ball rolls"
to_mirrored, to_picture = difference(my_take.frames[0], mirrored), difference(my_take.frames[0], picture)
assert to_mirrored < to_picture, "start on the mirrored picture: its ball is on the right"
assert my_take.verify().state == "TRUSTED"
print(f"Right: {to_mirrored:.1f} from the mirrored picture, {to_picture:.1f} from the other.")
