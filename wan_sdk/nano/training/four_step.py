"""Stage `four_step`: a student that needs four steps and no guidance.

On-policy: the student walks its own way from noise, through the four noise levels at which it will be used. At each,
the teacher takes three guided steps from *where the student is*, and the student learns the straight line to where
the teacher ends. It never sees clean clips but for given first frames; captions and noise are all it needs.

It samples with `DPMSolverMultistepScheduler(solver_order=1, prediction_type="flow_prediction", use_flow_sigmas=True,
flow_shift=3.0)`, whose noise levels are exactly `nodes(4)`, and a guidance of 1.
"""

from __future__ import annotations

import itertools

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor
from transformers import UMT5EncoderModel

from wan_sdk.models.nano import NANO
from wan_sdk.nano.training.data import open_pools
from wan_sdk.nano.training.muon import MovingAverage, Muon
from wan_sdk.nano.training.networks import empty_prompt, make_text_encoder, make_transformer, text_states
from wan_sdk.nano.training.run import Checkpoint, Run, share_gradients
from wan_sdk.nano.training.skipped import SkippedSteps
from wan_sdk.nano.training.transformer import FIRST_FRAME_GIVEN, load_text_encoder, load_vae, save_transformer
from wan_sdk.nano.training.two_times import compile_blocks, known_first_frame, levels_of, velocity

LEARNING_RATE = 1e-3
# At 1e-3 the loss of an earlier student first rose, from .147 to .169 at its first noise level.
LEARNING_RATE_FROM_EARLIER = 5e-4
STEPS = NANO.draft.steps
TEACHER_STEPS = 3  # in each step of the student
GUIDANCE = NANO.guidance[0]
FLOW_SHIFT = NANO.draft.flow_shift


def train_four_step(run: Run, seed: int = 51) -> None:
    """Train the four-step transformer from the finished one, or from an earlier student, and write it to `run.out`."""
    torch.manual_seed(seed)
    student, teacher = (make_transformer(run.scale).to(run.device) for _ in range(2))
    for transformer in (student, teacher.eval().requires_grad_(False)):
        compile_blocks(transformer, compiled=run.compiled)
    encoder = make_text_encoder(run.scale).to(run.device).eval().requires_grad_(False)
    if run.compiled:
        warm_up(run, teacher, student, encoder)
    pools = open_pools(run, seed)
    vae = load_vae(run)
    for pool in pools:
        pool.open(vae)

    teacher.load_state_dict(load_transformer(run).state_dict())
    encoder.load_state_dict(load_text_encoder(run, "transformer").state_dict())
    earlier = earlier_student(run)
    student.load_state_dict((earlier or teacher).state_dict())
    peak = LEARNING_RATE_FROM_EARLIER if earlier else LEARNING_RATE
    optimizer, average = Muon(student.named_parameters()), MovingAverage(student, 0.99)
    checkpoint = Checkpoint(run, student, optimizer, average)
    step = checkpoint.resume()
    torch.manual_seed(seed + run.rank + 1000 * step)
    sums, counted, skipped = torch.zeros(STEPS, device=run.device), 0, SkippedSteps(run)
    while run.clock.tick(every=1) if run.clock.begun else True:
        turn = run.scale.turn(step // STEPS)
        latents, ids, _ = pools[turn].draw()
        batch = len(ids)
        text = guided_text(run, encoder, ids)
        given = (torch.rand(batch, device=run.device) < FIRST_FRAME_GIVEN).float()
        walk = torch.randn_like(latents)
        for node in range(STEPS):
            walk = known_first_frame(walk, latents, given)
            loss, walk = student_step(run, teacher, student, walk, latents, given, text, node)
            loss.backward()
            _, good = share_gradients(optimizer.parameters, run)
            skipped.count(turn, good)
            optimizer.step(run.clock.learning_rate(peak, step, warm_up=40, flat=0.0))
            average.update(student)
            sums[node] += loss.detach()
            step += 1
        counted += 1
        if not run.clock.begun:
            run.clock.begin()
            run.journal.say("compiled")
        if counted == 25:
            _write_row(run, step, sums / counted, skipped.so_far())
            sums, counted = torch.zeros_like(sums), 0
            checkpoint.save(step)
    if counted:
        _write_row(run, step, sums / counted, skipped.so_far())
    checkpoint.save(step, now=True)
    average.copy_to(student)
    skipped.note()
    if run.first:
        save_transformer(student, run.out / NANO.draft.folder, run)
    run.journal.finish()


def warm_up(
    run: Run, teacher: WanTransformer3DModel, student: WanTransformer3DModel, encoder: UMT5EncoderModel
) -> None:
    """Compile both networks on noise for every shape, so that the student can start when the teacher is ready."""
    for shape in run.from_elsewhere(run.scale.shapes):
        batch = run.share(shape.batch)
        noise, given = torch.randn(batch, *shape.latent, device=run.device), torch.ones(batch, device=run.device)
        text = guided_text(run, encoder, empty_prompt(run.device).expand(batch, -1))
        student_step(run, teacher, student, noise, noise, given, text, 0)[0].backward()
        student.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()  # another stage is training on this GPU meanwhile
    run.journal.say("blocks compiled")


def load_transformer(run: Run) -> WanTransformer3DModel:
    """Wait for the transformer and load it, in fp32."""
    folder = run.wait_for("transformer") / "transformer"
    return WanTransformer3DModel.from_pretrained(folder, dtype=torch.float32).to(run.device)


def earlier_student(run: Run) -> WanTransformer3DModel | None:
    """Load the student of the nano that the training starts from, if it has one."""
    folder = run.start and run.start / NANO.draft.folder
    if not folder or not folder.exists():
        return None
    return WanTransformer3DModel.from_pretrained(folder, dtype=torch.float32).to(run.device)


def nodes(steps: int) -> Tensor:
    """Return the noise levels of a sampler of so many steps, [steps + 1], from nearly 1 down to 0."""
    level = 1 - torch.linspace(1, 1 / 1000, steps + 1)
    level = torch.flip(FLOW_SHIFT * level / (1 + (FLOW_SHIFT - 1) * level), [0])
    level[-1] = 0.0
    return level


def guided_text(run: Run, encoder: UMT5EncoderModel, ids: Tensor) -> Tensor:
    """Encode captions and, after them, as many empty prompts, [2 batch, words, width]."""
    with torch.no_grad(), run.autocast():
        told = text_states(encoder, ids)
        untold = text_states(encoder, empty_prompt(run.device)[None]).expand(len(ids), -1, -1)
    return torch.cat([told, untold]).float()


def student_step(
    run: Run,
    teacher: WanTransformer3DModel,
    student: WanTransformer3DModel,
    walk: Tensor,
    clean: Tensor,
    given: Tensor,
    text: Tensor,
    node: int,
) -> tuple[Tensor, Tensor]:
    """Return the student's loss at one of its four noise levels, and where its own step takes it."""
    here, there = nodes(STEPS)[node : node + 2].tolist()
    target = (walk - teacher_walk(run, teacher, walk, clean, given, text, node)) / (here - there)
    with run.autocast():
        answer = velocity(student, walk, _levels(here, given), text[: len(walk)]).float()
    counts = torch.ones_like(target)
    counts[:, :, 0] = (1 - given).view(-1, 1, 1, 1)
    loss = ((answer - target) ** 2 * counts).sum() / counts.sum()
    return loss, (walk + (there - here) * answer).detach()


@torch.no_grad()
def teacher_walk(
    run: Run, teacher: WanTransformer3DModel, walk: Tensor, clean: Tensor, given: Tensor, text: Tensor, node: int
) -> Tensor:
    """Return where three guided steps of the teacher lead from the student's place."""
    fine = nodes(STEPS * TEACHER_STEPS)
    fine[::TEACHER_STEPS] = nodes(STEPS)
    levels = fine[node * TEACHER_STEPS : (node + 1) * TEACHER_STEPS + 1].tolist()
    for here, there in itertools.pairwise(levels):
        walk = known_first_frame(walk, clean, given)
        with run.autocast():
            both = velocity(teacher, torch.cat([walk, walk]), _levels(here, torch.cat([given, given])), text).float()
        told, untold = both.chunk(2)
        walk = walk + (there - here) * (untold + GUIDANCE * (told - untold))
    return walk


def _levels(level: float, given: Tensor) -> Tensor:
    """Pair the noise levels as the sampler will give them: whole thousandths, rounded down."""
    return levels_of(torch.full_like(given, int(level * 1000) / 1000), given)


def _write_row(run: Run, step: int, losses: Tensor, skipped: int) -> None:
    by_node = {f"loss_{node + 1}": value for node, value in enumerate(losses.tolist())}
    run.journal.row(updates=step, seconds=round(run.clock.seconds), skipped=skipped, **by_node)
