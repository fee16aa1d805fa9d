"""Stage `text`: a text encoder that already knows what the words mean before the transformer meets it.

It reads captions; one small head for each attribute of the scene must say the attribute from its output. A head looks
at the words through attention pooling, so the answer has to sit in the word vectors, where the transformer looks.
The heads are thrown away; the encoder learns on with the transformer.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from wan_sdk.nano.attributes import COLOURS, MOVE_KINDS, NAMES, SUBJECTS
from wan_sdk.nano.language.vocabulary import PAD, VOCABULARY
from wan_sdk.nano.training.data import draw, hide_words
from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import make_text_encoder, text_states
from wan_sdk.nano.training.run import Checkpoint, Run, share_gradients
from wan_sdk.nano.world.camera import LARGEST

LEARNING_RATE = 2e-3
UNKNOWN_WORDS = 0.015
_AMOUNT_STEPS = 21  # classes from the largest amount one way to the largest the other way

CLASSES = {
    **{name: len(values) for name, values in NAMES.items()},
    "companion": len(SUBJECTS) + 1,
    "companion_colour": len(COLOURS) + 1,
    "first_move": len(MOVE_KINDS),
    "second_move": len(MOVE_KINDS),
    "first_amount": _AMOUNT_STEPS,
    "second_amount": _AMOUNT_STEPS,
    "camera_join": 3,
}


class Heads(nn.Module):
    """One attention pooling and one linear layer for each attribute."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.queries = nn.ParameterDict({name: nn.Parameter(0.1 * torch.randn(width)) for name in CLASSES})
        self.answers = nn.ModuleDict({name: nn.Linear(width, count) for name, count in CLASSES.items()})

    def forward(self, states: Tensor, ids: Tensor) -> dict[str, Tensor]:
        """Answer each attribute from word vectors, [batch, words, width]."""
        padding = ids == VOCABULARY[PAD]
        answers = {}
        for name, query in self.queries.items():
            looked_at = torch.softmax((states @ query).masked_fill(padding, -1e4), 1)
            answers[name] = self.answers[name]((states * looked_at[..., None]).sum(1))
        return answers


def train_text(run: Run, seed: int = 7) -> None:
    """Train the text encoder and write it to `run.out`."""
    torch.manual_seed(seed)
    encoder = make_text_encoder(run.scale).to(run.device)
    both = nn.ModuleList([encoder, Heads(encoder.config.d_model).to(run.device)])
    optimizer = Muon(both.named_parameters(), adam_share=1.0)
    average = MovingAverage(both, 0.99)
    checkpoint = Checkpoint(run, both, optimizer, average)
    step = checkpoint.resume()
    batches = captions_with_answers(run, seed + step)
    sums: dict[str, Tensor] = {}
    counted, loss_sum = 0, torch.zeros((), device=run.device)
    while run.clock.tick() if run.clock.begun else True:
        ids, truth = next(batches)
        answers = both[1](text_states(encoder, hide_words(ids, UNKNOWN_WORDS)), ids)
        loss = sum(functional.cross_entropy(answers[name], truth[name]) for name in CLASSES)
        loss.backward()
        share_gradients(optimizer.parameters, run)
        optimizer.step(run.clock.learning_rate(LEARNING_RATE, step, warm_up=100))
        average.update(both)
        step, counted, loss_sum = step + 1, counted + 1, loss_sum + loss.detach()
        for name in CLASSES:
            right = (answers[name].argmax(1) == truth[name]).float().mean()
            sums[name] = sums.get(name, 0) + right
        if not run.clock.begun:
            run.clock.begin()
        if counted == 100:
            _write_row(run, step, loss_sum, sums, counted)
            sums, counted, loss_sum = {}, 0, torch.zeros_like(loss_sum)
            checkpoint.save(step)
    if counted:
        _write_row(run, step, loss_sum, sums, counted)
    checkpoint.save(step, now=True)
    average.copy_to(both)
    if run.first:
        encoder.half().save_pretrained(run.out / "text_encoder")
    run.journal.finish()


def captions_with_answers(run: Run, seed: int) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Draw batches of tokens, cut to the longest caption, with the class of every attribute."""
    batch, kept = run.share(run.scale.text_batch), []
    drawn = draw(run, seed, min(64, batch), 0)
    while True:
        attributes, _, ids = next(drawn)
        kept.append((ids[:, 0].long(), answers_of(attributes)))
        if sum(len(ids) for ids, _ in kept) < batch:
            continue
        ids = torch.cat([ids for ids, _ in kept]).to(run.device)
        longest = int((ids != VOCABULARY[PAD]).sum(1).max())
        truth = {name: torch.cat([answers[name] for _, answers in kept]).to(run.device) for name in CLASSES}
        yield ids[:, :longest], truth
        kept = []


def answers_of(attributes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the class of every attribute of `CLASSES` for a batch of scenes."""
    answers = {name: attributes[name].long() for name in NAMES}
    answers["companion"] = attributes["companion"].long() + 1
    there = answers["companion"] > 0
    answers["companion_colour"] = torch.where(there, attributes["companion_colour"].long() + 1, 0)
    answers["camera_join"] = attributes["camera_join"].long()
    for column, name in enumerate(("first", "second")):
        kind = attributes["camera_kind"][:, column].long()
        if column:
            kind = torch.where(answers["camera_join"] > 0, kind, MOVE_KINDS.index("static"))
        answers[f"{name}_move"] = kind
        answers[f"{name}_amount"] = _amount_class(kind, attributes["camera_amount"][:, column].float())
    return answers


def _amount_class(kind: Tensor, amount: Tensor) -> Tensor:
    largest = torch.tensor([LARGEST.get(name, 1.0) for name in MOVE_KINDS])[kind]
    amount = torch.where(kind == MOVE_KINDS.index("zoom"), amount.clamp_min(1e-3).log(), amount)
    amount = torch.where(kind == MOVE_KINDS.index("static"), 0.0, amount)
    half = _AMOUNT_STEPS // 2
    return (amount / largest * half).round().clamp(-half, half).long() + half


def _write_row(run: Run, step: int, loss: Tensor, sums: dict[str, Tensor], counted: int) -> None:
    right = {name: round(float(total / counted), 3) for name, total in sums.items()}
    run.journal.row(step=step, seconds=round(run.clock.seconds), loss=float(loss / counted), **right)
