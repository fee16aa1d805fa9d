"""What hypothesis draws: any piece of the spec that can be written down."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from wan_sdk.spec import Camera, Character, Look, Lora, Marking, Reference, Scene, Shot, Size, Transition
from wan_sdk.spec.camera_moves import EASES, Move

quick = settings(max_examples=50, deadline=None)
few = settings(max_examples=15, deadline=None)  # for whole scenes, which are large

words = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cc", "Cs"),
        exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ),
    min_size=1,
    max_size=40,
).map(lambda text: "w" + text)
lines = words.map(lambda text: " ".join(text.split()))
paths = st.from_regex(r"[a-zA-Z0-9_ ./-]{0,20}[a-z]\.(png|mp4)", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
seeds = st.integers(0, 2**63 - 1)


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


moves = st.one_of(
    st.builds(Move, st.sampled_from(["pan", "tilt", "roll", "orbit"]), amounts(-400, 400)),
    st.builds(Move, st.just("zoom"), amounts(0.05, 20)),
    st.builds(Move, st.just("dolly"), amounts(-3, 0.99)),
    st.builds(Move, st.sampled_from(["truck", "pedestal"]), amounts(-3, 3)),
    st.builds(Move, st.just("handheld"), amounts(0, 5), seed=st.integers(0, 999)),
    st.just(Move("static", 0)),
)


def _groups(parts: st.SearchStrategy[Camera]) -> st.SearchStrategy[Camera]:
    return st.one_of(
        st.builds(lambda a, b: a & b, parts, parts),
        st.builds(lambda a, b, share: a.then(b, share=share), parts, parts, st.integers(1, 19).map(lambda n: n / 20)),
        st.builds(lambda a, ease: a.eased(ease), parts, st.sampled_from(EASES)),
    )


cameras = st.recursive(moves.map(Camera), _groups, max_leaves=5)
loras = st.builds(Lora, paths, weight=amounts(0.01, 4), expert=st.sampled_from([None, "high", "low"]))
lora_lists = st.lists(loras, max_size=2)
looks = st.builds(Look, words, negative=st.none() | words | st.just(""), loras=lora_lists)
sizes = st.one_of(
    st.sampled_from(["480p", "720p", "1080p", "16:9", "9:16", "1:1"]),
    st.builds(Size, st.integers(1, 4000), st.integers(1, 4000)),
)
pins = st.none() | hashes
subjects = st.builds(Reference.image, paths, role=st.sampled_from(["subject", "style"]), sha256=pins)
starts = st.one_of(
    st.builds(Reference.image, paths),
    st.just(Reference.previous()),
    st.builds(Reference.video, paths, st.just("continue")),
)
restyles = st.builds(Reference.video, paths, strength=amounts(0.01, 1), sha256=pins)
references = st.builds(
    lambda *kinds: [reference for kind in kinds for reference in kind],
    st.lists(starts, max_size=1),
    st.lists(restyles, max_size=1),
    st.lists(subjects, max_size=2),
    st.lists(st.builds(Reference.audio, paths), max_size=1),
)
guidances = st.one_of(amounts(0, 20), st.tuples(amounts(0, 20), amounts(0, 20)))
shots = st.builds(
    Shot,
    words,
    seconds=st.none() | amounts(0.1, 60),
    camera=st.none() | cameras,
    references=references,
    look=st.none() | looks,
    size=st.none() | sizes,
    fps=st.none() | amounts(1, 60),
    seed=st.none() | seeds,
    model=st.none() | lines,
    negative=st.none() | words | st.just(""),
    steps=st.none() | st.integers(1, 100),
    guidance=st.none() | guidances,
    shift=st.none() | amounts(0.5, 20),
    loras=lora_lists,
    tier=st.sampled_from([None, "draft", "fast", "exact"]),
    name=st.none() | lines,
)
transitions = st.one_of(
    st.just(Transition.cut()),
    st.builds(Transition.dissolve, amounts(0.1, 5)),
    st.builds(Transition.fade, amounts(0.1, 5), st.sampled_from(["black", "white", "#12ab00"])),
    st.builds(Transition.wipe, amounts(0.1, 5), st.sampled_from(["left", "right", "up", "down"])),
)
markings = st.builds(
    Marking,
    label=st.sampled_from(["publish", "always", "never"]),
    prompt=st.sampled_from(["omit", "include"]),
    tsa=st.sampled_from(["off", "best_effort", "required"]),
    watermark=st.sampled_from(["ssw", None]),
)
characters = st.builds(
    Character,
    lines.map(lambda name: name.replace("{", "").replace("}", "")),
    looks=st.just("") | words,
    reference=st.none() | subjects,
)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    drawn = draw(st.lists(shots, max_size=2, unique_by=lambda shot: shot.name or object()))
    return Scene(
        draw(lines),
        drawn,
        look=draw(st.none() | looks),
        cast=draw(st.lists(characters, max_size=2, unique_by=lambda character: character.name)),
        seed=draw(st.none() | seeds),
        size=draw(st.none() | sizes),
        fps=draw(st.none() | amounts(1, 60)),
        model=draw(st.none() | lines),
        marking=draw(st.none() | markings),
        transitions=[Transition.cut() if index == 0 else draw(transitions) for index in range(len(drawn))],
    )
