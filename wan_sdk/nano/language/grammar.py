"""How people say what is in a clip: the word tables of the captions. Alternatives stand between bars."""

from __future__ import annotations

SUBJECT_WORDS = {
    "ball": "ball|ball|beach ball|toy ball",
    "box": "box|box|gift box|present|parcel|gift",
    "car": "car|car|automobile|toy car|little car",
    "boat": "boat|boat|sailing boat|sailboat|ship",
    "rocket": "rocket|rocket|spaceship|space rocket",
    "balloon": "balloon|hot air balloon|air balloon",
    "house": "house|house|cottage|hut|small house",
    "flower": "flower|flower|blossom|daisy|big flower",
    "mushroom": "mushroom|mushroom|toadstool",
    "fish": "fish|fish|goldfish",
    "bird": "bird|bird|little bird|songbird",
    "butterfly": "butterfly|butterfly|moth",
    "cat": "cat|cat|kitten|kitty|pussycat",
    "turtle": "turtle|turtle|tortoise",
    "robot": "robot|robot|android|toy robot",
    "person": "person|man|woman|human|figure|guy|child|boy|girl",
    "star": "star|star|smiling star|little star",
    "heart": "heart|heart|love heart",
}
COLOUR_WORDS = {
    "red": "red|red|crimson|scarlet",
    "orange": "orange|orange|tangerine",
    "yellow": "yellow|yellow|lemon yellow|golden",
    "green": "green|green|emerald|bright green",
    "blue": "blue|blue|royal blue|deep blue",
    "purple": "purple|purple|violet",
    "pink": "pink|pink|rose|light pink",
    "white": "white|white|snow white|pure white",
    "black": "black|black|jet black",
    "brown": "brown|brown|chocolate brown",
    "cyan": "cyan|turquoise|aqua|teal",
    "gray": "gray|grey|gray|silver",
}
SIZE_WORDS = {"small": "small|little|tiny", "medium": "||||medium sized", "big": "big|large|huge|giant"}

PLACE_WORDS = {
    "meadow": "in a meadow|on green grass|on the green grass|on a lawn|in a green field|in the grass|"
    "in a park|in a garden",
    "beach": "on a beach|on the beach|by the sea on a sandy beach|on the sand by the water|at the seaside|on the shore",
    "desert": "in the desert|in a sandy desert|among cactuses|between cacti in the desert|on desert sand",
    "snow": "in the snow|in a snowy landscape|on snow|in a winter landscape|on a snowfield|in snowy hills",
    "city": "in the city|on a city street|on a street between tall buildings|downtown|in a town with skyscrapers|"
    "in front of buildings",
    "forest": "in a forest|in the woods|among trees|between the trees of a forest|in a dark forest|in the forest",
    "mountains": "in the mountains|in front of high mountains|before snowy peaks|in a mountain valley|"
    "in an alpine landscape",
    "sea": "on the sea|on the ocean|on the water|on the waves|out at sea|at sea",
    "room": "in a room|inside a room|on a wooden floor in a room|indoors|in a living room|in the house",
    "moon": "on the moon|on the surface of the moon|in space on the moon|on a gray moon under the stars",
}
PLACE_CROSSED = {  # for what moves through the picture
    "meadow": "over green grass|over the grass|across a meadow|through the grass|across a green field|over a lawn",
    "beach": "over the sand|along the beach|across the beach|along the shore",
    "desert": "through the desert|across the desert|over desert sand",
    "snow": "through the snow|over the snow|across the snow",
    "city": "through the city|along a city street|down the street|along the road",
    "forest": "through the forest|through the woods|past the trees|through a forest",
    "mountains": "through the mountains|past high mountains|through a mountain valley",
    "sea": "over the sea|across the water|over the waves|across the ocean|over the ocean",
    "room": "through the room|across the floor|across a room|over the wooden floor",
    "moon": "across the moon|over the surface of the moon",
}
PLACE_ABOVE = {  # for what flies
    "meadow": "above a meadow|over a green field|above the grass",
    "beach": "above the beach|over the beach",
    "desert": "above the desert|over the desert",
    "snow": "above the snow|over a snowy landscape",
    "city": "above the city|over a city street|over the city",
    "forest": "above the forest floor|in front of the trees",
    "mountains": "above the mountains|over a mountain valley",
    "sea": "above the sea|over the sea|above the waves|above the water|over the ocean",
    "room": "above the floor of a room|in the air of a room",
    "moon": "above the moon|over the moon",
}
TIME_WORDS = {
    "day": "during the day|in daylight|at noon|on a sunny day|in bright daylight|by day|in the sunshine",
    "sunset": "at sunset|at dusk|in the evening light|in the golden evening|under a sunset sky|"
    "in the evening|at sundown",
    "night": "at night|by night|in the dark|under the night sky|at midnight|in moonlight|under the moon",
    "dawn": "at dawn|at daybreak|in the early morning|in pale morning light|at sunrise|in the morning",
}
WEATHER_WORDS = {
    "clear": "with a clear sky|in clear weather|under a clear sky|in the clear|without rain|no rain",
    "cloudy": "under a cloudy sky|in cloudy weather|with many clouds|on an overcast day|under gray clouds",
    "rain": "in the rain|while it rains|in rainy weather|as rain falls|in heavy rain|on a rainy day",
    "snowing": "in falling snow|while it snows|in snowfall|with snowflakes falling|as snow falls|in a snowstorm",
    "fog": "in the fog|in thick fog|in the mist|on a foggy day|in mist",
}
STYLE_WORDS = {
    "plain": "cartoon|clean cartoon style|plain style|simple animation|flat colours",
    "watercolour": "watercolour|watercolour|watercolor|watercolor painting|watercolour style|as a watercolor|"
    "painted in watercolour|watercolour painting",
    "pencil": "pencil drawing|coloured pencil sketch|pencil style|as a pencil sketch|hand drawn in pencil|pencil|"
    "colored pencils",
    "neon": "neon style|glowing neon|neon lights|in neon colours|neon night look|neon",
    "vintage": "vintage film|old film look|retro film|sepia film style|faded old movie|vintage|vintage style",
}

MOTION_WORDS = {
    "still": "stands still|rests|stays still|stands|is standing|waits|does not move|stays in place",
    "left": "moves left|moves to the left|goes left|is moving to the left|travels from right to left|"
    "glides to the left|crosses the picture to the left",
    "right": "moves right|moves to the right|goes right|is moving to the right|travels from left to right|"
    "glides to the right|crosses the picture to the right",
    "up": "rises|moves up|goes up|floats up|rises into the air|lifts off|is rising|moves upward",
    "down": "sinks|moves down|comes down|descends|falls slowly|is sinking|moves downward|lowers to the ground",
    "bounce": "bounces|jumps up and down|hops|is bouncing|bounces up and down|jumps|dances",
    "spin": "spins|rotates|turns around|is spinning|whirls|spins around",
    "sway": "sways|swings from side to side|rocks from side to side|wobbles|is swaying|tilts back and forth",
    "approach": "comes closer|approaches|moves toward the camera|comes toward us|comes nearer|is coming closer",
    "recede": "moves away|goes away|recedes|moves into the distance|goes farther away|is moving away",
}
OWN_VERBS = {  # how each subject goes from place to place; the first is also said without a direction
    "car": "drives|is driving|rolls",
    "ball": "rolls|is rolling",
    "person": "walks|runs|is walking|is running",
    "cat": "walks|runs|is walking|is running",
    "robot": "walks|marches|is walking",
    "turtle": "crawls|walks|is walking",
    "fish": "swims|is swimming",
    "bird": "flies|is flying",
    "butterfly": "flies|flutters|is flying",
    "rocket": "flies|is flying",
    "balloon": "floats|drifts|is floating",
    "boat": "sails|is sailing|drifts",
    "star": "floats|flies",
    "heart": "floats|drifts",
}
OTHER_VERBS = "moves|goes by|moves along|slides|is moving"
WAY_WORDS = {
    "left": "left|to the left",
    "right": "right|to the right",
    "approach": "toward the camera|closer|toward us|towards the camera",
    "recede": "away|into the distance|away from us",
}

PAIR_WORDS = {  # {first} and {second} subject; {side} where the second stands
    "still": "{first} and {second} stand {place}|{first} and {second} {place}|{first} {place} next to {second}|"
    "{first} beside {second} {place}|{first} with {second} on the {side} {place}|"
    "there are {first} and {second} {place}|{place}, {first} and {second} side by side|"
    "{first} is next to {second} {place}|{first} {place}, {second} is on the {side}",
    "moving": "{first} {verb} next to {second} {place}|{first} {verb} {place}, {second} stands on the {side}|"
    "{first} {verb} beside {second} {place}|{second} stands still and {first} {verb} {place}|"
    "{place}, {first} {verb} beside {second}|{first} {verb} and {second} stands still {place}",
}
FORMS = (
    "{subject} {verb} {place}{time}{weather}|{subject} {verb} {place}{time}{weather}|"
    "{place}{time}{weather}, {subject} {verb}|{subject} {place} {verb}{time}{weather}|"
    "{time} {place}{weather} {subject} {verb}|a video of {subject} that {verb} {place}{time}{weather}|"
    "{subject} {place}{time}{weather}, it {verb}|there is {subject} {place}{time}{weather}, it {verb}|"
    "{subject} {verb}{time} {place}{weather}"
)

CAMERA_ADVERBS = {
    "slow": "slowly|gently|slightly|a little|a bit",
    "medium": "||||steadily|",
    "fast": "quickly|fast|rapidly|strongly|far",
}
CAMERA_ADJECTIVES = {"slow": "slow|gentle|slight|slow", "medium": "|||steady|", "fast": "quick|fast|strong|big"}
CAMERA_WORDS = {  # {a} adverb or amount, {d} direction, {p} what a dolly does in plain words
    "pan": "the camera pans {a} {d}|the camera {a} pans {d}|camera pans {d} {a}|{a} pan {d}|pan {d} {a}|"
    "the view turns {a} {d}|camera pan {d} {a}|the camera turns {d} {a}",
    "tilt": "the camera tilts {a} {d}|the camera {a} tilts {d}|camera tilts {d} {a}|{a} tilt {d}|tilt {d} {a}|"
    "the camera looks {a} {d}|camera tilt {d} {a}",
    "roll": "the camera rolls {a} {d}|the camera {a} rolls {d}|camera roll {d} {a}|{a} roll {d}|"
    "the camera rotates {a} {d}|camera rolls {d} {a}",
    "orbit": "the camera orbits {a} {d}|the camera {a} orbits {d}|camera orbit {d} {a}|{a} orbit {d}|"
    "the camera circles {a} {d} around it|the camera arcs {a} {d}|orbit {d} {a}|"
    "the camera moves around it {d} {a}",
    "zoom": "the camera zooms {d} {a}|the camera {a} zooms {d}|{a} zoom {d}|zoom {d} {a}|camera zooms {d} {a}|"
    "{a} zooming {d}",
    "dolly": "the camera dollies {d} {a}|the camera {a} dollies {d}|{a} dolly {d}|dolly {d} {a}|the camera {a} {p}|"
    "the camera {p} {a}|{a} push {d}",
    "truck": "the camera trucks {a} {d}|the camera {a} trucks {d}|truck {d} {a}|{a} truck {d}|"
    "the camera slides {a} {d}|tracking shot {d} {a}|the camera moves sideways {a} {d}|the camera {a} slides {d}",
    "pedestal": "the camera {a} pedestals {d}|the camera pedestals {d} {a}|pedestal {d} {a}|{a} pedestal {d}|"
    "{a} crane shot {d}|the camera cranes {d} {a}|the camera {a} cranes {d}",
    "handheld": "{a} handheld camera|handheld camera {a}|shaky camera {a}|handheld shot {a}|the camera shakes {a}|"
    "the camera {a} shakes",
    "static": "static camera|the camera is static|fixed camera|locked camera|the camera does not move|static shot|"
    "the camera holds still|the camera stays still|no camera movement|without camera movement|still camera|"
    "the camera is not moving",
}
CAMERA_WAYS = {
    "pan": ("right|to the right|rightward", "left|to the left|leftward"),
    "tilt": ("up|upward|upwards", "down|downward|downwards"),
    "roll": ("clockwise", "counterclockwise|counter clockwise|anticlockwise"),
    "orbit": ("right|to the right|rightward", "left|to the left|leftward"),
    "zoom": ("in", "out"),
    "dolly": ("in", "out"),
    "truck": ("right|to the right|rightward", "left|to the left|leftward"),
    "pedestal": ("up|upward|upwards", "down|downward|downwards"),
}
DOLLY_WORDS = (
    "moves forward|pushes in|moves closer|drives forward|moves toward it",
    "moves back|pulls back|pulls out|moves backward|moves away",
)
AND_WORDS = "{one} and {two}|{one} while {two}|{one}, {two}"
THEN_WORDS = "{one}, then {two}|{one} and then {two}|first {one}, then {two}"

ARTICLES = (
    "one|the|the|a single|a cute|a pretty|a nice|a happy|a lovely|a beautiful|an old|a new|a sweet|a lone|this|some|"
    "a funny|a sad|a playful"
)
CLOTHES = (  # a person's colour is the colour of the clothes
    "in a {colour} shirt|in a {colour} shirt|in a {colour} shirt|wearing a {colour} shirt|wearing a {colour} coat|"
    "in a {colour} jacket|in {colour}|dressed in {colour}|in {colour} clothes"
)
PARTICIPLES = {
    "stands": "standing", "rests": "resting", "stays": "staying", "waits": "waiting", "moves": "moving",
    "goes": "going", "travels": "travelling", "glides": "gliding", "crosses": "crossing", "rises": "rising",
    "floats": "floating", "lifts": "lifting", "sinks": "sinking", "comes": "coming", "descends": "descending",
    "falls": "falling", "lowers": "lowering", "bounces": "bouncing", "jumps": "jumping", "hops": "hopping",
    "dances": "dancing", "spins": "spinning", "rotates": "rotating", "turns": "turning", "whirls": "whirling",
    "sways": "swaying", "swings": "swinging", "rocks": "rocking", "wobbles": "wobbling", "tilts": "tilting",
    "approaches": "approaching", "recedes": "receding", "drives": "driving", "rolls": "rolling", "walks": "walking",
    "runs": "running", "marches": "marching", "crawls": "crawling", "swims": "swimming", "flies": "flying",
    "flutters": "fluttering", "drifts": "drifting", "sails": "sailing", "slides": "sliding",
}  # fmt: skip
PARTICIPLE_FORMS = (
    "{subject} {verb} {place}{time}{weather}|{place}{time}{weather}, {subject} {verb}|"
    "a shot of {subject} {verb} {place}{time}{weather}|there is {subject} {verb} {place}{time}{weather}"
)
MOODS = (  # said, and meaning nothing for the picture
    "a calm scene|a quiet scene|happy mood|playful animation|smooth animation|very smooth|soft light|colourful|"
    "colorful|a beautiful picture|a nice clip|a short film|smooth motion|high quality|a warm mood|bright colours|"
    "very pretty|a lovely view|cinematic|detailed|a simple scene"
)
ALONE = "alone|all alone|and nothing else|with nothing else in the picture"
CONTRACT_WORDS = (  # what `Camera.words()` says
    "the camera pans tilts rolls orbits zooms dollies slides cranes shakes handheld holds still to right left up down "
    "clockwise counterclockwise in out by times percent degrees of time over and then starting stopping gently all it "
    "slowly quickly slightly strongly"
)


def alternatives(text: str) -> list[str]:
    """Split a table's entry at its bars."""
    return text.split("|")
