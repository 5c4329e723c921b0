"""Protocols in configuration files: [[drives]] beside or in place of [drive]."""

import numpy as np
import pytest

import qtopt
from qtopt import files
from qtopt.errors import InputError
from qtopt.model import actuators, shape_names

MACHINE = """
[machine]
frequencies = [1.0, 0.7]
configuration = "joint"

[[machine.baths]]
name = "hot"
temperature = 1.0
spectral_density = { kind = "drude", damping = 0.1, cutoff = 3.0 }
coupling = "driven"

[[machine.baths]]
name = "cold"
temperature = 0.3
spectral_density = { kind = "drude", damping = 0.1, cutoff = 2.0 }
coupling = "driven"

[solver]
kind = "exact"
"""
DRIVE = """
[drive]
frequency = 0.5
kind = "monochromatic"
amplitudes = [1.0, 1.0]
phases = [0.0, 0.0]
"""
VALVE = """
[[drives]]
target = "baths.hot"
kind = "bounded"
low = 0
high = 1
mean = [0.0, 0.0]
cosine = [[1.0], [1.0]]
sine = [[0.0], [0.0]]
"""
SPRINGS = """
[[drives]]
target = "springs"
pairs = [[1, 2]]
kind = "monochromatic"
amplitudes = [0.05]
phases = [1.0]
"""
TEXT = MACHINE + DRIVE + VALVE + SPRINGS


def test_what_moves_what():
    config = files.loads(TEXT)
    driving = files.require_drive(config)
    acting = actuators(config.machine, driving)
    assert [actuator.label for actuator in acting] == ["baths.cold", "baths.hot", "springs"]
    assert shape_names(acting)[-1] == "springs 1-2" and driving.size == 5
    values = np.asarray(driving(np.linspace(0.0, 13.0, 200)))
    assert values[:, 2:4].min() > 0.0 and values[:, 2:4].max() < 1.0


def test_all_drives_have_one_frequency():
    config = files.loads(TEXT)
    changed = files.with_number(config, files.find_number(config, "drive.frequency", "key"), 0.8)
    again = files.loads(files.dumps(changed))
    assert [float(drive.frequency) for drive in again.drives] == [0.8, 0.8]
    assert files.dumps(again) == files.dumps(changed)
    with pytest.raises(InputError, match="the frequency of all drives"):
        files.find_number(config, "drives[1].frequency", "key")
    with pytest.raises(InputError, match="all drives have one period"):
        files.loads(TEXT.replace('target = "springs"', 'target = "springs"\nfrequency = 0.6'))


def test_numbers_of_drives_are_keys():
    config = files.loads(TEXT)
    place = files.find_number(config, "drives[1].amplitudes[0]", "key")
    changed = files.with_number(config, place, 0.1)
    assert float(files.require_drive(changed)(0.0)[-1]) == pytest.approx(0.1 * np.cos(1.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MACHINE + DRIVE + VALVE.replace('target = "baths.hot"\n', ""), r"`drives\[0\].target` is missing"),
        (MACHINE + DRIVE + VALVE.replace("baths.hot", "bath"), r"`drives\[0\].target` must be"),
        (MACHINE + DRIVE + VALVE.replace("baths.hot", "baths.warm"), "a bath whose coupling is"),
        (MACHINE + DRIVE + VALVE.replace("high = 1", "high = -1"), r"`drives\[0\].high` must be above"),
        (MACHINE + DRIVE + VALVE.replace("high = 1\n", ""), "both bounds"),
        (MACHINE + DRIVE + SPRINGS.replace("[[1, 2]]", "[[1, 1]]"), "pairs of different oscillators"),
        (MACHINE + DRIVE.replace("kind", 'target = "springs"\nkind'), "`drive.target` must be left out"),
        (MACHINE + VALVE.replace("low", "frequency = 0.5\nlow"), "none moves 'cold'"),
    ],
)
def test_files_that_are_refused(text, words):
    with pytest.raises(InputError, match=words):
        files.loads(text)


def test_frequencies_alone_may_move():
    static = MACHINE.replace('coupling = "driven"', 'coupling = "static"')
    moving = '\n[[drives]]\ntarget = "frequencies"\nfrequency = 0.5\nkind = "monochromatic"\n'
    config = files.loads(static + moving + "amplitudes = [0.1, 0.1]\nphases = [0.0, 0.0]\n")
    assert isinstance(files.require_drive(config), qtopt.MonochromaticDrive)
    with pytest.raises(InputError, match="must have a driven bath"):
        files.loads(static)
