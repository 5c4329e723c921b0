"""Newton's method in a trust region: quadratics, valleys and saddles."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import TrustRegion, newton_step
from qtopt.numerics._trust_region import LARGEST, PASSES


def minimised(function: Callable[[jax.Array], jax.Array], begin: jax.Array, evaluations: int) -> TrustRegion:
    """Where the method is after so many evaluations."""

    def one(state: TrustRegion, _: None) -> tuple[TrustRegion, None]:
        value, gradient = jax.value_and_grad(function)(state.trial)
        return state.after(value, gradient, jax.hessian(function)(state.trial)), None

    return jax.jit(lambda x: jax.lax.scan(one, TrustRegion.at(x), length=evaluations)[0])(begin)


@pytest.mark.parametrize("seed", range(5))
def test_a_step_within_the_radius_solves_the_model(seed: int) -> None:
    """Where the model is convex and its minimum inside, the step is -g/H to round-off."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(PASSES, PASSES))
    hessian, gradient = root @ root.T + np.eye(PASSES), rng.normal(size=PASSES)
    exact = -np.linalg.solve(hessian, gradient)
    step = newton_step(jnp.asarray(gradient), jnp.asarray(hessian), jnp.asarray(10.0))
    np.testing.assert_allclose(step, exact, rtol=1e-9, atol=1e-10)
    shorter = newton_step(jnp.asarray(gradient), jnp.asarray(hessian), jnp.asarray(0.1))
    assert np.linalg.norm(shorter) == pytest.approx(0.1, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("radius", [0.5, 1e4])
def test_where_the_model_bends_down_the_step_ends_on_the_edge(seed: int, radius: float) -> None:
    """An indefinite model falls to the edge at least as far as along its steepest descent."""
    rng = np.random.default_rng(seed)
    hessian, gradient = rng.normal(size=(9, 9)), rng.normal(size=9)
    hessian += hessian.T - 3.0 * np.eye(9)
    step = np.asarray(newton_step(jnp.asarray(gradient), jnp.asarray(hessian), jnp.asarray(radius)))
    assert np.linalg.norm(step) == pytest.approx(radius, rel=1e-12, abs=0.0)

    def model(p: np.ndarray) -> float:
        return float(gradient @ p + p @ hessian @ p / 2.0)

    unit = -gradient / np.linalg.norm(gradient)
    bend = unit @ hessian @ unit
    cauchy = min(radius, float(np.linalg.norm(gradient)) / bend) if bend > 0.0 else radius
    foreseen = model(cauchy * unit)
    assert model(step) <= foreseen + 1e-12 * abs(foreseen)


def test_a_model_that_only_bends_down_is_followed_to_the_edge() -> None:
    """However small the slope is."""
    step = newton_step(jnp.array([1e-3]), jnp.array([[-1.0]]), jnp.asarray(2.0))
    assert float(step[0]) == pytest.approx(-2.0, rel=1e-12, abs=0.0)


def test_a_model_that_is_right_is_trusted_further() -> None:
    """On the way down a slope without bend every step is twice as long as the last, until the largest."""
    state, lengths = TrustRegion.at(jnp.zeros(1)), []
    for _ in range(6):
        state = state.after(state.trial[0], jnp.ones(1), jnp.zeros((1, 1)))
        lengths.append(float(jnp.abs(state.trial - state.point)[0]))
    np.testing.assert_allclose(lengths, np.minimum(2.0 ** np.arange(6), LARGEST), rtol=1e-12)


def test_no_slope_no_step() -> None:
    """At a stationary point nothing moves and nothing is NaN."""
    step = newton_step(jnp.zeros(4), jnp.diag(jnp.array([1.0, -1.0, 0.0, 2.0])), jnp.asarray(1.0))
    np.testing.assert_array_equal(step, 0.0)


def test_a_bent_valley() -> None:
    """Rosenbrock's valley to round-off."""

    def valley(x: jax.Array) -> jax.Array:
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    found = minimised(valley, jnp.array([-1.2, 1.0]), 40)
    np.testing.assert_allclose(found.point, 1.0, rtol=1e-10, atol=0.0)


@pytest.mark.parametrize("worse", [1.5, np.nan, np.inf])
def test_a_worse_trial_is_left_and_trusted_less(worse: float) -> None:
    """The point, its value and its slopes stay; the next trial lies nearer."""
    hessian = jnp.diag(jnp.array([2.0, 4.0]))
    begun = TrustRegion.at(jnp.zeros(2)).after(jnp.asarray(1.0), jnp.array([3.0, 1.0]), hessian)
    after = begun.after(jnp.asarray(worse), jnp.full(2, worse), worse * hessian)
    for name in ("point", "value", "gradient", "hessian"):
        np.testing.assert_array_equal(getattr(after, name), getattr(begun, name))
    assert float(after.radius) == pytest.approx(0.25 * float(begun.radius), rel=1e-12, abs=0.0)
    assert np.linalg.norm(after.trial) == pytest.approx(float(after.radius), rel=1e-12, abs=0.0)


def test_what_is_not_better_or_not_finite_is_left() -> None:
    """The value never rises; a function that is NaN beyond an edge is minimised within."""

    def walled(x: jax.Array) -> jax.Array:
        return -jnp.sum(jnp.sqrt(1.0 - x**2)) + 0.3 * jnp.sum(x)

    begin = jnp.array([0.9, -0.9])
    values = [float(minimised(walled, begin, n).value) for n in (1, 2, 4, 8, 30)]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose(minimised(walled, begin, 30).point, -0.3 / np.sqrt(1.09), rtol=1e-10, atol=0.0)
