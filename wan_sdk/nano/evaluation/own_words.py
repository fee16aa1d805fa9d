"""A hundred prompts in people's own words, and what must be seen; the grammar of the captions makes none of them.

Each line is a prompt, a bar, and what to read, in the words of `NAMES` and `SIGNED_MOVES`. What is not listed may be
anything. ``left/right`` means either; ``+`` stands before the second subject and its colour; ``&`` joins moves at once,
``>`` moves in turn; ``=`` gives an amount in the unit and sign of the spec.
"""

from __future__ import annotations

from wan_sdk.nano.attributes import AT_ONCE, COLOURS, IN_TURN, NAMES, SINGLE, SUBJECTS
from wan_sdk.nano.evaluation.judge import JOINS, SIGNED_MOVES
from wan_sdk.nano.evaluation.score import Expected

_LINES = """
a cute white cat naps on the sofa while we slowly pan to the left | cat, white, room, pan left
my red car speeds off to the right along the beach road | car, red, beach, right
please show me a green turtle crawling over hot desert sand, no camera motion at all | turtle, green, desert, static
zoom in on the little yellow bird, it sits in the woods | bird, yellow, small, forest, zoom in
Two friends: a blue robot and a red ball, standing in a park | robot, blue, +ball, +red, meadow
the sun goes down behind a white sailing ship on the ocean, camera pulls back | boat, white, sea, sunset, dolly out
an astronaut's rocket, all orange, takes off from the moon and rises | rocket, orange, moon, up
it is pouring rain in the big city and a woman in pink walks left | person, pink, city, rain, left
a watercolour of a purple flower in the meadow | flower, purple, meadow, watercolour
black cat, midnight, city street, the camera circles around it to the right | cat, black, city, night, orbit right
a goldfish in orange swims to the left over the waves | fish, orange, sea, left
look up at the brown house in the mountains, tilt up | house, brown, mountains, tilt up
tilt the view down while a cyan balloon hovers over the snow | balloon, cyan, snow, tilt down
a shaky handheld video of a green robot in the forest | robot, green, forest, handheld
a huge red mushroom in a foggy forest | mushroom, red, big, forest, fog
a tiny blue butterfly flutters over the garden in the morning | butterfly, blue, small, meadow, dawn
old movie look: a black car parked in the city | car, black, city, vintage
neon glowing pink heart spins in the dark room | heart, pink, room, neon, spin
a pencil sketch of a brown cat running right through the snow | cat, brown, snow, pencil, right
the gray ball bounces up and down on the living room floor | ball, gray, room, bounce
slide the camera sideways to the right past a yellow house on the beach | house, yellow, beach, truck right
truck left, please, and keep the purple box in the desert in sight | box, purple, desert, truck left
the camera cranes up and shows a white rocket on the lunar surface | rocket, white, moon, pedestal up
crane shot downward, a red flower on the lawn in daylight | flower, red, meadow, day, pedestal down
roll the camera clockwise, a green star floats above the sea | star, green, sea, roll clockwise
a counterclockwise roll, blue balloon in the mountains | balloon, blue, mountains, roll counterclockwise
move the camera closer to an orange turtle by the water at the seaside | turtle, orange, beach, dolly in
a snowstorm, and in it a small red bird that stays still | bird, red, small, snowing, still
zoom out from the purple car in the desert at noon | car, purple, desert, day, zoom out
a man in a green jacket comes toward us down the street | person, green, city, approach
a woman dressed in yellow walks away from us into the snowy hills | person, yellow, snow, recede
a white boat rocks from side to side on the water under gray clouds | boat, white, sea, cloudy, sway
at dawn, in the mist, a gray bird flies left above the meadow | bird, gray, meadow, dawn, fog, left
first pan right, then zoom in on the pink house at the beach | house, pink, beach, pan right > zoom in
pan left and tilt up at the same time, a robot in blue in the city | robot, blue, city, pan left & tilt up
a red heart sinks slowly in a room, camera fixed | heart, red, room, down, static
an emerald fish just swims right, above the sea at sunset | fish, green, sea, sunset, right
a chocolate brown box on the beach, vintage film, still camera | box, brown, beach, vintage, static
a big golden star rises over the mountains at night | star, yellow, big, mountains, night, up
a silver robot dances in the rain in the city | robot, gray, city, rain, bounce
a turquoise car drives right through the forest, pan right with it | car, cyan, forest, right, pan right
violet butterfly above the beach, watercolor painting, slow zoom in | butterfly, purple, beach, watercolour, zoom in
the crimson ball rolls left across the desert | ball, red, desert, left
a lemon yellow boat at sea in the fog, the camera moves back | boat, yellow, sea, fog, dolly out
a little orange kitten on the carpet in a house, camera stays still | cat, orange, small, room, static
orbit left around a white house in the snow at night | house, white, snow, night, orbit left
pan 20 degrees to the right over a beach with a blue boat | boat, blue, beach, pan right=20
pan left by 30 degrees, black robot on the moon | robot, black, moon, pan left=-30
tilt up 12 degrees to a green balloon over the city | balloon, green, city, tilt up=12
zoom in 1.5 times on a red mushroom in the grass | mushroom, red, meadow, zoom in=1.5
zoom out by 2 times, a yellow car in the mountains | car, yellow, mountains, zoom out=0.5
roll 25 degrees clockwise, a pink ball in a room | ball, pink, room, roll clockwise=25
orbit 40 degrees to the left around an orange cat in the meadow | cat, orange, meadow, orbit left=-40
a red car and a blue house side by side in the snow | car, red, +house, +blue, snow
in the garden: a white cat, and a pink ball lies beside it | cat, white, +ball, +pink, meadow
a yellow bird next to a brown mushroom in the forest, in the morning | bird, yellow, +mushroom, +brown, forest, dawn
a green boat beside a red boat on the ocean | boat, green, +boat, +red, sea
a black robot with a white box on the right, in the city at night | robot, black, +box, +white, city, night
the purple turtle wobbles, snow is falling in the mountains | turtle, purple, mountains, snowing, sway
handheld shot, a person in a red coat on a city street in the rain | person, red, city, rain, handheld
a rocket in cyan flies up above the desert, pencil drawing | rocket, cyan, desert, up, pencil
a spaceship lands: the gray rocket comes down on the moon | rocket, gray, moon, down
gently pan right across a winter landscape with an orange house | house, orange, snow, pan right
quickly pan left in a forest, there is a white mushroom | mushroom, white, forest, pan left
turn the view up to the pink balloon above the ocean | balloon, pink, sea, tilt up
neon style city, a blue car drives to the left | car, blue, city, neon, left
coloured pencil: a green fish over the sea | fish, green, sea, pencil
evening on the beach, a brown turtle walks right | turtle, brown, beach, sunset, right
good morning! a red bird hops in the grass | bird, red, meadow, dawn, bounce
a purple star turns around and around above the snow | star, purple, snow, spin
the orange robot marches towards the camera through the desert | robot, orange, desert, approach
a gray cat walks away into the distance on a forest path | cat, gray, forest, recede
the camera pushes in on a black house in the fog | house, black, fog, dolly in
the camera drives forward to a large blue flower in a park | flower, blue, big, meadow, dolly in
pull out from a cyan heart in a living room | heart, cyan, room, dolly out
camera lifts up on a crane, yellow turtle on the beach | turtle, yellow, beach, pedestal up
lower the camera, pedestal down, red robot in the mountains | robot, red, mountains, pedestal down
tracking shot to the left, a green car in the snow | car, green, snow, truck left
sideways slide to the right along the shore with a purple house | house, purple, beach, truck right
a boy in a white shirt stands in the desert at night, no movement of the camera | person, white, desert, night, static
an old retro film of a brown boat on the water, it moves left | boat, brown, sea, vintage, left
a tiny pink fish and nothing else, over the waves at night | fish, pink, small, sea, night
a giant green butterfly on a rainy day in the city | butterfly, green, big, city, rain
an overcast day in the mountains, an orange bird is flying right | bird, orange, mountains, cloudy, right
in thick fog a white rocket stands still in the desert | rocket, white, desert, fog, still
only one yellow flower, swaying on the lawn at sundown | flower, yellow, meadow, sunset, sway
a black star falls down over the sea, watercolour | star, black, sea, watercolour, down
a red balloon drifts off to the right above the forest, static shot | balloon, red, forest, right, static
a blue gift box spinning on a table in the room | box, blue, room, spin
a snow white house by night in falling snow, zoom in slowly | house, white, night, snowing, zoom in
a brown heart bounces in the meadow, the camera arcs right around it | heart, brown, meadow, bounce, orbit right
a girl in purple runs to the right through the city, the camera pans right | person, purple, city, right, pan right
zoom out and pan right at once: an orange boat at sea | boat, orange, sea, zoom out & pan right
tilt down, then pan left, a gray robot in the snow | robot, gray, snow, tilt down > pan left
dolly in, then orbit left, the red mushroom in the woods | mushroom, red, forest, dolly in > orbit left
the balloon is yellow, the place is the desert, the time is sunset, it rises | balloon, yellow, desert, sunset, up
it snows in the forest, a cyan bird sits still, locked off camera | bird, cyan, forest, snowing, still, static
simple cartoon of a green box in the mountains, daylight | box, green, mountains, day, plain
the pink car goes left, the place is the moon | car, pink, moon, left
roll anticlockwise over a red flower by the sea on the sand | flower, red, beach, roll counterclockwise
"""

_ATTRIBUTE_OF = {value: name for name, values in NAMES.items() for value in values}
_MOVES = list(SIGNED_MOVES)


def own_words() -> list[tuple[str, Expected]]:
    """Return the prompts with what must be read of each.

    >>> prompt, want = own_words()[0]
    >>> want.subject, want.colour, want.place, want.moves
    ('cat', 'white', 'room', ('pan left',))
    """
    return [parse(line) for line in _LINES.strip().splitlines()]


def parse(line: str) -> tuple[str, Expected]:
    """Read one line of the table.

    >>> parse("a cat | cat, left/right, pan left=-20 > zoom in")[1].amounts
    {'pan': -20.0}
    """
    prompt, _, wanted = line.partition(" | ")
    found: dict[str, object] = {}
    for word in wanted.split(", "):
        found |= _meaning(word)
    return prompt, Expected(**found)


def _meaning(word: str) -> dict[str, object]:
    if word.startswith("+"):
        name = word[1:]
        if name in SUBJECTS:
            return {"companion": name}
        return {"companion_colour": COLOURS[COLOURS.index(name)]}
    values = word.split("/")
    if all(value in _ATTRIBUTE_OF for value in values):
        name = _ATTRIBUTE_OF[values[0]]
        return {name: tuple(values) if name == "motion" else word}
    join = AT_ONCE if " & " in word else IN_TURN if " > " in word else SINGLE
    moves, amounts = [], {}
    for move in word.replace(" & ", " > ").split(" > "):
        name, _, amount = move.partition("=")
        moves.append(SIGNED_MOVES[_MOVES.index(name)])
        if amount:
            amounts[name.split()[0]] = float(amount)
    return {"moves": tuple(moves), "join": JOINS[join], "amounts": amounts}
