"""Periodic steady state of a drive with constant steps, by exponentials of the whole moment hierarchy.

One step is one linear system for (1, v_bj, S, int v, int S) of dimension 1 + 2 (B M n + n^2): SciPy's `expm`,
then one linear solve for the periodic state. Shares nothing with the package but the rational coth (k, w).
Heat is ``avg <F dq/dt>``, jumps included; for few poles only.
"""

import numpy as np
from scipy.linalg import expm


def memory(bath):
    """dr/dt = D r + i q + e eta, F = o r - static q (- viscosity dq/dt + sqrt(viscosity) eta)."""
    if bath["kind"] == "ohmic":
        return np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.zeros(0), 0.0, bath["damping"]
    if bath["kind"] == "drude":
        gain, cutoff = np.sqrt(bath["damping"]) * bath["cutoff"], bath["cutoff"]
        one = np.ones(1)
        return -cutoff * np.eye(1), gain * one, gain * one, one, bath["damping"] * cutoff, 0.0
    gain = np.sqrt(bath["strength"])
    dynamics = np.array([[0.0, 1.0], [-(bath["peak"] ** 2), -bath["width"]]])
    noise = np.array([0.0, np.sqrt(bath["width"])])
    return (
        dynamics,
        gain * np.eye(2)[1],
        gain * np.eye(2)[0],
        noise,
        bath["strength"] / bath["peak"] ** 2,
        0.0,
    )


class Step:
    """Constant coefficients for couplings (B, L), in coordinates ``basis x``."""

    def __init__(self, frequencies, baths, couplings, basis):
        couplings = couplings @ basis.T
        couplings[np.abs(couplings) < 1e-15 * np.abs(couplings).max()] = 0.0
        size = len(frequencies)
        parts = [memory(bath) for bath in baths]
        n = 2 * size + sum(len(part[1]) for part in parts)
        x, v = slice(0, size), slice(size, 2 * size)
        self.a = np.zeros((n, n))
        self.a[x, v], self.a[v, x] = np.eye(size), -(basis * np.square(frequencies)) @ basis.T
        self.b, self.force, self.velocity = (np.zeros((len(baths), n)) for _ in range(3))
        self.direct = np.zeros(len(baths))
        at = 2 * size
        for c, ((d, i, o, e, static, viscosity), g) in enumerate(zip(parts, couplings, strict=True)):
            own = slice(at, at + len(i))
            at = own.stop
            self.velocity[c, v] = g
            self.force[c, x], self.force[c, v] = -static * g, -viscosity * g
            self.force[c, own] = o
            self.direct[c] = np.sqrt(viscosity)
            self.b[c, v], self.b[c, own] = self.direct[c] * g, e
            self.a[v] += np.outer(g, self.force[c])
            self.a[own, own] += d
            self.a[own, x] += np.outer(i, g)

    def generator(self, temperatures, rates, strengths):
        """Of (1, v_bj, S, int v, int S)."""
        n, (count, modes) = len(self.a), rates.shape
        inner, one = count * modes * n, np.eye(len(self.a))
        total = 1 + 2 * (inner + n**2)
        made = np.zeros((total, total))
        last = slice(1 + inner, 1 + inner + n**2)
        made[last, last] = np.kron(self.a, one) + np.kron(one, self.a)
        for c in range(count):
            outer = np.kron(self.b[c][:, None], one) + np.kron(one, self.b[c][:, None])
            made[last, 0] += outer @ self.b[c] * temperatures[c]
            for j in range(modes):
                own = slice(1 + (c * modes + j) * n, 1 + (c * modes + j + 1) * n)
                made[own, own] = self.a - rates[c, j] * one
                made[own, 0] = -self.a @ self.b[c]
                made[last, own] = outer * strengths[c, j]
        made[1 + inner + n**2 :, 1 : 1 + inner + n**2] = np.eye(inner + n**2)
        return made


def beginning_with(vector):
    """Orthogonal basis that begins with this vector: its strong damping then acts on one coordinate only."""
    columns, upper = np.linalg.qr(np.column_stack([vector, np.eye(len(vector))[:, 1:]]))
    return columns.T * np.sign(np.diag(upper))[:, None]


def exact_steps(frequencies, baths, drive_frequency, values, poles):
    """power, local_powers (L,), heat_currents (B,), covariance (L, L) period average; joint baths.

    values: (L, S) of the driven baths (those whose "coupling" is a string). poles: (k, w) of the rational
    coth, the first k = 0.
    """
    values = np.asarray(values, dtype=float)
    size, steps = values.shape
    temperatures = np.array([bath["temperature"] for bath in baths])
    rates = 2.0 * np.pi * temperatures[:, None] * poles[0][1:]
    strengths = 2.0 * temperatures[:, None] * poles[1][1:]
    couplings = np.array(
        [
            [values[:, s] if isinstance(bath["coupling"], str) else bath["coupling"] for bath in baths]
            for s in range(steps)
        ]
    )
    basis = beginning_with(couplings[0, -1])
    each = [Step(frequencies, baths, couplings[s], basis) for s in range(steps)]
    period = 2.0 * np.pi / drive_frequency
    turns = [expm(step.generator(temperatures, rates, strengths) * period / steps) for step in each]
    n = len(each[0].a)
    half = 1 + rates.size * n + n**2
    whole = np.eye(half)
    for turn in turns:
        whole = turn[:half, :half] @ whole
    state = np.concatenate([[1.0], np.linalg.solve(np.eye(half - 1) - whole[1:, 1:], whole[1:, 0])])
    local, heat, covariance = np.zeros(size), np.zeros(len(baths)), np.zeros((size, size))
    for s, (step, turn) in enumerate(zip(each, turns, strict=True)):
        end = turn @ np.concatenate([state, np.zeros(half - 1)])
        state, integral = end[:half], end[half:]
        inner = integral[: rates.size * n].reshape(*rates.shape, n)
        correlation = temperatures[:, None] * step.b * period / steps
        correlation = correlation + np.einsum("cj,cji->ci", strengths, inner)
        moments, now = integral[-(n**2) :].reshape(n, n), state[-(n**2) :].reshape(n, n)
        heat += np.einsum("ci,ij,cj->c", step.force, moments, step.velocity)
        heat += step.direct * np.einsum("ci,ci->c", step.velocity, correlation)
        covariance += basis.T @ moments[:size, :size] @ basis
        following = (s + 1) % steps
        change = couplings[following] - couplings[s]
        force = (step.force + each[following].force) / 2.0
        work = -change * (force @ now[:, :size] @ basis)
        local += work.sum(axis=0)
        heat -= work.sum(axis=1)
    return {
        "power": local.sum() / period,
        "local_powers": local / period,
        "heat_currents": heat / period,
        "covariance": covariance / period,
    }
