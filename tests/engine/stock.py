"""What a stock pipeline makes of a call, to compare the engine with."""

import numpy as np
import torch
from diffusers import UniPCMultistepScheduler
from PIL import Image

from wan_sdk.engine.quiet import quiet


def run_stock(pipeline, call, inputs) -> np.ndarray:
    """Return the latents."""
    pictures = {"image": inputs.first_frame, "last_image": inputs.last_frame}
    pictures = {name: Image.fromarray(picture) for name, picture in pictures.items() if picture is not None}
    pipeline.scheduler = UniPCMultistepScheduler.from_config(pipeline.scheduler.config, flow_shift=call.flow_shift)
    with quiet():
        return (
            pipeline(
                prompt=call.prompt,
                negative_prompt=call.negative_prompt,
                height=call.height,
                width=call.width,
                num_frames=call.num_frames,
                num_inference_steps=call.num_inference_steps,
                guidance_scale=call.guidance_scale,
                guidance_scale_2=call.guidance_scale_2,
                generator=torch.Generator("cpu").manual_seed(call.seed),
                max_sequence_length=call.max_sequence_length,
                output_type="latent",
                **pictures,
            )
            .frames[0]
            .numpy()
        )
