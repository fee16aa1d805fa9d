"""The judge: a network that looks at a clip and says what is in it, from pixels alone.

It learned from rendered clips, whose truth is known exactly, and never from what the model makes; so it can say how
often a generated clip shows what its caption asked for. Its own errors on renders are the floor of every such figure.

    13 frames ──► stem, each frame ──► + how small patches move to the next frame ──► blocks in space and time
              ──► attention pooling, one for each attribute ──► names, amounts and boxes

Time is never made coarser: the camera's path is read from what every frame shows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from wan_sdk.media.whole_file import write_whole
from wan_sdk.nano.attributes import AT_ONCE, COLOURS, MOVE_KINDS, NAMES, SINGLE, SUBJECTS
from wan_sdk.nano.world import camera as world_camera
from wan_sdk.spec.camera_words import WAYS


def signed_name(kind: str, way: str) -> str:
    """Name a move with the way it goes, as `spec.camera_words.WAYS` says it.

    >>> signed_name("pan", "to the left")
    'pan left'
    """
    return f"{kind} {way.removeprefix('to the ')}"


JOINS = ("single", "at once", "in turn")
_DIRECTED = [kind for kind in MOVE_KINDS if kind not in ("static", "handheld")]
SIGNED_MOVES = ("static", *(signed_name(kind, way) for kind in _DIRECTED for way in WAYS[kind]), "handheld")
"""Every kind of move with its way: "static", "pan right", "pan left", "tilt up" ... "handheld"."""

AMOUNT_KINDS = MOVE_KINDS[1:]
LARGEST = tuple(world_camera.LARGEST[kind] for kind in AMOUNT_KINDS)
"""The amount of each kind that is said as 1; a zoom's amount is the logarithm of its ratio."""

HEADS = {
    **{name: len(values) for name, values in NAMES.items()},
    "companion": len(SUBJECTS) + 1,
    "companion_colour": len(COLOURS),
}
CAMERA_HEADS = {"first_move": len(SIGNED_MOVES), "second_move": len(SIGNED_MOVES), "camera_join": len(JOINS)}
_GROUP = 16  # channels that are normalised together


@dataclass(frozen=True)
class JudgeShape:
    """The size of a judge and of the clips it reads.

    Args:
      frames, height, width: Of the clips it reads.
      widths: Channels at a quarter, an eighth and a sixteenth of the picture.
      blocks: Residual blocks at each of them.
      reach: How far a patch is looked for in the next frame, in cells of 4 x 4 pixels.
      looks: Places that each head looks at.
    """

    frames: int = 13
    height: int = 96
    width: int = 160
    widths: tuple[int, ...] = (64, 128, 288)
    blocks: tuple[int, ...] = (2, 2, 4)
    reach: int = 3
    looks: int = 4


TINY_JUDGE = JudgeShape(frames=3, height=32, width=48, widths=(16, 32, 32), blocks=(1, 1, 1), reach=1, looks=2)


@dataclass(frozen=True)
class Reading:
    """What was read from a clip.

    Args:
      subject, colour, size, place, time, weather, style, motion: Names as in `NAMES`.
      companion: The second subject, None if there is none. Of two that stand still the first is the left one.
      companion_colour: Its colour.
      moves: The camera's moves, names of `SIGNED_MOVES`: one, or two; ``("static",)`` if it stands still.
      join: "single", "at once" or "in turn"; one move in turn with stillness is "in turn" with one move.
      amounts: How far, for each of `AMOUNT_KINDS` in the unit and sign of the spec; means something for the kinds in
        `moves` alone.
      boxes: [frames, 4] left, top, right, bottom of the subject in parts of the picture.
    """

    subject: str
    colour: str
    size: str
    place: str
    time: str
    weather: str
    style: str
    motion: str
    companion: str | None
    companion_colour: str | None
    moves: tuple[str, ...]
    join: str
    amounts: dict[str, float]
    boxes: np.ndarray


class Judge(nn.Module):
    """The network.

    Args:
      shape: Its size.
    """

    def __init__(self, shape: JudgeShape = JudgeShape()) -> None:
        super().__init__()
        self.shape = shape
        low, high = shape.widths[0], shape.widths[-1]
        self.patch_embedding = nn.Conv2d(3, max(8, low // 2), 5, 2, 2)
        self.second = nn.Conv2d(max(8, low // 2), low, 3, 2, 1)
        self.patch = nn.Conv2d(low, 16, 1)
        self.shift = nn.Conv2d((2 * shape.reach + 1) ** 2, low, 1)
        blocks: list[nn.Module] = []
        before = low
        for level, (width, count) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
            for k in range(count):
                blocks.append(Block(before, width, halve=level > 0 and k == 0))
                before = width
        self.blocks = nn.ModuleList(blocks)
        self.norm = Norm(high)
        cells = (shape.height // 16, shape.width // 16)
        self.where = nn.Parameter(torch.zeros(high, 1, *cells))
        self.when = nn.Parameter(torch.zeros(high, shape.frames, 1, 1))
        self.heads = nn.ModuleDict({name: Head(high, shape.looks, count) for name, count in HEADS.items()})
        self.camera = FrameLooks(high, shape.looks + 2, 24)
        self.camera_hidden = nn.Linear((shape.looks + 2) * 24 * shape.frames, high)
        self.camera_answers = nn.ModuleDict({name: nn.Linear(high, count) for name, count in CAMERA_HEADS.items()})
        self.amounts = nn.Linear(high, len(AMOUNT_KINDS))
        self.subject = FrameLooks(high, shape.looks, 24)
        self.box_hidden = nn.Linear(shape.looks * (24 + 2), 128)
        self.box = nn.Linear(128, 4)

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Read clips, [batch, 3, frames, height, width] in -1...1, as the judge's shape says.

        Returns:
          Scores [batch, count] for each of `HEADS` and `CAMERA_HEADS`, "amounts" [batch, kinds] in parts of
          `LARGEST`, and "boxes" [batch, frames, 4].
        """
        batch, _, frames = clips.shape[:3]
        x = functional.silu(self.patch_embedding(_fold(clips)))
        x = self.second(x)
        x = _unfold(x + self.shift(self._shifts(self.patch(functional.silu(x)), frames)), batch)
        for block in self.blocks:
            x = block(x)
        x = functional.silu(self.norm(x))
        x = x + (self.where + self.when).to(x.dtype)
        answers = {name: head(x.flatten(2)) for name, head in self.heads.items()}
        looks, _ = self.camera(x)
        hidden = functional.silu(self.camera_hidden(looks.flatten(1)))
        answers |= {name: head(hidden) for name, head in self.camera_answers.items()}
        answers["amounts"] = self.amounts(hidden)
        looks, places = self.subject(x)
        answers["boxes"] = self.box(functional.silu(self.box_hidden(torch.cat([looks, places], -1)))) + 0.5
        return {name: answer.float() for name, answer in answers.items()}

    def _shifts(self, patches: Tensor, frames: int) -> Tensor:
        """Return how much each place looks like its neighbours in the next frame: [batch x frames, shifts, h, w]."""
        reach, (height, width) = self.shape.reach, patches.shape[-2:]
        patches = functional.normalize(patches.float(), dim=1).to(patches.dtype).unflatten(0, (-1, frames))
        after = torch.cat([patches[:, 1:], patches[:, -1:]], 1).flatten(0, 1)
        windows = functional.pad(after, (reach,) * 4).unfold(2, height, 1).unfold(3, width, 1)
        return (patches.flatten(0, 1)[:, :, None, None] * windows).sum(1).flatten(1, 2)


class Norm(nn.GroupNorm):
    """Group normalisation that stays in the precision of what comes in."""

    def __init__(self, channels: int) -> None:
        super().__init__(max(1, channels // _GROUP), channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each clip over space, time and groups of channels."""
        with torch.autocast(x.device.type, enabled=False):
            weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
            return functional.group_norm(x, self.num_groups, weight, bias, self.eps)


class Block(nn.Module):
    """A residual block: a convolution in space, then one in time."""

    def __init__(self, before: int, width: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.norm1, self.norm2 = Norm(before), Norm(width)
        self.space = nn.Conv2d(before, width, 3, 2 if halve else 1, 1)
        self.time = nn.Conv2d(width, width, (3, 1), 1, (1, 0))
        self.shortcut = nn.Conv2d(before, width, 1) if before != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Take and return [batch, channels, frames, height, width]."""
        batch = len(x)
        short = _fold(x)
        short = self.shortcut(functional.avg_pool2d(short, 2) if self.halve else short)
        y = _unfold(self.space(_fold(functional.silu(self.norm1(x)))), batch)
        y = functional.silu(self.norm2(y))
        frames, height, width = y.shape[2:]
        line = y.permute(0, 2, 3, 4, 1).reshape(batch, frames, height * width, -1).permute(0, 3, 1, 2)
        y = self.time(line).unflatten(-1, (height, width))
        return _unfold(short, batch) + y


class Head(nn.Module):
    """Attention pooling over all places of a clip, then two layers."""

    def __init__(self, width: int, looks: int, count: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(looks, width) * width**-0.5)
        self.hidden = nn.Linear(looks * width, 64)
        self.answer = nn.Linear(64, count)

    def forward(self, x: Tensor) -> Tensor:
        """Answer from [batch, width, places]."""
        looked_at = torch.softmax((self.queries @ x).float(), -1).to(x.dtype)
        seen = looked_at @ x.transpose(1, 2)
        return self.answer(functional.silu(self.hidden(seen.flatten(1))))


class FrameLooks(nn.Module):
    """Attention pooling over each frame for itself, to few numbers, with where it looked."""

    def __init__(self, width: int, looks: int, count: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(looks, width) * width**-0.5)
        self.value = nn.Linear(width, count)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Take [batch, width, frames, h, w]; return what was seen [batch, frames, looks x count] and where."""
        height, width = x.shape[-2:]
        places = x.permute(0, 2, 3, 4, 1).flatten(2, 3)
        looked_at = torch.softmax((places @ self.queries.T).float(), 2)
        seen = torch.einsum("btpl,btpc->btlc", looked_at.to(places.dtype), self.value(places))
        down, across = torch.meshgrid(
            torch.linspace(-1, 1, height, device=x.device), torch.linspace(-1, 1, width, device=x.device), indexing="ij"
        )
        grid = torch.stack([across, down], -1).flatten(0, 1)
        where = torch.einsum("btpl,pc->btlc", looked_at, grid)
        return seen.flatten(2), where.flatten(2).to(seen.dtype)


def _fold(x: Tensor) -> Tensor:
    """Lay the frames of [batch, channels, frames, h, w] side by side in the batch, channels last in memory."""
    batch, channels, frames, height, width = x.shape
    flat = x.permute(0, 2, 3, 4, 1).reshape(batch * frames, height, width, channels)
    return flat.permute(0, 3, 1, 2)


def _unfold(x: Tensor, batch: int) -> Tensor:
    """Undo `_fold`."""
    return x.unflatten(0, (batch, -1)).transpose(1, 2)


def fit_clips(clips: Tensor, shape: JudgeShape) -> Tensor:
    """Bring clips of any size and length to what a judge reads: areas averaged, frames chosen evenly.

    >>> fit_clips(torch.zeros(1, 3, 25, 192, 320), JudgeShape()).shape
    torch.Size([1, 3, 13, 96, 160])

    Args:
      clips: [batch, 3, frames, height, width] in -1...1.
      shape: The judge's.
    """
    frames = clips.shape[2]
    if frames != shape.frames:
        chosen = torch.linspace(0, frames - 1, shape.frames, dtype=torch.float64).round().long().tolist()
        clips = clips[:, :, chosen]
    if clips.shape[3:] != (shape.height, shape.width):
        flat = clips.transpose(1, 2).flatten(0, 1)
        flat = functional.interpolate(flat, (shape.height, shape.width), mode="area")
        clips = flat.unflatten(0, (len(clips), shape.frames)).transpose(1, 2)
    return clips


def read(judge: Judge, clips: Tensor, batch: int = 32) -> list[Reading]:
    """Read clips.

    Args:
      judge: As `load_judge` gives it.
      clips: [n, 3, frames, height, width] in -1...1, of any size and on any device.
      batch: How many at once.
    """
    device = next(judge.parameters()).device
    readings = []
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        for part in clips.split(batch):
            answers = judge(fit_clips(part.to(device).float(), judge.shape))
            readings += readings_of(answers)
    return readings


def readings_of(answers: dict[str, Tensor]) -> list[Reading]:
    """Put the network's answers into words."""
    answers = {name: answer.cpu() for name, answer in answers.items()}
    found = {name: answers[name].argmax(1).tolist() for name in (*NAMES, "companion", "companion_colour")}
    found["camera_join"] = answers["camera_join"].argmax(1).tolist()
    first, second = answers["first_move"], answers["second_move"]
    amounts = (answers["amounts"].double() * torch.tensor(LARGEST, dtype=torch.float64)).tolist()
    boxes = answers["boxes"].numpy()
    readings = []
    for i in range(len(boxes)):
        names = {name: values[found[name][i]] for name, values in NAMES.items()}
        companion = found["companion"][i]
        join = found["camera_join"][i]
        readings.append(
            Reading(
                **names,
                companion=SUBJECTS[companion - 1] if companion else None,
                companion_colour=COLOURS[found["companion_colour"][i]] if companion else None,
                moves=_moves(int(first[i].argmax()), int(second[i].argmax()), join),
                join=JOINS[join],
                amounts=_in_units(amounts[i]),
                boxes=boxes[i],
            )
        )
    return readings


def _moves(first: int, second: int, join: int) -> tuple[str, ...]:
    if join == SINGLE:
        return (SIGNED_MOVES[first],)
    moving = dict.fromkeys(move for move in (first, second) if move) or (0,)
    return tuple(SIGNED_MOVES[move] for move in moving)


def _in_units(parts: Sequence[float]) -> dict[str, float]:
    return {kind: math.exp(part) if kind == "zoom" else part for kind, part in zip(AMOUNT_KINDS, parts, strict=True)}


def targets_of(attributes: dict[str, Tensor], boxes: Tensor) -> dict[str, Tensor]:
    """Return what a judge should answer for drawn clips.

    Args:
      attributes: As `wan_sdk.nano.world.sample` draws them, as tensors.
      boxes: [n, 2, frames, 4] of the subject and its companion, as `subject_boxes` gives them.

    Returns:
      The class [n] for each of `HEADS` and `CAMERA_HEADS`; "amounts" [n, kinds] in parts of `LARGEST` and
      "amounts_told" [n, kinds], 1 where the camera makes that move; "boxes" [n, frames, 4].
    """
    targets = {name: attributes[name].long() for name in NAMES}
    companion, companion_colour = attributes["companion"].long(), attributes["companion_colour"].long()
    there = companion >= 0
    # Of two that stand still nobody can say which is the first: it is the left one.
    swapped = there & (targets["motion"] == NAMES["motion"].index("still")) & (attributes["companion_side"] < 0)
    subject, colour = targets["subject"], targets["colour"]
    targets["subject"] = torch.where(swapped, companion, subject)
    targets["colour"] = torch.where(swapped, companion_colour, colour)
    targets["companion"] = torch.where(swapped, subject, companion) + 1
    targets["companion_colour"] = torch.where(swapped, colour, companion_colour)
    swapped = swapped.to(boxes.device)
    first = torch.where(swapped[:, None, None], boxes[:, 1], boxes[:, 0])
    targets["boxes"] = first.nan_to_num(0.5).clamp(-0.2, 1.2)
    return targets | _camera_targets(attributes)


def _camera_targets(attributes: dict[str, Tensor]) -> dict[str, Tensor]:
    kind, amount = attributes["camera_kind"].long(), attributes["camera_amount"].double()
    join = attributes["camera_join"].long()
    kind = torch.where((join == SINGLE)[:, None] & (torch.arange(2) == 1), 0, kind)
    size = torch.where(kind == MOVE_KINDS.index("zoom"), amount.clamp_min(1e-3).log(), amount)
    # 0 static, then two for each kind in the order of `MOVE_KINDS`; handheld, the last kind, has one.
    signed = torch.where(kind == 0, 0, 2 * kind - 1 + ((size < 0) & (kind < len(MOVE_KINDS) - 1)).long())
    ordered = torch.where((join == AT_ONCE)[:, None], signed.sort(1).values, signed)
    amounts, told = torch.zeros(len(kind), len(MOVE_KINDS)), torch.zeros(len(kind), len(MOVE_KINDS))
    amounts.scatter_(1, kind, size.float())
    told.scatter_(1, kind, 1.0)
    return {
        "first_move": ordered[:, 0],
        "second_move": ordered[:, 1],
        "camera_join": join,
        "amounts": amounts[:, 1:] / torch.tensor(LARGEST),
        "amounts_told": told[:, 1:],
    }


def readings_of_targets(targets: dict[str, Tensor]) -> list[Reading]:
    """Return the readings of a judge that is never wrong."""
    counts = HEADS | CAMERA_HEADS
    answers = {name: functional.one_hot(targets[name].clamp_min(0), count).float() for name, count in counts.items()}
    return readings_of(answers | {name: targets[name] for name in ("amounts", "boxes")})


def save_judge(judge: Judge, folder: Path) -> None:
    """Write a judge in half precision, and its shape beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().half().contiguous().cpu() for name, value in judge.state_dict().items()}
    write_whole(folder / "judge.safetensors", to_bytes(state))
    write_whole(folder / "judge.json", (json.dumps(asdict(judge.shape), indent=1) + "\n").encode())


def load_judge(folder: str | Path, device: torch.device | str = "cpu") -> Judge:
    """Load a judge that the stage `judge` has written, ready to read.

    Args:
      folder: Where ``judge.safetensors`` and ``judge.json`` are.
      device: Where it is to read.
    """
    folder = Path(folder)
    facts = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    shape = JudgeShape(**{name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()})
    judge = Judge(shape)
    judge.load_state_dict({name: value.float() for name, value in load_file(folder / "judge.safetensors").items()})
    return judge.to(device).eval().requires_grad_(False)
