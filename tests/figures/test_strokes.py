"""Textbook Otto cycles: strokes in their order, bounds, and ramps that are half cosines."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from figures import otto_engine
from figures._strokes import FourStrokes, Strokes
from qtopt import files
from qtopt.fronts import problem_of, trace


def test_strokes() -> None:
    strokes = FourStrokes(256, (0.1, 1.0), (-0.5, 0.5))
    phase = np.arange(400) / 400
    durations = jnp.log(jnp.array([0.4, 0.2, 0.3, 0.1]) - 0.05)
    parameters = Strokes(durations, jnp.zeros(2), jnp.array([9.0, -9.0]), jnp.zeros(()))
    drive = strokes.drive(parameters)
    hot, cold, square = np.asarray(drive(2.0 * np.pi * phase / drive.frequency)).T
    still = 2e-4  # what the harmonics beyond the last leave
    assert (
        np.abs(hot[phase > 0.4]).max() < still
        and np.abs(hot[(phase > 0.13) & (phase < 0.27)] - 1).max() < still
    )
    assert np.abs(cold[(phase < 0.6) | (phase > 0.9)]).max() < still
    top, bottom = square[phase <= 0.4], square[(phase >= 0.6) & (phase <= 0.9)]
    np.testing.assert_allclose(top, 0.5, atol=1e-3)
    np.testing.assert_allclose(bottom, -0.5, atol=1e-3)
    expansion = square[(phase > 0.4) & (phase < 0.6)]
    expected = 0.5 * np.cos(np.pi * (phase[(phase > 0.4) & (phase < 0.6)] - 0.4) / 0.2)
    np.testing.assert_allclose(expansion, expected, atol=1e-3)


@pytest.mark.parametrize("harmonics", [16, 128])
def test_strokes_keep_the_bounds(harmonics: int) -> None:
    """The shortest edges and strokes too, with any number of harmonics: the kernel is nowhere negative."""
    strokes = FourStrokes(harmonics, (0.1, 1.0), (-0.5, 0.3))
    starts = strokes.starts(0, None, 100)  # pyright: ignore[reportArgumentType]
    wild = starts._replace(
        durations=20.0 * starts.durations, edges=20.0 * starts.edges, ends=9.0 * starts.ends
    )
    phase = 2.0 * np.pi * np.arange(512) / 512
    every = jax.jit(jax.vmap(lambda one: (lambda d: d(phase / d.frequency))(strokes.drive(one))))
    shapes = jax.tree.map(lambda *parts: np.concatenate(parts), every(starts), every(wild))
    hot, cold, square = np.moveaxis(shapes, -1, 0)
    assert min(hot.min(), cold.min()) > -1e-12 and max(hot.max(), cold.max()) < 1.0 + 1e-12
    assert square.min() > -0.5 - 1e-12 and square.max() < 0.3 + 1e-12
    if harmonics == 128:
        assert (hot * cold)[:100].max() < 2e-3


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_gradients_find_stronger_engines_than_four_strokes() -> None:
    """At equal or better efficiency, with durations and ramps of the four strokes searched alike."""
    config = files.load(otto_engine.MACHINE)
    settings = replace(config.pareto, points=6, starts=4)
    asked = problem_of(replace(config, pareto=settings), "joint")
    low, high = otto_engine.bounds(config)
    strokes = FourStrokes(otto_engine.HARMONICS, settings.frequency_range, (low, high))
    textbook = max(trace(replace(asked, drive_set=strokes)).points, key=lambda point: point.output)
    better = [point.output for point in trace(asked).points if point.efficiency >= textbook.efficiency]
    assert max(better) > 1.5 * textbook.output
