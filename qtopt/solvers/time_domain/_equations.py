"""The equations that one period of the machine obeys, and their implicit solution."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model import (
    AbstractDrive,
    Actuators,
    Course,
    Machine,
    Moving,
    System,
    actuators,
    course,
    moving,
    system,
)
from ...numerics import lyapunov, solve
from ...thermal import CothPoles, matsubara


class Response(NamedTuple):
    """What one period does to any state at its start, as functions of the time t since then.

    Attributes:
        propagator: (n, n) Phi(t, 0).
        kicks: (n, B, M) ``s_j int_0^t ds Phi(t, s) b(s) exp(-mu_j s)``.
        memory: (n, B, M) ``s_j v_j`` for v_j = 0 at the start.
        noise: (n, n) covariance for S = 0 and v_j = 0 at the start.
        mean: (n,) <z> by forces, for 0 at the start.
    """

    propagator: Float[Array, "n n"]
    kicks: Float[Array, "n B M"]
    memory: Float[Array, "n B M"]
    noise: Float[Array, "n n"]
    mean: Float[Array, " n"]


class Equations(eqx.Module):
    """Linear equations of z = (x, v, memory) with the noises of B copies of baths, and of their moments.

    ``dz/dt = A(t) z + sum_b b(t) eta_b`` with the spectrum ``2T + sum_j 2 s_j w^2/(w^2 + mu_j^2)`` of eta_b,
    s_j = 2T w_j, so that (`qtopt.solvers.exact`)

        dv_j/dt = (A - mu_j) v_j + db/dt - A b,           <z eta> = T b + sum_j s_j v_j,
        dS/dt   = A S + S A^T + sum_b (b <z eta>^T + <z eta> b^T).

    The B copies are those of `copies_of`: every bath for each group of oscillators that share their baths.

    Attributes:
        machine: oscillators and baths.
        drive: shapes of the driven couplings.
        rates: (B, M) mu_j of every copy.
        strengths: (B, M) s_j.

    Source: theory (5.3) to (5.5), (13.3), (13.6).
    """

    machine: Machine
    drive: AbstractDrive
    rates: Float[Array, "B M"]
    strengths: Float[Array, "B M"]

    def __init__(self, machine: Machine, drive: AbstractDrive, poles: CothPoles) -> None:
        self.machine, self.drive = machine, drive
        temperatures = self.temperatures
        self.rates = jax.vmap(lambda t: matsubara(t, poles)[1:])(temperatures)
        self.strengths = 2.0 * temperatures[:, None] * poles.weight[1:]

    @property
    def temperatures(self) -> Float[Array, " B"]:
        """The temperature of every copy of a bath, (B,)."""
        return jnp.tile(self.machine.temperatures, len(self.machine.groups()))

    @property
    def acting(self) -> Actuators:
        """What the drive moves."""
        return actuators(self.machine, self.drive)

    def course(self, time: Float[Array, ""]) -> Course:
        """The shapes at one time."""
        shapes, slopes = jax.jvp(self.drive.__call__, (time,), (jnp.ones_like(time),))
        return course(self.acting, shapes[None], slopes[None], self.machine.size)

    def moving(self, time: Float[Array, ""]) -> Moving:
        """The machine at one time."""
        return moving(self.machine, self.acting, self.course(time))

    def system(self, time: Float[Array, ""]) -> System:
        """Coefficients at one time, in the oscillators' own coordinates; without the axis of time."""
        return self._system(self.moving(time))

    def _system(self, now: Moving) -> System:
        one = jnp.eye(self.machine.size)
        found = system(now.stiffness, now.copies, one, one)
        flat = {name: getattr(found, name)[..., 0] for name in ("dynamics", *_IN_TIME)}
        return found._replace(**flat)

    def _push(self, now: Moving, total: int) -> Float[Array, " n"]:
        """dz/dt of the forces."""
        none, size = jnp.zeros(total), self.machine.size
        return none if now.force is None else none.at[size : 2 * size].set(now.force[:, 0])

    def start(self) -> Response:
        """The response at t = 0."""
        size = self.system(jnp.zeros(())).dynamics.shape[0]
        none = jnp.zeros((size, *self.rates.shape))
        return Response(jnp.eye(size), none, none, jnp.zeros((size, size)), jnp.zeros(size))

    def __call__(self, time: Array, state: Response, inside: Array | None = None) -> Response:
        """The derivative d/dt of the response; a drive with steps is that at the time `inside`."""
        now, push = self._at(time, inside)
        kick, feed = self._sources(now, time)
        memory = jnp.einsum("ij,jbm->ibm", now.dynamics, state.memory) - self.rates * state.memory + feed
        half = now.dynamics @ state.noise + self._noise(now, memory=state.memory)
        return Response(
            now.dynamics @ state.propagator,
            jnp.einsum("ij,jbm->ibm", now.dynamics, state.kicks) + kick,
            memory,
            half + half.T,
            now.dynamics @ state.mean + push,
        )

    def resolvent(self, time: Array, right: Response, step: Array, inside: Array) -> Response:
        """The state Y with ``Y - step dY/dt = right``: an implicit step, solved directly.

        The equations are triangular: the v_j do not depend on S. One n x n system for the propagator and the
        kicks, one for every rate, and a Lyapunov equation: O(n^3 + B M n^3 + n^6) operations.
        """
        now, push = self._at(time, inside)
        kick, feed = self._sources(now, time)
        size, (baths, modes) = now.dynamics.shape[0], self.rates.shape
        identity, shifted = jnp.eye(size), step * now.dynamics
        columns = (right.kicks + step * kick).reshape(size, baths * modes)
        mean = (right.mean + step * push)[:, None]
        both = solve(identity - shifted, jnp.concatenate([right.propagator, columns, mean], axis=1))
        known = jnp.moveaxis(right.memory + step * feed, 0, -1)
        damped = (1.0 + step * self.rates)[..., None, None] * identity - shifted
        memory = jnp.moveaxis(jax.vmap(jax.vmap(solve))(damped, known[..., None])[..., 0], -1, 0)
        half = step * self._noise(now, memory)
        noise = lyapunov(shifted - identity / 2.0, right.noise + half + half.T)
        kicks = both[:, size:-1].reshape(size, baths, modes)
        return Response(both[:, :size], kicks, memory, (noise + noise.T) / 2.0, both[:, -1])

    def _at(self, time: Array, inside: Array | None) -> tuple[System, Float[Array, " n"]]:
        now = self.moving(inside if self.drive.steps and inside is not None else jnp.asarray(time))
        found = self._system(now)
        return found, self._push(now, found.dynamics.shape[0])

    def _sources(self, now: System, time: Array) -> tuple[Float[Array, "n B M"], Float[Array, "n B M"]]:
        kick = now.noise.T[:, :, None] * (self.strengths * jnp.exp(-self.rates * time))
        feed = now.noise_slope - now.noise @ now.dynamics.T
        return kick, feed.T[:, :, None] * self.strengths

    def _noise(self, now: System, memory: Array) -> Float[Array, "n n"]:
        """sum_b b <z eta_b>^T; with its transpose, the source of S."""
        correlation = self.temperatures[:, None] * now.noise + jnp.sum(memory, axis=-1).T
        return now.noise.T @ correlation


_IN_TIME = ("noise", "noise_slope", "velocity", "force")
