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
# # 09 Marks and the law
#
# **You need**: this package, a laptop, two minutes. No GPU, no download.
#
# **One idea**: a clip says by itself that a machine made it, in more than one way, because each way can be lost. Here
# you lose them on purpose, one after the other, and see what is left.
#
# ## Why
#
# Article 50(2) of the EU AI Act asks that what a generating system puts out be marked in a machine-readable way and
# be detectable as artificial. Article 50(4) asks those who publish a *deep fake* to say so. This lesson shows a
# technique; it is not legal advice.
#
# | layer | what | lost by |
# |---|---|---|
# | manifest (C2PA) | signed statements in the file, with a hash of it | most uploads, any new encoding |
# | watermark | a number in the pixels, invisible, nothing personal | strong distortion, another generative model |
# | ledger | on the maker's machine: hashes and likeness of every clip that left | being on another machine |
#
# ## Signed, whole, trusted

# %%
from pathlib import Path

from wan_sdk import Shot, verify

folder = Path("lesson_files")
folder.mkdir(exist_ok=True)
take = Shot("an orange balloon above the mountains", seconds=2, tier="draft").render()  # a draft is marked like any
signed = take.save(folder / "signed.mp4")
verify(signed)

# %% [markdown]
# ## Strip the manifest
#
# A *remux* copies the coded pictures into a new file and leaves everything else behind. No pixel changes. Many sites
# and tools do this. The clip is then found in the ledger by a hash of the pictures alone.

# %%
import av


def remux(source, target):
    """Copy the video packets of a file into a new one, and nothing else."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return target


stripped = remux(signed, folder / "stripped.mp4")
verify(stripped)

# %% [markdown]
# ## Encode it again
#
# A new encoding changes every byte and nearly every pixel. Now the number in the pixels leads to the record. It
# counts only because the clip also *resembles* that record: otherwise a mark could be copied onto somebody else's
# clip.


# %%
def reencode(source, target, crf):
    """Encode a clip anew; a larger crf keeps less."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        rate = old.streams.video[0].average_rate
        stream = new.add_stream("libx264", rate=rate, options={"crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = old.streams.video[0].width, old.streams.video[0].height, "yuv420p"
        for frame in old.decode(video=0):
            new.mux(stream.encode(frame))
        new.mux(stream.encode())
    return target


smaller = reencode(signed, folder / "smaller.mp4", crf=26)
verify(smaller)

# %% [markdown]
# ## Change it and keep the manifest
#
# One changed byte in the pictures, and the hash in the manifest no longer holds. A file with a manifest that does not
# fit is worse than one without: somebody changed it.

# %%
data = bytearray(signed.read_bytes())
place = data.rindex(b"mdat") + 2000
data[place] ^= 0xFF
tampered = folder / "tampered.mp4"
tampered.write_bytes(data)
verify(tampered)

# %% [markdown]
# ## Another machine
#
# Keys and the ledger of this machine lie in its home folder. An empty home is like the machine of someone who got
# your clip: the signature holds, but nobody there knows the signer; without the manifest, the number in the pixels
# has no record.

# %%
elsewhere = (folder / "another_machine").absolute()
for file in (signed, smaller):
    print(verify(file, home=elsewhere), "\n")

# %% [markdown]
# ## A clip that was never marked

# %%
import mediapy
import numpy as np

ramp = np.linspace(0, 255, 480, dtype=np.uint8)
plain = np.stack([np.broadcast_to(np.roll(ramp, 9 * t)[None, :, None], (288, 480, 3)) for t in range(25)])
with av.open(str(folder / "plain.mp4"), "w") as new:
    stream = new.add_stream("libx264", rate=12)
    stream.width, stream.height, stream.pix_fmt = 480, 288, "yuv420p"
    for picture in plain:
        new.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
    new.mux(stream.encode())
print(verify(folder / "plain.mp4"))
mediapy.show_image(plain[0], width=240)

# %% [markdown]
# `NONE` says that no mark was found. It does not say that no AI was used: other tools mark differently or not at all,
# and marks can be removed.
#
# ## Exercise
#
# Before you run it, predict the state of each file. The states are `TRUSTED`, `RECOVERED`, `SIGNED_UNKNOWN`,
# `MARK_ONLY`, `TAMPERED`, `NONE`, and `UNREADABLE` for what is no clip at all.
#
# * `twice`: the signed file remuxed, and the result remuxed again
# * `cut_short`: the signed file without its last 100 bytes
# * `rough`: the signed file encoded anew with crf 30
# * `text`: a text file called `clip.mp4`

# %%
my_states = {  # the answers; put your own here
    "twice": "RECOVERED",
    "cut_short": "TAMPERED",
    "rough": "RECOVERED",
    "text": "UNREADABLE",
}

# %%
files = {
    "twice": remux(stripped, folder / "twice.mp4"),
    "cut_short": folder / "cut_short.mp4",
    "rough": reencode(signed, folder / "rough.mp4", crf=30),
    "text": folder / "clip.mp4",
}
files["cut_short"].write_bytes(signed.read_bytes()[:-100])
files["text"].write_text("This is not a clip.")
for name, file in files.items():
    state = verify(file).state
    assert my_states[name] == state, f"{name} is {state}, not {my_states[name]}"
print("Right.")
