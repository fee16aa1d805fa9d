"""Knobs over a shot or scene for those who would rather turn them: the plan follows, Render and Keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets

from wan_sdk.errors import WanError
from wan_sdk.notebook import html
from wan_sdk.notebook.camera_path import camera_path_png
from wan_sdk.notebook.panel import Panel, cancel_once, ending_of
from wan_sdk.notebook.plan_table import plan_html
from wan_sdk.notebook.progress import Progress
from wan_sdk.spec import Camera, Shot, Size

AUTHORS = "as the model's authors say"


class Explorer:
    """Turn the knobs of a shot, or of one shot of a scene, and see what it would take.

    >>> explorer = explore(Shot("a boat on the sea", seconds=2))    # doctest: +SKIP
    >>> explorer.value, explorer.kept                               # doctest: +SKIP

    Empty fields follow the recipe of the model's authors. What is written here is a plain Shot or
    Scene, in `value`; what was kept is in `kept`, to be shown in a cell of its own.

    Args:
      x: A Shot or Scene.
      studio: Plans and renders; the default studio unless given.
    """

    def __init__(self, x: Any, studio: Any) -> None:
        self.value = x
        self.kept: list[Any] = []
        self.result: Any = None
        self._studio = studio
        self._job: Any = None
        self._filling = True  # knobs that are being set are not turned
        self._build()
        self._fill()
        self._follow()

    def __repr__(self) -> str:
        return f"Explorer of {self.value!r}; {len(self.kept)} kept"

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        if getattr(get_ipython(), "kernel", None) is None:
            print(repr(self))  # noqa: T201 - a terminal shows text where a notebook shows widgets
            return
        display(self.box)

    @property
    def shot(self) -> Shot:
        """The shot whose knobs are shown."""
        return self.value if isinstance(self.value, Shot) else self.value.shots[self._which.value]

    def keep(self) -> None:
        """Put what was rendered last, else what is written, among what is kept."""
        self.kept.append(self.result if self.result is not None else self.value)
        self._say(f"Kept as explorer.kept[{len(self.kept) - 1}]; show it in a cell of its own and it stays.")

    def render(self) -> Any:
        """Render what is written in the background and show how it goes; return the Job."""
        self._stop_button.disabled, self._render_button.disabled = False, True
        self.result = None
        self._job = job = self._studio.submit(self.value)

        def ending() -> tuple[str, str] | None:
            told = ending_of(job)
            if told:
                self._done(job)
            return told

        panel = Panel(Progress(job.title, job.plan), self._paint, ending)
        job.listen(panel)
        return job

    def _build(self) -> None:
        wide = ipywidgets.Layout(width="98%")
        self._which = ipywidgets.Dropdown(description="shot", layout=ipywidgets.Layout(width="50%"))
        if not isinstance(self.value, Shot):
            self._which.options = [
                (shot.name or f"shot {index + 1}", index) for index, shot in enumerate(self.value.shots)
            ]
            self._which.value = 0
        self._prompt = ipywidgets.Textarea(description="prompt", rows=3, layout=wide, continuous_update=False)
        self._camera = self._text("camera", "slow push in, then pan left")
        self._look = self._text("look", "watercolour")
        self._model = ipywidgets.Dropdown(description="model")
        self._size = ipywidgets.Dropdown(description="size")
        self._seconds = self._text("seconds", AUTHORS)
        self._seed = self._text("seed", "from the prompt")
        self._steps = self._text("steps", AUTHORS)
        self._guidance = self._text("guidance", AUTHORS)
        self._drawing = ipywidgets.HTML()
        self._plan = ipywidgets.HTML(layout=wide)
        self._message = ipywidgets.HTML()
        self._render_button = ipywidgets.Button(description="Render", button_style="primary")
        self._stop_button = ipywidgets.Button(description="Cancel", disabled=True)
        self._keep_button = ipywidgets.Button(description="Keep")
        self._screen = ipywidgets.HTML(layout=wide)
        self._render_button.on_click(lambda _: self.render())
        self._stop_button.on_click(lambda button: cancel_once(button, self._job))
        self._keep_button.on_click(lambda _: self.keep())
        knobs = [self._prompt, self._camera, self._look, self._model, self._size, self._seconds, self._seed,
                 self._steps, self._guidance]  # fmt: skip
        for knob in knobs:
            knob.observe(lambda _: self._turned(), names="value")
        self._which.observe(lambda _: self._fill(), names="value")
        wrapped = ipywidgets.Layout(display="flex", flex_flow="row wrap")
        rows = ipywidgets.Box(knobs[1:], layout=wrapped)
        buttons = ipywidgets.HBox([self._render_button, self._stop_button, self._keep_button, self._message])
        chooser = [] if isinstance(self.value, Shot) else [self._which]
        left = ipywidgets.VBox([*chooser, self._prompt, rows], layout=ipywidgets.Layout(width="75%"))
        self.box = ipywidgets.VBox(
            [ipywidgets.HBox([left, self._drawing]), buttons, self._plan, self._screen], layout=wide
        )
        models = {model.key: model.title for model in self._studio.catalogue.values() if model.runnable}
        if self.shot.model:
            models.setdefault(self.shot.model, self.shot.model)
        self._model.options = [("as the studio says", ""), *((title, key) for key, title in models.items())]

    @staticmethod
    def _text(name: str, placeholder: str) -> ipywidgets.Text:
        return ipywidgets.Text(description=name, placeholder=placeholder, continuous_update=False)

    def _fill(self) -> None:
        """Set the knobs to what the shot says."""
        self._filling = True
        shot = self.shot
        self._prompt.value = shot.prompt
        self._camera.value = shot.camera.words() if shot.camera else ""
        self._look.value = shot.look.words if shot.look else ""
        self._model.value = shot.model or ""
        self._size.options = self._sizes()
        self._size.value = shot.size or ""
        for knob, value in self._numbers(shot):
            knob.value = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        self._filling = False
        self._draw()

    def _numbers(self, shot: Shot) -> list[tuple[ipywidgets.Text, Any]]:
        guidance = shot.guidance if not isinstance(shot.guidance, tuple) else shot.guidance[0]
        return [
            (self._seconds, shot.seconds),
            (self._seed, shot.seed),
            (self._steps, shot.steps),
            (self._guidance, guidance),
        ]

    def _sizes(self) -> list[tuple[str, Size | str]]:
        """Return the sizes of the model, and what the shot says if that is another."""
        key = self._model.value or self._studio.plan(self.value).calls[0].model
        sizes = [Size(width, height) for width, height in self._studio.catalogue[key].sizes]
        own = [self.shot.size] if self.shot.size and self.shot.size not in sizes else []
        return [("as the model likes", ""), *((_said_size(size), size) for size in [*sizes, *own])]

    def _turned(self) -> None:
        """Write what the knobs say into the shot; what cannot be leaves it as it was and says why."""
        if self._filling:
            return
        try:
            shot = self._written()
        except WanError as problem:
            self._refuse(problem)
            return
        if isinstance(self.value, Shot):
            self.value = shot
        else:
            self.value = self.value.replacing(self._which.value, shot)
        self.result = None
        self._draw()
        self._follow()

    def _written(self) -> Shot:
        old = self.shot
        words, look = self._camera.value.strip(), self._look.value.strip()
        camera = old.camera if old.camera and words == old.camera.words() else Camera.parse(words) if words else None
        guidance = _number(self._guidance.value, float, "guidance")
        if isinstance(old.guidance, tuple) and guidance == old.guidance[0]:
            guidance = old.guidance
        return replace(
            old,
            prompt=self._prompt.value,
            camera=camera,
            look=old.look if old.look and old.look.words == look else look or None,
            model=self._model.value or None,
            size=self._size.value or None,
            seconds=_number(self._seconds.value, float, "seconds"),
            seed=_number(self._seed.value, int, "seed"),
            steps=_number(self._steps.value, int, "steps"),
            guidance=guidance,
        )

    def _draw(self) -> None:
        camera = self.shot.camera
        if camera is None:
            self._drawing.value = ""
            return
        drawing = html.picture(camera_path_png(camera, width=240), alt=camera.words(), kind="image/png")
        self._drawing.value = html.figure(drawing, html.readable(camera.words(), 120), width=240)

    def _follow(self) -> None:
        """Show the plan of what is written."""
        try:
            self._plan.value = plan_html(self._studio.plan(self.value))
        except WanError as problem:
            self._refuse(problem)
            return
        self._say("")
        self._render_button.disabled = self._job is not None and self._job.state in ("queued", "running")

    def _refuse(self, problem: WanError) -> None:
        hint = f" {problem.hint}" if problem.hint else ""
        self._plan.value = html.tag("p", html.tag("strong", "Not yet: "), html.readable(f"{problem}{hint}"))
        self._render_button.disabled = True

    def _paint(self, progress: Progress) -> None:
        if progress.state != "done":
            self._screen.value = progress.html()

    def _done(self, job: Any) -> None:
        from wan_sdk.notebook import mimebundle

        self._stop_button.disabled, self._render_button.disabled = True, False
        self._stop_button.description = "Cancel"
        if job.state == "done":
            result = job.result()
            self._screen.value = mimebundle(result)["text/html"]
            self.result = result

    def _say(self, words: str) -> None:
        self._message.value = html.tag("span", words)


def explore(x: Any = None, *, studio: Any = None) -> Explorer:
    """Return knobs over a Shot or Scene, with the plan following as they turn.

    >>> explore("a boat on the sea")       # doctest: +SKIP

    Args:
      x: A Shot, a Scene, or the words of a prompt; a prompt to begin with unless given.
      studio: Plans and renders; the default studio unless given.
    """
    from wan_sdk.studio import default_studio

    if x is None or isinstance(x, str):
        x = Shot(x or "a red ball rolls over green grass", seconds=2)
    return Explorer(x, studio or default_studio())


def _said_size(size: Size | str) -> str:
    return size if isinstance(size, str) else f"{size.width}x{size.height}"


def _number(text: str, kind: type, name: str) -> Any:
    if not text.strip():
        return None
    try:
        return kind(text)
    except ValueError:
        from wan_sdk.errors import SpecError

        wanted = "a whole number" if kind is int else "a number"
        raise SpecError(
            f"{name} is {text.strip()[:40]!r}; it must be {wanted}", where="explorer", hint="or empty"
        ) from None
