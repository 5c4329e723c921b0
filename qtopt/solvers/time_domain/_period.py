"""One period, integrated once; every later period applies the same linear map."""

from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Bool, Float, Int

from ...model import GaussianState
from ...numerics import lyapunov, solve
from ...programs import kept_program
from ._equations import Equations, Response
from ._solver import DirectKvaerno5

MOST_STEPS = 100_000


class Moments(NamedTuple):
    """Everything about the state at one time.

    Attributes:
        mean: (n,) <z>.
        covariance: (n, n) without the mean.
        memory: (n, B, M) ``s_j v_j``, the memory of the noises.
    """

    mean: Float[Array, " n"]
    covariance: Float[Array, "n n"]
    memory: Float[Array, "n B M"]


class PeriodMap(NamedTuple):
    """The response at K phases of the period, the first of them 0, and at its end.

    Attributes:
        times: (K,) since the start of the period.
        responses: with an axis of K; `memory` is summed over the rates, (K, n, B).
        end: after one period.
        resolved: whether the integration reached it.
        steps: number of steps that it took.
    """

    times: Float[Array, " K"]
    responses: Response
    end: Response
    resolved: Bool[Array, ""]
    steps: Int[Array, ""]


@kept_program
def period_map(
    equations: Equations, phases: Float[Array, " K"], jumps: Float[Array, " S"], tolerance: float
) -> PeriodMap:
    """Integrate one period, one step ending at each of the phases and jumps (fractions of it, ascending).

    Args:
        equations: of the machine.
        phases: in (0, 1], where the response is wanted; 0 is added.
        jumps: in (0, 1), where the coefficients jump; empty for smooth drives.
        tolerance: relative and absolute error of each step.
    """
    period = 2.0 * jnp.pi / equations.drive.frequency
    times = period * phases
    controller: Any = diffrax.PIDController(rtol=tolerance, atol=tolerance, norm=optx.max_norm)
    if len(jumps):
        controller = diffrax.ClipStepSizeController(controller, jump_ts=period * jumps)
        # A stop at a jump would be one step of the length of round-off.
        phases = jnp.where(jnp.any(phases[:, None] == jumps, axis=1), 1.0, phases)
    controller = diffrax.ClipStepSizeController(controller, step_ts=jnp.sort(period * phases))

    def summed(_: Any, y: Any, __: Any) -> Any:
        return y._replace(memory=jnp.sum(y.memory, axis=-1))

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda time, state, field: field(time, state)),
        DirectKvaerno5(),
        0.0,
        period,
        0.1 / jnp.max(equations.rates),
        equations.start(),
        args=equations,
        saveat=diffrax.SaveAt(subs=[diffrax.SubSaveAt(ts=times, fn=summed), diffrax.SubSaveAt(t1=True)]),
        stepsize_controller=controller,
        max_steps=MOST_STEPS,
        throw=False,
    )
    assert solution.ys is not None
    inner, end = solution.ys
    origin = summed(None, equations.start(), None)
    responses = jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), origin, inner)
    return PeriodMap(
        jnp.concatenate([jnp.zeros(1), times]),
        responses,
        jax.tree.map(lambda leaf: leaf[0], end),
        solution.result == diffrax.RESULTS.successful,
        solution.stats["num_accepted_steps"],
    )


def initial_moments(equations: Equations, initial: GaussianState) -> Moments:
    """Oscillators as given, baths in equilibrium without them (at q = 0), uncorrelated.

    The past noise of a bath lives on in its memory variables r: v_j starts with ``0 = (A_r - mu_j) v_j - A_r
    b`` there, their covariance with the stationary solution of ``0 = A_r S + S A_r^T + b <r eta> + <r eta>
    b^T``. A memoryless bath has no past: ``v_j = b - mu_j u_j`` with u_j = 0.
    """
    size = 2 * equations.machine.size
    now = equations.system(jnp.zeros(()))
    total = now.dynamics.shape[0]
    covariance = jnp.zeros((total, total)).at[:size, :size].set(initial.covariance)
    memory, start = jnp.zeros((total, *equations.rates.shape)), size
    for b, bath in enumerate(equations.machine.baths * len(equations.machine.groups())):
        inner, rates, strengths = bath.spectral_density.memory(), equations.rates[b], equations.strengths[b]
        own = slice(start, start + inner.input.shape[0])
        start = own.stop
        if own.start == own.stop:
            memory = memory.at[:, b].set(now.noise[b][:, None] * strengths)
            continue
        operators = rates[:, None, None] * jnp.eye(inner.input.shape[0]) - inner.dynamics
        past = jnp.broadcast_to(-(inner.dynamics @ inner.noise)[:, None], (len(rates), len(inner.noise), 1))
        values = jax.vmap(solve)(operators, past)[..., 0].T * strengths
        correlation = bath.temperature * inner.noise + jnp.sum(values, axis=1)
        source = jnp.outer(inner.noise, correlation)
        memory = memory.at[own, b].set(values)
        covariance = covariance.at[own, own].set(lyapunov(inner.dynamics, source + source.T))
    return Moments(jnp.zeros(total).at[:size].set(initial.mean), covariance, memory)


def carried(
    equations: Equations, start: Moments, response: Response, time: Float[Array, ""]
) -> tuple[Float[Array, " n"], Float[Array, "n n"], Float[Array, "n B"]]:
    """Mean, covariance and <z eta> at a time since the start of a period; `response` as in `PeriodMap`.

    <z eta> = T b + sum_j s_j v_j + Phi sum_j exp(-mu_j t) s_j v_j(0),
    S       = Phi S(0) Phi^T + noise + sum_j (kick_j v_j(0)^T Phi^T + transposed).
    """
    turn, kicks, memory, noise, shift = response
    decayed = jnp.sum(start.memory * jnp.exp(-equations.rates * time), axis=-1)
    half = jnp.einsum("ibm,jbm->ij", kicks, start.memory / equations.strengths) @ turn.T
    covariance = turn @ start.covariance @ turn.T + noise + half + half.T
    return turn @ start.mean + shift, covariance, memory + turn @ decayed


def next_start(equations: Equations, start: Moments, mapped: PeriodMap) -> Moments:
    """The moments one period later."""
    end, period = mapped.end, mapped.times[-1]
    mean, covariance, _ = carried(equations, start, end._replace(memory=jnp.sum(end.memory, axis=-1)), period)
    turned = jnp.einsum("ij,jbm->ibm", end.propagator, start.memory)
    return Moments(mean, covariance, end.memory + turned * jnp.exp(-equations.rates * period))
