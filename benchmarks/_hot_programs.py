"""The programs that take the time: one list for the benchmarks that measure, profile or compile them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import qtopt
from benchmarks._machines import FAST, batch, currents, exact_drive, exact_machine, example, spread
from qtopt.fronts import Peak, PowerEfficiency
from qtopt.fronts.certificates import _peak_output as peak_output
from qtopt.fronts.certificates.peak import (
    LONE_SHARE,
    _shape_bounds as shape_bounds,
    band_table,
    fine_duals,
    line_heights,
)
from qtopt.fronts.certificates.peak._lines import AT_ONCE
from qtopt.fronts.rates import FormRates, SolverRates, TabulatedForms
from qtopt.fronts.search import Explore, Newton, Refine
from qtopt.fronts.search._selection import _scores
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.solvers import Exact, steady_state as exact_steady_state

FREQUENCY = (0.05, 1.0)
HARMONICS, EXACT_HARMONICS = 8, 4
PANELS, DEGREE, GAINING = 128, 15, 16
"""Of the tables of the example, and its harmonics that can yield work: only sizes count here."""
Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and what it is called with."""


@dataclass(frozen=True)
class HotProgram:
    """A program by what it does.

    Attributes:
        what: in words.
        make: the call, given how many machines or candidates; fewer for tests than for tables.
        count: how many of them a GPU is given.
        few: how many a test needs.
    """

    what: str
    make: Callable[[int], Call]
    count: int
    few: int


def evaluation(count: int) -> Call:
    """All currents of machines at one harmonic."""
    return jax.vmap(lambda *pair: currents(FAST.steady_state(*pair))), batch(count)


def power_of(kind: str) -> Call:
    """The power of one machine, weak or exact, at eight harmonics."""
    if kind == "weak":
        return lambda machine, drive: qtopt.steady_state(machine, drive).power, (example(), exact_drive())
    pair = (exact_machine(), exact_drive())
    solver = Exact().settled(*pair)
    return lambda machine, drive: exact_steady_state(machine, drive, solver).power, pair


def powers(kind: str, count: int, gradient: bool) -> Call:
    """Powers of machines side by side, with their gradients to all numbers of machines and drives."""
    power, pair = power_of(kind)
    wanted = jax.value_and_grad(power, argnums=(0, 1)) if gradient else power
    return eqx.filter_vmap(wanted), spread(pair, count)


def searched(step: Explore | Newton | Refine, count: int) -> Call:
    """One step of a search with tables, all candidates side by side."""
    space = Peak(HARMONICS, FREQUENCY)
    rng, edges = np.random.default_rng(0), jnp.linspace(0.0, 70.0, PANELS + 1)
    table = jnp.asarray(1e-5 * rng.normal(size=(PANELS, DEGREE + 1, 2, 4)))
    forms = TabulatedForms(space.kept_harmonics, edges, table, edges[-1])
    parameters = space.random(jax.random.key(0), jnp.linspace(0.1, 0.9, count), 2)
    return (lambda *inputs: step(inputs[0], space, *inputs[1:])), (
        FormRates(forms, at_once=count),
        targets(count),
        parameters,
    )


def targets(count: int) -> EfficiencyTarget:
    """Targets of so many candidates."""
    every = jnp.ones(count)
    return EfficiencyTarget(6.0 * every, 1e-5 * every, 0.1 * every)


def ranked(count: int) -> Call:
    """Scores of all candidates for each of 30 targets."""
    rates = (jnp.linspace(1e-6, 1e-5, count), jnp.linspace(1e-6, 1e-4, count))
    return _scores, (rates, targets(30))


def exactly_searched(evaluations: int, count: int) -> Call:
    """A search with exact rates, all candidates side by side."""
    machine, space = exact_machine(), Peak(EXACT_HARMONICS, FREQUENCY)
    parameters = space.random(jax.random.key(0), jnp.linspace(0.1, 0.9, count), 2)
    slowest = space.drive(jax.tree.map(lambda leaf: leaf[0], parameters)).with_frequency(FREQUENCY[0])
    solver = Exact().for_search().settled(machine, slowest)
    rates = SolverRates(machine, solver, PowerEfficiency.of(machine).output(2), False, at_once=count)
    step = Refine(evaluations)
    return (lambda *inputs: step(inputs[0], space, *inputs[1:])), (rates, targets(count), parameters)


def certified(size: int, fine: bool, count: int) -> Call:
    """Lines on a grid of so many frequencies, or duals of eight efficiencies closely at as many for each."""
    rng = np.random.default_rng(0)
    forms = rng.normal(size=(count, GAINING, 2, size, size, 2)) @ np.array([1.0, 1.0j])
    forms = jnp.asarray(forms + np.conj(np.swapaxes(forms, -1, -2)))
    kappa, share = jnp.linspace(0.5, 8.0, peak_output.BLOCK), jnp.asarray(LONE_SHARE)
    if not fine:
        prices = jnp.linspace(0.0, 1.0, AT_ONCE)
        return line_heights, (forms, prices, False)
    return fine_duals, (jnp.broadcast_to(forms, (len(kappa), *forms.shape)), kappa, share, False)


def shaped(count: int) -> Call:
    """What harmonics leave of the duals of so many pairs of efficiency and frequency, for each multiplier."""
    rng = np.random.default_rng(0)
    harmonics = 64
    forms = rng.normal(size=(2, count, harmonics + 1, 2, 2, 2)) @ np.array([1.0, 1.0j])
    output, entropy = jnp.asarray(forms + np.conj(np.swapaxes(forms, -1, -2)))
    gaining = jnp.broadcast_to(jnp.arange(1, GAINING + 1), (count, GAINING))
    multipliers = jnp.broadcast_to(jnp.linspace(0.1, 8.0, shape_bounds.POINTS), (count, shape_bounds.POINTS))
    pairs = jnp.linspace(0.5, 8.0, count), output, entropy, gaining, multipliers
    return shape_bounds._choose, (pairs, band_table(harmonics), False)


PROGRAMS = {
    "weak_evaluation": HotProgram("currents of machines at one harmonic", evaluation, 8192, 2),
    "weak_power": HotProgram("weak powers, 8 harmonics", lambda n: powers("weak", n, False), 8192, 2),
    "weak_gradient": HotProgram("the same with gradients", lambda n: powers("weak", n, True), 8192, 2),
    "exact_power": HotProgram("exact powers, 8 harmonics", lambda n: powers("exact", n, False), 64, 2),
    "exact_gradient": HotProgram("the same with gradients", lambda n: powers("exact", n, True), 64, 2),
    "adam": HotProgram("100 steps of Adam", lambda n: searched(Explore(), n), 480, 4),
    "newton": HotProgram("8 evaluations of Newton", lambda n: searched(Newton(), n), 480, 4),
    "lbfgs": HotProgram("160 evaluations of L-BFGS", lambda n: searched(Refine(160), n), 480, 4),
    "ranking": HotProgram("scores for 30 targets", ranked, 480, 4),
    "line_heights": HotProgram("lines on the grid, 32 prices", lambda n: certified(2, False, n), 2048, 4),
    "fine_duals": HotProgram("bounds looked at closely", lambda n: certified(2, True, n), 35, 4),
    "fine_duals_3": HotProgram("the same with three oscillators", lambda n: certified(3, True, n), 35, 4),
    "shape_bounds": HotProgram("what shapes cost, 2048 pairs and 7 multipliers", shaped, 2048, 4),
    "exact_search": HotProgram(
        "40 evaluations of L-BFGS, exact rates", lambda n: exactly_searched(40, n), 30, 2
    ),
}
"""by name"""
