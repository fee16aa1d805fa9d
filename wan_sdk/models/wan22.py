"""The official checkpoints of Wan 2.2 and those that followed under its name.

Recipes are those of the authors' own code (``wan/configs`` and ``generate.py`` of
github.com/Wan-Video/Wan2.2, Wan-Animate-2 and Wan-Dancer), not the defaults of diffusers: its
converter writes shift 3 for the A14B, which halves the steps of the expert for layout and motion.
Download sizes are calculated (`parts.download_gb`) unless the source says otherwise.
"""

from __future__ import annotations

from wan_sdk.models import negative, parts
from wan_sdk.models.model import Model

SOURCE = "github.com/Wan-Video/Wan2.2: wan/configs, generate.py"
T2V_A14B, I2V_A14B = 2 * 14_288_491_584, 2 * 14_288_901_184
TI2V_5B = 4_999_787_712
ANIMATE_14B, ANIMATE2_14B = 17_300_000_000, 16_394_878_784
S2V_14B, DANCER_14B = 16_000_000_000, 2 * 14_288_491_584

_T2V = Model(
    key="wan2.2-t2v-a14b",
    repo="Wan-AI/Wan2.2-T2V-A14B-Diffusers",
    title="Wan 2.2 T2V A14B",
    tasks=("t2v", "v2v"),
    layout="a14b-t2v",
    runnable=True,
    parameters=T2V_A14B,
    weights_gb=parts.resident_gb(T2V_A14B, "wan2.1"),
    network=parts.EXPERTS_A14B,
    vae="wan2.1",
    sizes=parts.SIZES_480_720,
    size_follows_image=False,
    align=16,
    frames=81,
    frames_allowed=parts.FRAMES_81,
    frames_listed=(),
    fps=16.0,
    steps=40,
    guidance=(4.0, 3.0),
    flow_shift=12.0,
    boundary=0.875,
    sampler="unipc",
    negative=negative.WAN,
    text_tokens=512,
    licence="Apache-2.0",
    download_gb=parts.download_gb(T2V_A14B, "wan2.1", text_bytes=2),
    source=SOURCE,
)

_I2V = _T2V.changed(
    key="wan2.2-i2v-a14b",
    repo="Wan-AI/Wan2.2-I2V-A14B-Diffusers",
    title="Wan 2.2 I2V A14B",
    tasks=("i2v", "flf2v"),
    layout="a14b-i2v",
    parameters=I2V_A14B,
    weights_gb=parts.resident_gb(I2V_A14B, "wan2.1"),
    size_follows_image=True,
    guidance=(3.5, 3.5),
    flow_shift=5.0,
    boundary=0.9,
    download_gb=parts.download_gb(I2V_A14B, "wan2.1", text_bytes=2),
    source=f"{SOURCE}, wan/image2video.py; a last frame: diffusers 0.42.1 WanImageToVideoPipeline(last_image)",
)

_TI2V = _T2V.changed(
    key="wan2.2-ti2v-5b",
    repo="Wan-AI/Wan2.2-TI2V-5B-Diffusers",
    title="Wan 2.2 TI2V 5B",
    tasks=("t2v", "i2v", "v2v"),
    layout="ti2v",
    parameters=TI2V_5B,
    weights_gb=parts.resident_gb(TI2V_5B, "wan2.2"),
    network=parts.WIDE_5B,
    vae="wan2.2",
    sizes=((1280, 704), (704, 1280)),
    size_follows_image=True,
    sizes_only=True,
    align=32,
    frames=121,
    frames_allowed=parts.FRAMES_121,
    fps=24.0,
    steps=50,
    guidance=(5.0,),
    flow_shift=5.0,
    boundary=None,
    download_gb=parts.download_gb(TI2V_5B, "wan2.2", text_bytes=2),
    source=f"{SOURCE}, wan/textimage2video.py (from a picture: its shape, at the area of 1280x704)",
)

_ANIMATE = _T2V.changed(
    key="wan2.2-animate-14b",
    repo="Wan-AI/Wan2.2-Animate-14B-Diffusers",
    title="Wan 2.2 Animate 14B",
    tasks=("animate",),
    layout="animate",
    runnable=False,
    parameters=ANIMATE_14B,
    weights_gb=parts.resident_gb(ANIMATE_14B, "wan2.1", clip=True),
    network=parts.WIDE_14B,
    sizes=(parts.LANDSCAPE_720, parts.PORTRAIT_720),
    frames=77,
    frames_allowed=(77, 77),
    frames_listed=(77,),
    fps=30.0,
    steps=20,
    guidance=(1.0,),
    flow_shift=5.0,
    boundary=None,
    download_gb=82.0,
    source=f"{SOURCE}; the size of the download is that of its repository",
    why_not="this version has no engine for motion transfer",
)

_ANIMATE2 = _ANIMATE.changed(
    key="wan2.2-animate2-14b",
    repo="Wan-AI/Wan2.2-Animate-2-14B-Diffusers",
    title="Wan 2.2 Animate 2 14B",
    parameters=ANIMATE2_14B,
    weights_gb=parts.resident_gb(ANIMATE2_14B, "wan2.1", clip=True),
    sizes=((800, 640), (640, 800)),
    size_follows_image=True,
    frames=81,
    frames_allowed=(81, 81),
    frames_listed=(81,),
    fps=24.0,
    steps=40,
    guidance=(3.0,),
    download_gb=parts.download_gb(ANIMATE2_14B, "wan2.1", clip=True, text_bytes=2),
    source="github.com/Wan-Video/Wan-Animate-2; diffusers 0.42.1 WanAnimate2Blocks",
)

_ANIMATE2_DISTILLED = _ANIMATE2.changed(
    key="wan2.2-animate2-14b-distilled",
    repo="Wan-AI/Wan2.2-Animate-2-14B-Distilled-Diffusers",
    title="Wan 2.2 Animate 2 14B distilled",
    steps=10,
    guidance=(1.0,),
)

_S2V = _T2V.changed(
    key="wan2.2-s2v-14b",
    repo="Wan-AI/Wan2.2-S2V-14B",
    title="Wan 2.2 S2V 14B",
    tasks=("s2v",),
    layout="other",
    runnable=False,
    parameters=S2V_14B,
    weights_gb=parts.resident_gb(S2V_14B, "wan2.1"),
    network=parts.WIDE_14B,
    size_follows_image=True,
    guidance=(4.5,),
    flow_shift=3.0,
    boundary=None,
    negative=negative.WAN22_S2V,
    download_gb=58.0,
    source=f"{SOURCE} (clips of 80 frames, one less than stands here); the size is that of FastVideo's conversion",
    why_not="diffusers 0.42 has no pipeline for speech to video",
)

_DANCER = _S2V.changed(
    key="wan-dancer-14b",
    repo="Wan-AI/Wan-Dancer-14B",
    title="Wan Dancer 14B",
    parameters=DANCER_14B,
    weights_gb=parts.resident_gb(DANCER_14B, "wan2.1", clip=True),
    sizes=(parts.PORTRAIT_720,),
    size_follows_image=False,
    frames=149,
    frames_allowed=(149, 149),
    frames_listed=(149,),
    fps=30.0,
    steps=48,
    guidance=(5.0,),
    flow_shift=5.0,
    negative=negative.WAN,
    download_gb=parts.download_gb(DANCER_14B, "wan2.1", clip=True, text_bytes=2),
    source="github.com/Wan-Video/Wan-Dancer: gen_video/gen_video_global.py and gen_video_local.py",
    why_not="music to dance runs in the authors' own code alone",
)

WAN22 = (_T2V, _I2V, _TI2V, _ANIMATE, _ANIMATE2, _ANIMATE2_DISTILLED, _S2V, _DANCER)
