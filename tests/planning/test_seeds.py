from hypothesis import given
from hypothesis import strategies as st

from wan_sdk import models
from wan_sdk.planning import Machine, resolve
from wan_sdk.planning.seeds import derived_seed, which_of_equal
from wan_sdk.spec import Camera, Scene, Shot

MACHINE = Machine("cpu", "laptop", 16, 0.13)
PROMPTS = st.sampled_from(["a boat", "a bird", "rain on the sea"])
BASES = st.one_of(st.none(), st.integers(0, 2**63 - 1))


def seeds(scene):
    return [call.seed for call in resolve(scene, catalogue=models.catalogue(), machine=MACHINE, probes={}).calls]


@given(BASES, st.text(), st.integers(0, 2000))
def test_a_derived_seed_prints_well_and_stays(base, prompt, which):
    seed = derived_seed(base, prompt, which)
    assert 0 <= seed < 2**31
    assert seed == derived_seed(base, prompt, which)


def test_known_seeds_do_not_change_between_versions():
    assert derived_seed(None, "a boat") == derived_seed(0, "a boat") == 415535886
    assert derived_seed(1, "a boat") == 2113261721
    assert derived_seed(7, "a boat on the sea at dawn") == 169724744


@given(st.lists(PROMPTS, min_size=1, max_size=6), BASES)
def test_shots_of_a_scene_have_seeds_of_their_own(prompts, base):
    got = seeds(Scene("s", [Shot(prompt) for prompt in prompts], seed=base))
    assert len(set(got)) == len(got)
    assert which_of_equal(prompts) == [prompts[:index].count(prompt) for index, prompt in enumerate(prompts)]


@given(st.lists(PROMPTS, min_size=1, max_size=5), st.integers(0, 5), BASES)
def test_inserting_another_shot_keeps_the_others_noise(prompts, at, base):
    shots = [Shot(prompt) for prompt in prompts]
    at = min(at, len(shots))
    longer = [*shots[:at], Shot("something else"), *shots[at:]]
    before, after = seeds(Scene("s", shots, seed=base)), seeds(Scene("s", longer, seed=base))
    assert after[:at] + after[at + 1 :] == before


@given(
    st.lists(PROMPTS, min_size=1, max_size=4),
    st.sampled_from(
        [{"camera": Camera.pan(20)}, {"steps": 4}, {"guidance": 7}, {"look": "ink"}, {"seconds": 2}, {"seed": 5}]
    ),
)
def test_changing_how_a_shot_is_made_keeps_the_noise(prompts, change):
    plain = Scene("s", [Shot(prompt) for prompt in prompts], seed=3)
    changed = plain.replacing(0, Shot(prompts[0], **change))
    first, *rest = seeds(changed)
    assert rest == seeds(plain)[1:]
    assert first == (5 if "seed" in change else seeds(plain)[0])


def test_the_scene_seed_changes_every_shot():
    one = Scene("s", [Shot("a boat"), Shot("a bird")], seed=1)
    assert not set(seeds(one)) & set(seeds(one.with_seed(2)))


def test_every_cell_of_a_sweep_starts_from_one_noise():
    sweep = Shot("a boat").sweep(prompt=["a boat", "a red boat"], guidance=[3, 6])
    assert len(set(seeds(sweep))) == 1
    assert seeds(sweep)[0] == seeds(Shot("a boat"))[0]
    assert seeds(Shot("a boat").sweep(seed=[4, 9])) == [4, 9]
