"""Checkpoints of every family with a few thousand random weights, saved in Diffusers format."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedTokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

from wan_sdk.engine.protocol import EngineInputs
from wan_sdk.media.frames import Frames
from wan_sdk.models.model import Model, Network
from wan_sdk.planning.call import Call

TEXT_WIDTH = 32
IMAGE_WIDTH = 16
IMAGE_TOKENS = 17  # 32 x 32 pixels in patches of 8, and one for all
WORDS = ("a", "the", "red", "blue", "ball", "boat", "moves", "right", "on", "in", "beach", "sea")


@dataclass(frozen=True)
class Family:
    """How one family is put together: its layout, tasks and what its transformers take."""

    layout: str
    tasks: tuple[str, ...]
    in_channels: int = 16
    experts: int = 1
    boundary: float | None = None
    clip: bool = False
    last_frame: bool = False
    vae: str = "wan2.1"


FAMILIES = {
    "t2v": Family("t2v", ("t2v", "v2v")),
    "i2v": Family("i2v-clip", ("i2v", "v2v"), in_channels=36, clip=True),
    "flf2v": Family("flf2v-clip", ("flf2v", "v2v"), in_channels=36, clip=True, last_frame=True),
    "a14b-t2v": Family("a14b-t2v", ("t2v", "v2v"), experts=2, boundary=0.875),
    "a14b-i2v": Family("a14b-i2v", ("i2v", "flf2v", "v2v"), in_channels=36, experts=2, boundary=0.9),
    "ti2v": Family("ti2v", ("t2v", "i2v", "v2v"), in_channels=48, vae="wan2.2"),
}
CASES = [(name, task) for name, family in FAMILIES.items() for task in family.tasks]


def save(name: str, folder: Path) -> Model:
    """Save a checkpoint of a family and return what a catalogue would say of it."""
    family = FAMILIES[name]
    torch.manual_seed(len(name))
    parts = {
        "tokenizer": _tokenizer(),
        "text_encoder": _text_encoder(),
        "vae": _vae(family.vae),
        "scheduler": UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "transformer": _transformer(family),
        "transformer_2": _transformer(family) if family.experts == 2 else None,
    }
    if "t2v" in family.tasks:
        pipeline = WanPipeline(**parts, boundary_ratio=family.boundary, expand_timesteps=family.layout == "ti2v")
    else:
        if family.clip:
            parts |= {"image_encoder": _image_encoder(), "image_processor": _image_processor()}
        pipeline = WanImageToVideoPipeline(**parts, boundary_ratio=family.boundary)
    pipeline.save_pretrained(folder)
    return describe(name, folder)


def describe(name: str, folder: Path) -> Model:
    family = FAMILIES[name]
    return Model(
        key=f"tiny-{name}",
        repo=str(folder),
        title=f"Tiny {name}",
        tasks=family.tasks,
        layout=family.layout,
        runnable=True,
        parameters=10_000,
        weights_gb=0.001,
        network=Network(width=24, feedforward=32, layers=2, experts=family.experts),
        vae=family.vae,
        sizes=(size(name),),
        size_follows_image=False,
        align=32 if family.vae == "wan2.2" else 16,
        frames=9,
        frames_allowed=(5, 17),
        frames_listed=(),
        fps=12.0,
        steps=4,
        guidance=(4.0, 3.0)[: family.experts],
        flow_shift=3.0,
        boundary=family.boundary,
        sampler="unipc",
        negative="blurred",
        text_tokens=512,
        licence="Apache-2.0",
        download_gb=0.0,
        source="random weights",
    )


def size(name: str) -> tuple[int, int]:
    return (64, 32) if FAMILIES[name].vae == "wan2.2" else (48, 32)


def call(name: str, task: str, **changes: object) -> Call:
    """Return a call of 9 frames and 4 steps for a family."""
    family = FAMILIES[name]
    width, height = size(name)
    fields = {
        "shot": 0,
        "model": f"tiny-{name}",
        "task": task,
        "prompt": "a red ball moves right on the beach",
        "negative_prompt": "blue",
        "width": width,
        "height": height,
        "num_frames": 9,
        "fps": 12.0,
        "num_inference_steps": 4,
        "guidance_scale": 4.0,
        "guidance_scale_2": 3.0 if family.experts == 2 else None,
        "flow_shift": 3.0,
        "boundary_ratio": family.boundary,
        "sampler": "unipc",
        "max_sequence_length": 512 if family.clip else 32,
        "seed": 7,
        "strength": 0.8 if task == "v2v" else None,
    }
    return Call(**{**fields, **changes})


def inputs(call: Call) -> EngineInputs:
    """Return the pictures that a call needs: a square that slides over a sky."""
    clip = sliding_square(call.num_frames, call.height, call.width)
    return EngineInputs(
        first_frame=clip[0] if call.task in ("i2v", "flf2v") else None,
        last_frame=clip[-1] if call.task == "flf2v" else None,
        clip=Frames(clip, call.fps) if call.task == "v2v" else None,
    )


def sliding_square(frames: int, height: int, width: int) -> np.ndarray:
    clip = np.empty((frames, height, width, 3), np.uint8)
    clip[:] = np.linspace(90, 250, height)[:, None, None] * [0.6, 0.8, 1.0]
    for index in range(frames):
        clip[index, height // 4 : height // 2, 2 * index : 2 * index + width // 4] = (200, 40, 30)
    return clip


def _tokenizer() -> PreTrainedTokenizerFast:
    fillers = [f"word{index}" for index in range(300 - len(WORDS) - 3)]
    vocabulary = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS, *fillers])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512
    )


def _text_encoder() -> UMT5EncoderModel:
    torch.manual_seed(1)  # the same in every family, as it is with the real ones
    config = UMT5Config(
        vocab_size=300,
        d_model=TEXT_WIDTH,
        d_kv=8,
        num_heads=2,
        d_ff=32,
        num_layers=2,
        dropout_rate=0.0,
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
        is_encoder_decoder=False,
        use_cache=False,
    )
    return UMT5EncoderModel(config)


def _vae(kind: str) -> AutoencoderKLWan:
    torch.manual_seed(2)
    common = {"num_res_blocks": 1, "temperal_downsample": [False, True, True]}
    if kind == "wan2.1":
        return AutoencoderKLWan(base_dim=4, z_dim=16, dim_mult=[1, 1, 2, 2], **common)
    return AutoencoderKLWan(
        base_dim=4,
        decoder_base_dim=8,
        z_dim=48,
        dim_mult=[1, 1, 2, 2],
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
        latents_mean=np.linspace(-0.3, 0.3, 48).tolist(),
        latents_std=np.linspace(0.5, 1.5, 48).tolist(),
        **common,
    )


def _transformer(family: Family) -> WanTransformer3DModel:
    images = {"image_dim": IMAGE_WIDTH, "added_kv_proj_dim": 24} if family.clip else {}
    if family.last_frame:
        images["pos_embed_seq_len"] = 2 * IMAGE_TOKENS
    return WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=family.in_channels,
        out_channels=48 if family.vae == "wan2.2" else 16,
        text_dim=TEXT_WIDTH,
        freq_dim=16,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
        **images,
    )


def _image_encoder() -> CLIPVisionModel:
    config = CLIPVisionConfig(
        hidden_size=IMAGE_WIDTH,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    return CLIPVisionModel(config)


def _image_processor() -> CLIPImageProcessor:
    return CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
