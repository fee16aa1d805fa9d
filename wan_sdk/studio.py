"""Where a scene becomes a clip: the only room that knows all the others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_sdk import _doors, models, settings
from wan_sdk.engine.protocol import CancelToken, Engine, Listener, Planned, StageDone, StageStarted
from wan_sdk.errors import UsageError
from wan_sdk.gallery import Gallery
from wan_sdk.job import Job, Queue
from wan_sdk.models.model import Model
from wan_sdk.planning import Plan, resolve
from wan_sdk.planning.call import Call, Machine, Probe
from wan_sdk.spec import Lora, Marking, Reference, Scene, Shot, Sweep
from wan_sdk.take import Takes, prepare_folder

if TYPE_CHECKING:
    from wan_sdk.cut import Cut
    from wan_sdk.take import Take

TIERS = ("draft", "fast", "exact")


class Studio:
    """Plan and render shots, scenes and sweeps with one model kept ready.

    >>> studio = Studio("nano", maker="Ada Films")           # loads nothing yet
    >>> studio.plan(Shot("a boat on the sea", seconds=2))    # doctest: +SKIP
    >>> take = studio.render(Shot("a boat on the sea", seconds=2))   # doctest: +SKIP

    Args:
      model: Name in the catalogue, or a `models.at(folder, like=...)` of your own; else
        ``WAN_SDK_MODEL``, else ``nano``. A model named here wins over the shot's and the scene's.
      gallery: Where takes are kept: a Gallery or a folder.
      marking: How outputs are marked; marks are on by default.
      tier: "exact" follows the authors' recipe, and so does "fast" in this version; a "draft" is made by the model's
        student where it has one, else in half of the steps.
      gpus: GPUs to use; this version uses one.
      download: Whether missing weights may be downloaded.
      offline: True forbids every socket, by us and by the libraries under us; else ``WAN_SDK_OFFLINE``.
      maker: The name that stands in the manifest.
      engine: An engine of your own (two methods: see `wan_sdk.engine.protocol.Engine`).
    """

    def __init__(
        self,
        model: str | Model | None = None,
        *,
        gallery: Gallery | str | os.PathLike[str] | None = None,
        marking: Marking | None = None,
        tier: str = "exact",
        gpus: int = 1,
        download: bool = False,
        offline: bool | None = None,
        maker: str | None = None,
        engine: Engine | None = None,
    ) -> None:
        if tier not in TIERS:
            raise UsageError(f"tier={tier!r} is not one of {', '.join(TIERS)}", where="Studio")
        if gpus != 1:
            raise UsageError(
                f"gpus={gpus!r}: this version renders on one GPU",
                where="Studio",
                hint="start one studio for each GPU, in processes of their own (CUDA_VISIBLE_DEVICES)",
            )
        if marking is not None and not isinstance(marking, Marking):
            raise UsageError(
                f"marking is {marking!r:.80}; it must be a Marking", where="Studio", hint="Marking(prompt='include')"
            )
        if model is not None and not isinstance(model, Model):
            models.get(model)
        self.model = model.key if isinstance(model, Model) else model
        self.gallery = gallery if isinstance(gallery, Gallery) else Gallery(gallery)
        self.marking = marking or Marking()
        self.tier = tier
        self.download = download
        self.offline = settings.offline(offline)
        self.maker = _checked_maker(maker)
        self._own_models = {model.key: model} if isinstance(model, Model) else {}
        self._engine = engine
        self._queue = Queue()
        self._rendering = threading.RLock()

    def __repr__(self) -> str:
        return f"Studio(model={self.model or settings.model_name()!r}, gallery={str(self.gallery.folder)!r})"

    # -- planning ---------------------------------------------------------------------------------

    def plan(self, x: Shot | Scene | Sweep) -> Plan:
        """Write out every model call that `x` needs, without running any.

        Raises:
          UsageError: If something asked cannot be; names the field, what is allowed and the nearest choice.
          MediaError: If a reference cannot be read.
        """
        _check_renderable(x)
        return resolve(
            x,
            catalogue=tuple(self.catalogue.values()),
            machine=self.machine,
            probes=_measured(x),
            model=self.model,
            default_model=settings.model_name(),
            tier=self.tier,
            maker=self.maker,
            vocabulary=_vocabulary(),
        )

    @cached_property
    def catalogue(self) -> Mapping[str, Model]:
        """The models that this studio can name, by key."""
        return {model.key: model for model in (*models.catalogue(), *self._own_models.values())}

    @cached_property
    def machine(self) -> Machine:
        """The figures of this machine, for the estimate."""
        from wan_sdk.engine.machine import measure_machine

        return measure_machine()

    # -- rendering --------------------------------------------------------------------------------

    def render(
        self,
        x: Shot | Scene | Sweep,
        *,
        out: str | os.PathLike[str] | None = None,
        fresh: bool = False,
        listen: Listener | None = None,
    ) -> Take | Cut | Takes:
        """Render a Shot to a Take, a Scene to a Cut, a Sweep to Takes.

        Args:
          x: What to render.
          out: A folder that gets a copy of the signed file under a readable name.
          fresh: Render again even what lies in the gallery under the same recipe.
          listen: Called with every engine event, `Planned` first; in a notebook a progress panel listens by itself.

        Raises:
          UsageError: If what was asked cannot be; before any weight is loaded.
          WanError: What went wrong later; the gallery is left whole.
        """
        started = time.perf_counter()
        x, plan, folder = self._ready(x, out)
        listen = listen or _doors.progress_listener(plan.title, plan) or _deaf
        listen(Planned(plan.calls))
        listen(StageStarted(0, "plan"))
        listen(StageDone(0, "plan", time.perf_counter() - started))
        return self._produce(x, plan, folder, fresh, listen, CancelToken())

    def submit(self, x: Shot | Scene | Sweep, *, out: str | os.PathLike[str] | None = None, fresh: bool = False) -> Job:
        """Render in the background; returns at once with a Job that shows itself as a live panel.

        Raises:
          UsageError: If what was asked cannot be, as for `render`; what goes wrong later is in the job.
        """
        x, plan, folder = self._ready(x, out)
        job = Job(plan.title, plan)
        return self._queue.put(job, lambda job: self._produce(x, plan, folder, fresh, job._hear, job.cancel_token))  # noqa: SLF001

    def unload(self) -> None:
        """Forget all weights and free their memory; the next render loads them again."""
        with self._rendering:
            if self._engine is not None:
                self._engine.unload()

    @property
    def engine(self) -> Engine:
        """What runs the model; made when first needed."""
        if self._engine is None:
            from wan_sdk.engine.local import LocalEngine

            self._engine = LocalEngine(self.catalogue, download=self.download, offline=self.offline)
        return self._engine

    def weights_sha256(self, call: Call, *, latents: bool = False) -> str:
        """Return the hash of exactly the weight files that a call uses, without loading them.

        Args:
          call: The model call.
          latents: Leave out the files that have no part in its latents and only decode them.

        Raises:
          ModelNotHere: If the model, or the student or upscaler that the call names, is not on this machine.
        """
        from wan_sdk.engine import checkpoint

        chosen = self.catalogue[call.model]
        fetching = self.download and not self.offline and not checkpoint.is_here(chosen)
        found = checkpoint.fetch(chosen, offline=False) if fetching else checkpoint.find(chosen)
        return found.sha256(found.denoised_by(call) if latents else found.used_by(call))

    def _ready(self, x: Any, out: Any) -> tuple[Any, Plan, Path | None]:
        """Plan, and find out that the folders can be written; only then is anything written, arrays first."""
        from wan_sdk.materials import with_files
        from wan_sdk.production import check_servable, marking_of

        plan = self.plan(x)
        check_servable(plan, marking_of(x, self.marking), offline=self.offline)
        self.gallery.prepare()
        folder = None if out is None else Path(out).expanduser()
        if folder is not None:
            prepare_folder(folder, where=f"output folder {folder}", hint="choose a folder that you may write to")
        kept = with_files(x, self.gallery.folder / "references")
        return (x, plan, folder) if kept == x else (kept, self.plan(kept), folder)

    def _produce(
        self, x: Any, plan: Plan, folder: Path | None, fresh: bool, listen: Listener, cancel: CancelToken
    ) -> Take | Cut | Takes:
        from wan_sdk.copies import deliver_copies
        from wan_sdk.production import Production

        with self._rendering:
            production = Production(self, x, plan, fresh=fresh, listen=listen, cancel=cancel)
            if isinstance(x, Shot):
                result: Any = production.take(0)
            elif isinstance(x, Sweep):
                result = Takes([production.take(index) for index in range(len(x))], x.axes)
            else:
                result = production.cut(x)
        if folder:
            deliver_copies(x, result, folder)
        return result


@cache
def default_studio() -> Studio:
    """Return the studio behind `wan.render(x)` and `x.render()`: made once, loads nothing until it must."""
    return Studio()


def _deaf(_event: Any) -> None:
    pass


def _checked_maker(maker: str | None) -> str | None:
    """Find out now, not after a render, whether a manifest can name the maker."""
    if maker is None:
        return None
    from wan_sdk.marking.manifest import Claims

    hint = "a name as it should stand in the manifest, e.g. maker='Ada Films'"
    if not isinstance(maker, str):
        raise UsageError(f"maker is {maker!r:.80}; it must be text", where="Studio", hint=hint)
    try:
        return Claims("t2v", maker=maker).maker
    except UsageError as problem:
        raise UsageError(problem.message, where="Studio", hint=hint) from None


def _check_renderable(x: object) -> None:
    if not isinstance(x, Shot | Scene | Sweep):
        raise UsageError(f"{type(x).__name__} cannot be rendered", hint="give a Shot, a Scene or a Sweep")
    if isinstance(x, Scene) and not len(x):
        raise UsageError("the scene has no shots", where=f"Scene {x.title!r}", hint='scene.shot("…") adds one')


def _measured(x: Shot | Scene | Sweep) -> Mapping[Reference | Lora, Probe]:
    from wan_sdk.materials import measure

    return measure(x)


@cache
def _vocabulary() -> frozenset[str]:
    from wan_sdk.nano.language.vocabulary import known_words

    return known_words()
