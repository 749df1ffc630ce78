"""The colours of configurations: told apart by everybody, on light paper and on dark screens."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from pcaphash.report.figures.palette import BAND, FAINT, IN_ORDER, INK, OF_NAMES, ON_DARK, PAPER

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
SIGHTS = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
LEAST_DISTANCE = 10  # in CIELAB; 2.3 is what can just be seen


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour: str, sight: str) -> np.ndarray:
    seen = np.clip(np.array(SIGHTS[sight]) @ linear(colour), 0, 1)
    x, y, z = np.cbrt(TO_XYZ @ seen / TO_XYZ.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("sight", SIGHTS)
def test_everybody_tells_the_colours_apart(sight, is_dark):
    seen = {colour: lab(ON_DARK[colour] if is_dark else colour, sight) for colour in IN_ORDER}
    distances = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(IN_ORDER, 2)}
    closest = min(distances, key=distances.__getitem__)
    assert distances[closest] >= LEAST_DISTANCE, closest


@pytest.mark.parametrize("is_dark", [False, True])
def test_text_and_bars_stand_out(is_dark):
    shown = ON_DARK if is_dark else {colour: colour for colour in ON_DARK}
    for behind in (PAPER, BAND):
        assert contrast(shown[INK], shown[behind]) >= 7
        assert contrast(shown[FAINT], shown[behind]) >= 4.5
    assert all(contrast(shown[colour], shown[PAPER]) >= 2 for colour in IN_ORDER)


def test_there_is_a_dark_colour_for_each():
    assert set(IN_ORDER) | set(OF_NAMES.values()) <= set(ON_DARK)
    assert len(set(ON_DARK.values())) == len(ON_DARK)
