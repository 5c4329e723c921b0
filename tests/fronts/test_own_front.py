"""A trade-off and a set of drives of a user, registered from outside, through TOML and `qtopt pareto`."""

import csv
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from qtopt.cli import main

PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np

import qtopt
from qtopt.fronts import AbstractDriveSet, AbstractGuide, AbstractTradeoff, Axis, Goal, Output
from qtopt.model import FourierDrive


class Target(NamedTuple):
    """Least entropy production at a power."""

    power: jnp.ndarray

    def score(self, power, entropy):
        return entropy / self.power + 50.0 * jnp.maximum(1.0 - power / self.power, 0.0) ** 2


class Guide(AbstractGuide):
    """Nothing is known: four powers a decade apart, from random drives."""

    def __init__(self, size):
        self.size = size

    def goal(self, count):
        return Goal(np.geomspace(1e-8, 1e-6, count), lambda aims: Target(jnp.asarray(aims)))

    def resonances(self, aims):
        return np.zeros(len(aims)), np.ones((len(aims), self.size))


@qtopt.register
@dataclass(frozen=True)
class PowerDissipation(AbstractTradeoff):
    """Power of engines against the entropy that they produce."""

    size: int
    kind: ClassVar[str] = "power-dissipation"
    objectives: ClassVar[tuple[str, ...]] = ("power", "dissipation")
    machine_name: ClassVar[str] = "engine"
    effort: ClassVar[tuple] = (1, 1, None)
    columns: ClassVar[tuple[str, ...]] = ("power", "dissipation", "frequency")
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("output", "extracted power", "$-P$", is_power=True),
        Axis("dissipation", "entropy production rate", "$S$", less_is_better=True),
    )
    ends: ClassVar[tuple[str, str]] = ("least", "most")

    @classmethod
    def of(cls, machine, oscillator=0):
        return cls(machine.size)

    def output(self, size):
        return Output(-jnp.ones(size), jnp.zeros(()))

    def merits(self, currents):
        output = -float(currents.local_powers.sum())
        return {"output": output, "dissipation": currents.entropy_production_rate} if output > 0.0 else None

    def read(self, rates):
        return {"output": rates[0], "dissipation": rates[-1]}

    def ranked(self, merits):
        return merits["output"], -merits["dissipation"]

    def guide(self, model, drive_set):
        return Guide(self.size)

    def goal_from(self, begun, reached):
        return Guide(self.size).goal(len(begun))


@qtopt.register
class Opposite(AbstractDriveSet):
    """g_2 = -g_1, with a mean square of 1/2 each: a part of what "rms" allows."""

    kind: ClassVar[str] = "opposite"
    certified_as: ClassVar[str] = "rms"

    def drive(self, parameters):
        cosine, sine = parameters.cosine[:1], parameters.sine[:1]
        scale = jnp.sqrt(1.0 / jnp.sum(cosine**2 + sine**2)) * jnp.array([[1.0], [-1.0]])
        frequency = self.drive_frequency(parameters.frequency_logit)
        return FourierDrive(frequency, jnp.zeros(2), scale * cosine, scale * sine)
'''
EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"
PARETO = """
[pareto]
objectives = ["dissipation", "power"]
bound = "opposite"
points = 3
harmonics = 1
starts = 4
frequency = [0.4, 0.5]
configurations = ["joint"]
"""


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "qtopt", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(1800)
def test_a_tradeoff_and_a_drive_set_of_a_user(tmp_path: Path) -> None:
    """Points are what the solver says of the drives in points/*.toml, which belong to the user's set."""
    plugin, path, out = tmp_path / "mine.py", tmp_path / "machine.toml", tmp_path / "out"
    plugin.write_text(PLUGIN)
    path.write_text(EXAMPLE.read_text().split("\n[pareto]\n")[0] + PARETO)
    assert "dissipation" in run("pareto", str(path), "--out", str(out), "--plugin", str(plugin))
    assert (out / "front.png").exists() and (out / "drives.png").exists()
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    assert rows and rows[0].keys() >= {"configuration", "power", "dissipation", "frequency", "point"}
    powers = [-float(row["power"]) for row in rows]
    assert powers == sorted(powers) and powers[0] > 0.0
    row, point = rows[-1], out / rows[-1]["point"]
    drive = tomllib.loads(point.read_text())["drive"]
    assert drive["cosine"][1] == [-c for c in drive["cosine"][0]]
    found = json.loads(run("evaluate", str(point), "--json", "--plugin", str(plugin)))
    assert found["power"] == pytest.approx(float(row["power"]), rel=1e-9)
    assert found["entropy_production_rate"] == pytest.approx(float(row["dissipation"]), rel=1e-9)


def test_objectives_that_nobody_registered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.toml"
    text = PARETO.replace("dissipation", "beauty").replace("opposite", "rms")
    path.write_text(EXAMPLE.read_text().split("\n[pareto]\n")[0] + text)
    with pytest.raises(SystemExit) as caught:
        main(["pareto", str(path), "--out", str(tmp_path / "out")])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "pareto.objectives" in said and "['power', 'conversion']" in said and said.count("\n") == 1
