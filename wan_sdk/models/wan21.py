"""The official checkpoints of Wan 2.1.

Recipes are those of the authors' own code (``wan/configs``, ``generate.py`` and README of
github.com/Wan-Video/Wan2.1), not the defaults of diffusers, which differ in shift and guidance.
Download sizes are calculated (`parts.download_gb`).
"""

from __future__ import annotations

from wan_sdk.models import negative, parts
from wan_sdk.models.model import Model

SOURCE = "github.com/Wan-Video/Wan2.1: wan/configs, generate.py"
T2V_1_3B, T2V_14B = 1_418_996_800, 14_288_491_584
I2V_14B, FLF2V_14B = 16_394_878_784, 16_395_536_704
VACE_1_3B, VACE_14B = 2_154_000_000, 17_338_000_000

_T2V_14B = Model(
    key="wan2.1-t2v-14b",
    repo="Wan-AI/Wan2.1-T2V-14B-Diffusers",
    title="Wan 2.1 T2V 14B",
    tasks=("t2v", "v2v"),
    layout="t2v",
    runnable=True,
    parameters=T2V_14B,
    weights_gb=parts.resident_gb(T2V_14B, "wan2.1"),
    network=parts.WIDE_14B,
    vae="wan2.1",
    sizes=parts.SIZES_480_720,
    size_follows_image=False,
    align=16,
    frames=81,
    frames_allowed=parts.FRAMES_81,
    frames_listed=(),
    fps=16.0,
    steps=50,
    guidance=(5.0,),
    flow_shift=5.0,
    boundary=None,
    sampler="unipc",
    negative=negative.WAN,
    text_tokens=512,
    licence="Apache-2.0",
    download_gb=parts.download_gb(T2V_14B, "wan2.1"),
    source=SOURCE,
)

_T2V_1_3B = _T2V_14B.changed(
    key="wan2.1-t2v-1.3b",
    repo="Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
    title="Wan 2.1 T2V 1.3B",
    parameters=T2V_1_3B,
    weights_gb=parts.resident_gb(T2V_1_3B, "wan2.1"),
    network=parts.WIDE_1_3B,
    sizes=parts.SIZES_480,
    guidance=(6.0,),
    flow_shift=8.0,
    download_gb=parts.download_gb(T2V_1_3B, "wan2.1"),
    source=f"{SOURCE}; README: guidance 6 and a shift of 8 to 12 for the 1.3B",
)

_I2V_480P = _T2V_14B.changed(
    key="wan2.1-i2v-14b-480p",
    repo="Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
    title="Wan 2.1 I2V 14B 480P",
    tasks=("i2v",),
    layout="i2v-clip",
    parameters=I2V_14B,
    weights_gb=parts.resident_gb(I2V_14B, "wan2.1", clip=True),
    sizes=parts.SIZES_480,
    size_follows_image=True,
    steps=40,
    flow_shift=3.0,
    negative=negative.WAN21_I2V,
    download_gb=parts.download_gb(I2V_14B, "wan2.1", clip=True),
    source=f"{SOURCE}, wan/image2video.py (the area of the size, the shape of the picture)",
)

_I2V_720P = _I2V_480P.changed(
    key="wan2.1-i2v-14b-720p",
    repo="Wan-AI/Wan2.1-I2V-14B-720P-Diffusers",
    title="Wan 2.1 I2V 14B 720P",
    sizes=(parts.LANDSCAPE_720, parts.PORTRAIT_720),
    flow_shift=5.0,
)

_FLF2V = _I2V_720P.changed(
    key="wan2.1-flf2v-14b",
    repo="Wan-AI/Wan2.1-FLF2V-14B-720P-diffusers",
    title="Wan 2.1 FLF2V 14B 720P",
    tasks=("flf2v",),
    layout="flf2v-clip",
    parameters=FLF2V_14B,
    steps=50,
    flow_shift=16.0,
    negative=negative.WAN21_FLF2V,
    source=f"{SOURCE}, wan/first_last_frame2video.py",
)

_VACE_14B = _T2V_14B.changed(
    key="wan2.1-vace-14b",
    repo="Wan-AI/Wan2.1-VACE-14B-diffusers",
    title="Wan 2.1 VACE 14B",
    tasks=("vace",),
    layout="vace",
    runnable=False,
    parameters=VACE_14B,
    weights_gb=parts.resident_gb(VACE_14B, "wan2.1"),
    sizes=parts.SIZES_480_720,
    flow_shift=16.0,
    download_gb=parts.download_gb(VACE_14B, "wan2.1"),
    why_not="this version has no engine for subjects, control clips and masks",
)

_VACE_1_3B = _VACE_14B.changed(
    key="wan2.1-vace-1.3b",
    repo="Wan-AI/Wan2.1-VACE-1.3B-diffusers",
    title="Wan 2.1 VACE 1.3B",
    parameters=VACE_1_3B,
    weights_gb=parts.resident_gb(VACE_1_3B, "wan2.1"),
    network=parts.WIDE_1_3B,
    sizes=parts.SIZES_480,
    download_gb=parts.download_gb(VACE_1_3B, "wan2.1"),
)

WAN21 = (_T2V_1_3B, _T2V_14B, _I2V_480P, _I2V_720P, _FLF2V, _VACE_1_3B, _VACE_14B)
