"""The negative prompts of the official code, word for word: what the models saw in evaluation.

Source: ``sample_neg_prompt`` in ``wan/configs`` of github.com/Wan-Video/Wan2.1 and Wan2.2.
"""

from __future__ import annotations

WAN = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，"
    "形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
WAN21_I2V = "镜头晃动，" + WAN
WAN21_FLF2V = "镜头切换，" + WAN21_I2V
WAN22_S2V = (
    "画面模糊，最差质量，画面模糊，细节模糊不清，情绪激动剧烈，手快速抖动，字幕，丑陋的，残缺的，"
    "多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，"
    "静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)

# Terms in them that work against something a maker may well ask for.
STYLE_TERMS = {"风格": "style", "作品": "works", "画作": "paintings", "画面": "pictures"}
STILL_TERMS = {"静态": "static", "静止": "still", "静止不动的画面": "motionless picture"}
SHAKE_TERMS = {"镜头晃动": "shaking camera"}
