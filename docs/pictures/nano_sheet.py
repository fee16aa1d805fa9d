"""Make docs/pictures/nano-sheet.jpg: eight takes of nano, the first, middle and last frame of each."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from wan_sdk import Camera, Shot, Studio
from wan_sdk.media.read import read_video

SHOTS = (
    Shot("a boat on the sea at dawn").with_camera(Camera.zoom(1.4)),
    Shot("a red ball rolls over green grass at sunset").with_camera(Camera.pan(degrees=20)),
    Shot("a blue car drives to the right in the desert"),
    Shot("an orange butterfly over the snow").with_camera(Camera.pan(degrees=-15)),
    Shot("a purple robot in the city at night, rain").with_camera(Camera.zoom(1.3)),
    Shot("a person in a red shirt walks to the left on the moon"),
    Shot("a pink flower and a blue mushroom in a meadow, watercolour"),
    Shot("a green fish swims to the right above the sea").with_camera(Camera.orbit(degrees=15)),
)
WIDTH, COLUMNS = 240, 2


def main() -> None:
    """Render and write the picture."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(gallery=folder)
        for shot in SHOTS:
            pixels = read_video(studio.render(shot.with_seed(3)).path).pixels
            chosen = [Image.fromarray(pixels[k]) for k in (0, len(pixels) // 2, -1)]
            height = round(WIDTH * chosen[0].height / chosen[0].width)
            rows.append(np.concatenate([np.asarray(frame.resize((WIDTH, height))) for frame in chosen], 1))
    page = np.concatenate([np.concatenate(rows[k : k + COLUMNS], 1) for k in range(0, len(rows), COLUMNS)])
    Image.fromarray(page).save(Path(__file__).with_name("nano-sheet.jpg"), quality=90)


if __name__ == "__main__":
    main()
