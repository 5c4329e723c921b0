"""Hessians of scores in closed form against differentiation of the rates."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import qtopt
from qtopt import Bath, FrontProblem, Lorentzian, Machine, Ohmic, Peak, Rms
from qtopt.fronts import PowerEfficiency, machine_forms
from qtopt.fronts.drive_sets import DriveParameters
from qtopt.fronts.rates import AbstractForms, FormRates
from qtopt.fronts.search import Newton
from qtopt.fronts.search._expansion import expansion, from_parameters, to_parameters
from qtopt.fronts.search._steps import settled
from qtopt.fronts.tradeoffs import EfficiencyTarget

RANGE = (0.05, 1.0)


def machine(size: int) -> Machine:
    hot = Bath("hot", 1.0, Lorentzian(1e-2, 1.25, 0.1), "driven")
    return Machine([1.0, 0.6, 0.8][:size], (hot, Bath("cold", 0.2, Ohmic(2.0), np.ones(size))))


def score(forms: AbstractForms, space: Any, target: EfficiencyTarget, point: jax.Array) -> jax.Array:
    """The score by the recurrence itself, which any mode of differentiation passes through."""
    drive = space.drive(to_parameters(space, point))
    amplitudes = drive.harmonics(forms.kept_harmonics)
    at = forms.at(drive.frequency)
    weights = jnp.where(jnp.arange(len(amplitudes)) == 0, 1.0, 2.0)
    return target.score(*jnp.einsum("n,nl,fnlm,nm->f", weights, amplitudes.conj(), at, amplitudes).real)


@pytest.mark.parametrize("bound", [Peak, Rms])
@pytest.mark.parametrize(("size", "kappa"), [(1, 0.5), (2, 3.0), (3, 0.5)])
@pytest.mark.parametrize("fixed", [False, True])
def test_value_gradient_and_hessian(bound: Any, size: int, kappa: float, fixed: bool) -> None:
    """All derivatives of the score, with the penalty at work, at a free and at a fixed frequency."""
    space = bound(3, (0.3, 0.3) if fixed else RANGE)
    of = machine(size)
    forms = machine_forms(
        of, PowerEfficiency.of(of).output(size), space.frequency_range, space.kept_harmonics
    )
    target = EfficiencyTarget(jnp.asarray(kappa), jnp.asarray(1e-3), jnp.asarray(0.5))
    many = space.random(jax.random.key(size), jnp.asarray([0.3]), size)
    point = from_parameters(jax.tree.map(lambda leaf: leaf[0], many))
    value, gradient, hessian = jax.jit(lambda x: expansion(forms, space, target, x))(point)

    def plain(x: jax.Array) -> jax.Array:
        return score(forms, space, target, x)

    np.testing.assert_allclose(value, plain(point), rtol=1e-12)
    wanted = jax.grad(plain)(point)
    np.testing.assert_allclose(gradient, wanted, atol=1e-11 * float(jnp.abs(wanted).max()))
    wanted = jax.hessian(plain)(point)
    np.testing.assert_allclose(hessian, wanted, atol=1e-10 * float(jnp.abs(wanted).max()))
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-13 * float(jnp.abs(wanted).max()))


@pytest.mark.parametrize(("harmonics", "count"), [(3, 12), (8, 64), (5, 4)])
@pytest.mark.parametrize("strength", [0.1, 40.0])
def test_derivatives_of_harmonics(harmonics: int, count: int, strength: float) -> None:
    """Those of bounded drives in closed form, nearly cosines or nearly steps: (9.26), (9.27).

    Also where a shape has more numbers than harmonics that count, so that sums of orders pass the end.
    """
    space, rng = Peak(harmonics, RANGE), np.random.default_rng(harmonics)
    many = space.random(jax.random.key(harmonics), jnp.asarray([0.3]), 2)
    mean, cosine, sine, logit = jax.tree.map(lambda leaf: strength * leaf[0], many)
    numbers = jnp.concatenate([mean[:, None], cosine, sine], axis=1)

    def plain(numbers: jax.Array) -> jax.Array:
        """[Re g_0..N, Im g_0..N] of both oscillators."""
        parts = numbers[:, 0], numbers[:, 1 : harmonics + 1], numbers[:, harmonics + 1 :]
        found = space.drive(DriveParameters(*parts, logit)).harmonics(count)
        return jnp.concatenate([found.real, found.imag]).T

    found = space.shapes(DriveParameters(mean, cosine, sine, logit), count)
    np.testing.assert_allclose(found.harmonics[:, 0], plain(numbers), atol=1e-15)
    slopes, own = jax.jacfwd(plain)(numbers), np.arange(2)
    wanted = np.moveaxis(np.asarray(slopes[own, :, own]), 1, 2)
    np.testing.assert_allclose(found.slopes[:, :, 0], wanted, rtol=0.0, atol=1e-13 * np.abs(wanted).max())
    weight = jnp.asarray(rng.normal(size=found.harmonics.shape))
    bends = jax.hessian(lambda numbers: jnp.sum(weight[:, 0] * plain(numbers)))(numbers)
    wanted = np.asarray(bends[own, :, own])
    np.testing.assert_allclose(found.bends(weight), wanted, rtol=0.0, atol=1e-12 * np.abs(wanted).max())


def test_numbers_of_a_drive_keep_their_places() -> None:
    space = Peak(4, RANGE)
    one = jax.tree.map(lambda leaf: leaf[0], space.random(jax.random.key(0), jnp.asarray([0.4]), 2))
    back = to_parameters(space, from_parameters(one))
    np.testing.assert_array_equal(ravel_pytree(back)[0], ravel_pytree(one)[0])


def test_newton_needs_forms() -> None:
    """Rates that are no quadratic forms are refused in a sentence."""
    rates_of = qtopt.fronts.rates.SolverRates.__new__(qtopt.fronts.rates.SolverRates)
    with pytest.raises(TypeError, match=r"needs `FormRates` and .*, but was given SolverRates"):
        Newton()(rates_of, Peak(4, RANGE), None, None)  # pyright: ignore[reportArgumentType]


def test_newton_never_loses() -> None:
    """Every candidate ends with a score that is at most the one it began with."""
    space, of = Peak(3, RANGE), machine(2)
    forms = machine_forms(of, PowerEfficiency.of(of).output(2), RANGE, space.kept_harmonics)
    every = jnp.ones(6)
    target = EfficiencyTarget(3.0 * every, 1e-3 * every, 0.5 * every)
    begin = space.random(jax.random.key(1), jnp.linspace(0.1, 0.9, 6), 2)
    rates_of = FormRates(forms)

    def scores(rates: Any) -> np.ndarray:
        return np.asarray(target.score(*rates))

    before = scores(Newton(1)(rates_of, space, target, begin)[1])
    after = scores(Newton(6)(rates_of, space, target, begin)[1])
    assert np.all(after <= before)
    assert np.any(after < before - 0.01)


@pytest.mark.parametrize("bound", [Peak, Rms])
@pytest.mark.parametrize("harmonics", [4, 24])
def test_the_memory_of_a_hessian_is_forecast(bound: Any, harmonics: int) -> None:
    """XLA needs for eight candidates about what a problem is refused by."""
    space, of = bound(harmonics, RANGE), machine(2)
    forms = machine_forms(of, PowerEfficiency.of(of).output(2), RANGE, space.kept_harmonics)
    every = jnp.ones(8)
    begin = space.random(jax.random.key(1), jnp.linspace(0.1, 0.9, 8), 2)
    program = settled.lower(
        FormRates(forms, at_once=8), space, EfficiencyTarget(every, every, every), begin, 2
    ).compile()
    needed = program.compiled.memory_analysis().temp_size_in_bytes
    forecast = 8 * FrontProblem(of, PowerEfficiency.of(of), space).candidate_bytes
    assert 0.7 * needed < forecast < 1.5 * needed
