"""The finished stages as one Diffusers folder in half precision, which the stock Wan pipelines load.

    model_index.json   scheduler/   text_encoder/   tokenizer/   vae/   transformer/   transformer_4step/   upscaler/

`expand_timesteps` is on: the image-to-video pipeline then keeps the first frame, as Wan 2.2 TI2V does.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import UMT5EncoderModel

from wan_sdk.models.nano import NANO
from wan_sdk.nano.language.tokenizer import save_tokenizer

FILE_LIMIT = "12MB"


def export(training: Path, folder: Path) -> None:
    """Gather what the stages under `training` made into `folder`.

    Args:
      training: The folder that the stages were trained in.
      folder: Where the Diffusers folder goes; files of the same names are replaced.
    """
    half = {"dtype": torch.float16}
    source = training / "transformer"
    pipeline = WanPipeline(
        tokenizer=save_tokenizer(folder / "tokenizer"),
        text_encoder=UMT5EncoderModel.from_pretrained(source / "text_encoder", dtype=torch.float16),
        vae=AutoencoderKLWan.from_pretrained(training / "vae" / "vae", **half),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, num_train_timesteps=1000
        ),
        transformer=WanTransformer3DModel.from_pretrained(source / "transformer", **half),
        expand_timesteps=True,
    )
    for part in (pipeline.text_encoder, pipeline.vae, pipeline.transformer):
        part.half()  # some layers are loaded in fp32 whatever is asked for; now the files are those of the stages
    pipeline.save_pretrained(folder, max_shard_size=FILE_LIMIT)
    student = training / "four_step" / NANO.draft.folder
    if student.exists():
        four_step = WanTransformer3DModel.from_pretrained(student, **half)
        four_step.half().save_pretrained(folder / NANO.draft.folder, max_shard_size=FILE_LIMIT)
    upscaler = training / "upscaler" / "upscaler"
    if upscaler.exists():
        shutil.copytree(upscaler, folder / "upscaler", dirs_exist_ok=True)
    for config in folder.glob("*/config.json"):
        _forget_where_it_was(config)


def _forget_where_it_was(config: Path) -> None:
    """Leave out the folder that a part was loaded from: it says nothing elsewhere, and hashes depend on it."""
    told = json.loads(config.read_text(encoding="utf-8"))
    told.pop("_name_or_path", None)
    config.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
