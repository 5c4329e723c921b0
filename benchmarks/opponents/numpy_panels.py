"""Opponent 2, the sharp NumPy user: weak-coupling thermodynamics on clustered Gauss-Legendre panels.

Two oscillators (m = 1), one weak driven bath (Lorentzian or Drude), one static Ohmic bath; formulas of
theory (3.5) to (3.9). What makes it fast:

* every resonance of J_1(w), coth(w/2T_1), chi(w_n), coth(w_n/2T_2) is a break point; panels are uniform in u,
  w = centre +- width sinh(u): clustered geometrically, all singularities pi/2 away from the real u axis;
* the K_1 term of P_l is moved to the same nodes by w -> -w_n:
  P_l = sum_n n Omega int dw/2pi { S_1(w) Im[g_l* (chi(w_n) g)_l]
                                   + coth(w_n/2T_2) Re[i K_1(w)* g_l* (chi''(w_n) g)_l] };
* n and -n contribute equally, the 2x2 inverse is written out in real numbers, J_2 = -J_1 - P node by node;
* everything is quadratic in the drive: integrals are taken without g, then multiplied by |g_A|^2, ...

The machine is a dict, see EXAMPLE. "harmonics" is the (N+1, 2) complex array g_n, n = 0..N, of
g(t) = sum_n g_n exp(-i n Omega t), g_{-n} = conj(g_n): a drive cos(Omega t) has g_1 = 1/2.
"""

from cmath import sqrt
from functools import lru_cache
from statistics import median
from time import perf_counter

import numpy as np

EXAMPLE = {
    "frequencies": (1.0, 0.6),
    "driven": {"kind": "lorentzian", "strength": 1e-5, "peak": 1.25, "width": 0.01},
    # or        {"kind": "drude", "strength": 1e-3, "cutoff": 12.0}
    "driven_temperature": 1.0,
    "static_damping": 100.0,
    "static_temperature": 0.2,
    "coupling": "joint",  # or "independent": each oscillator has its own copy of both baths
}
PANEL, NODES, CUTOFF = 4.0, 11, 1e4  # longest panel in u, nodes a panel, limit of |w| over the fastest rate


@lru_cache
def _unit_rule(nodes):
    x, w = np.polynomial.legendre.leggauss(nodes)
    return (x + 1) / 2, w / 2


def _merge(poles):
    """Centres and widths of complex poles, one entry a centre: the narrowest."""
    found = {}
    for pole in poles:
        centre = round(pole.real, 12)
        found[centre] = min(abs(pole.imag), found.get(centre, np.inf))
    return np.array([*found]), np.array([*found.values()])


def resonances(machine):
    """What the drive does not change: (centres, widths) in w, (centres, widths) in w_n, integration limit."""
    bath, gamma = machine["driven"], machine["static_damping"]
    square_a, square_b = (frequency**2 for frequency in machine["frequencies"])
    if bath["kind"] == "lorentzian":
        root = sqrt(bath["peak"] ** 2 - bath["width"] ** 2 / 4)
        driven = [root - 0.5j * bath["width"], -root - 0.5j * bath["width"]]
    else:
        driven = [-1j * bath["cutoff"]]
    if machine["coupling"] == "joint":  # det = (A + s^2)(B + s^2) + gamma s (A + B + 2 s^2), w = i s
        total = square_a + square_b
        companion = np.eye(4, k=-1)
        companion[0] = -2 * gamma, -total, -gamma * total, -square_a * square_b
        static = (1j * np.linalg.eigvals(companion)).tolist()
    else:
        halves = [sqrt(square - gamma**2 / 4) for square in (square_a, square_b)]
        static = [sign * half - 0.5j * gamma for half in halves for sign in (1, -1)]
    limit = CUTOFF * max(abs(pole) for pole in driven + static)
    driven.append(-2j * np.pi * machine["driven_temperature"])
    static.append(-2j * np.pi * machine["static_temperature"])
    return _merge(driven), _merge(static), limit


def _grid(found, shifts, panel, nodes):
    """Flat nodes and weights, first node of each row and nodes a row; a row is one shift n Omega."""
    (centre_1, width_1), (centre_2, width_2), limit = found
    rows, known = len(shifts), len(centre_1)
    centre = np.empty((rows, known + len(centre_2)))
    centre[:, :known] = centre_1
    centre[:, known:] = centre_2 - shifts[:, None]
    width = np.concatenate((width_1, width_2))
    # a wide resonance next to a narrow one must start its panels at the scale of the narrow one
    width = np.hypot(centre[:, :, None] - centre[:, None, :], width).min(axis=-1)
    order = centre.argsort(axis=-1) + centre.shape[1] * np.arange(rows)[:, None]
    centre, width = centre.ravel()[order], width.ravel()[order]
    reach = np.full((rows, 2, centre.shape[1]), limit)  # to the left, to the right: half way to the neighbour
    reach[:, 0, 1:] = reach[:, 1, :-1] = 0.5 * (centre[:, 1:] - centre[:, :-1])
    length = np.arcsinh(reach / width[:, None])
    count = np.ceil(length / panel - 1e-9).astype(int)
    flat = count.ravel()
    piece = np.arange(flat.size).repeat(flat)
    position = np.arange(piece.size) - (flat.cumsum() - flat)[piece]
    step = (length.ravel() / np.maximum(flat, 1))[piece, None]
    x, w = _unit_rule(nodes)
    grow = np.exp(step * (position[:, None] + x))
    decay = 1 / grow
    half = 0.5 * width[:, None].repeat(2, axis=1)
    half[:, 0] *= -1
    half = half.ravel()[piece, None]
    omega = centre[:, None].repeat(2, axis=1).ravel()[piece, None] + half * (grow - decay)
    weight = (np.abs(half) * step) * (grow + decay) * w
    sizes = nodes * count.sum(axis=(1, 2))
    return omega.ravel(), weight.ravel(), sizes.cumsum() - sizes, sizes


def moments(machine, found, orders, drive_frequencies, offsets=(0.0,), panel=PANEL, nodes=NODES):
    """(V, R, 4, 3) for the V offsets of Omega and the R pairs (n, Omega) = zip(orders, drive_frequencies).

    Rows |g_A|^2, |g_B|^2, Re and Im of g_A* g_B; columns P_A, P_B, J_1. All offsets share the panels of the
    pair, hence J_1, K_1 and the thermal factor of bath 1.
    """
    omega, weight, first, sizes = _grid(found, orders * drive_frequencies, panel, nodes)
    bath, gamma = machine["driven"], machine["static_damping"]
    square = omega * omega
    if bath["kind"] == "lorentzian":
        gap = bath["peak"] ** 2 - square
        lorentz = bath["strength"] * weight / (gap * gap + bath["width"] ** 2 * square)
        density = bath["width"] * omega * lorentz
        kernel = bath["strength"] / bath["peak"] ** 2 * weight - gap * lorentz
    else:
        density = bath["strength"] * omega * weight / (1 + square / bath["cutoff"] ** 2)
        kernel = density * omega / bath["cutoff"]
    noise = density / np.tanh(omega / (2 * machine["driven_temperature"]))
    square_a, square_b = (frequency**2 for frequency in machine["frequencies"])
    result = np.zeros((len(offsets), len(orders), 4, 3))
    fields = np.zeros((7, omega.size))  # flow into AA, BB, AB; the same times w; reactive
    for table, offset in zip(result, offsets, strict=True):
        shifts = orders * (drive_frequencies + offset)
        shifted = omega + (shifts if len(shifts) == 1 else shifts.repeat(sizes))
        square = shifted * shifted
        a, b, k = square_a - square, square_b - square, gamma * shifted
        coth = 1 / np.tanh(shifted / (2 * machine["static_temperature"]))
        flow = noise - density * coth
        if machine["coupling"] == "joint":  # chi^-1 = diag(a, b) - ik, expanded: chi'' = (k/D) (b, a)(b, a)^T
            ab, total = a * b, k * (a + b)
            over = k / (ab * ab + total * total)
            along_a, along_b = flow * over * a, b * over
            np.multiply(flow * b, along_b, out=fields[0])
            np.multiply(along_a, a, out=fields[1])
            np.multiply(along_a, b, out=fields[2])
            # Re K_1 coth chi''_AB - S_1 Re chi_AB
            np.multiply(noise * total + kernel * coth * ab, over, out=fields[6])
        else:
            np.divide(flow * k, a * a + k * k, out=fields[0])
            np.divide(flow * k, b * b + k * k, out=fields[1])
        np.multiply(fields[:3], omega, out=fields[3:6])
        totals = np.add.reduceat(fields, first, axis=1) * (np.where(orders == 0, 1, 2) / (2 * np.pi))
        aa, bb, ab, reactive = totals[[0, 1, 2, 6]] * shifts
        table[:, 0, 0], table[:, 1, 1], table[:, 3, 0], table[:, 3, 1] = aa, bb, -reactive, reactive
        table[:, 2, :2] = ab[:, None]
        table[:, :3, 2] = totals[3:6].T
        table[:, 2, 2] *= 2
    return result


def _combine(table, harmonics):
    """(..., 5): P, P_A, P_B, J_1, J_2 from moments (..., N, 4, 3) and harmonics (..., N, 2)."""
    g_a, g_b = harmonics[..., 0], harmonics[..., 1]
    cross = g_a.conj() * g_b
    features = np.array((abs(g_a) ** 2, abs(g_b) ** 2, cross.real, cross.imag))
    out = np.einsum("k...n,...nkq->q...", features, table)
    power = out[0] + out[1]
    return np.array((power, *out, -out[2] - power)).T


def evaluate(machine, drive_frequency, harmonics, found=None, panel=PANEL, nodes=NODES):
    """Powers and heat currents; pass found=resonances(machine) to reuse the poles of a fixed machine."""
    orders = harmonics.any(axis=1).nonzero()[0]
    frequencies = np.full(orders.size, drive_frequency)
    table = moments(machine, found or resonances(machine), orders, frequencies, panel=panel, nodes=nodes)[0]
    out = _combine(table, harmonics[orders])
    return {"power": out[0], "local_powers": out[1:3], "heat_currents": out[3:5]}


def evaluate_many(machine, drive_frequencies, harmonics, chunk=32):
    """(B, 5): P, P_A, P_B, J_1, J_2 at B drive frequencies, in chunks that stay in cache: a row of a map."""
    found, orders = resonances(machine), harmonics.any(axis=1).nonzero()[0]
    rows = []
    for start in range(0, len(drive_frequencies), chunk):
        part = drive_frequencies[start : start + chunk]
        table = moments(machine, found, np.tile(orders, part.size), part.repeat(orders.size))[0]
        rows.append(_combine(table.reshape(part.size, orders.size, 4, 3), harmonics[orders]))
    return np.concatenate(rows)


def value_and_gradient_fd(machine, drive_frequency, cosines, sines, found=None, step=None, nodes=NODES + 3):
    """Value (5,) and Jacobian (5, 4N+1) of (P, P_A, P_B, J_1, J_2) by central differences.

    Parameters: cosines (N, 2), sines (N, 2) of g(t) = sum_n c_n cos(n Omega t) + s_n sin(n Omega t), Omega.
    The integrals do not contain the drive, so only Omega +- step costs quadrature (on the panels of Omega,
    with a few nodes more: the resonances move on them); the rest differences quadratic forms, exactly.
    """
    found = found or resonances(machine)
    orders = np.arange(1, len(cosines) + 1)
    if step is None:  # small against the narrowest structure in Omega: J_1 convolved with chi
        step = 3e-4 * (found[0][1].min() + found[1][1].min()) / orders[-1]
    frequencies = np.full(orders.size, drive_frequency)
    tables = moments(machine, found, orders, frequencies, (0.0, step, -step), nodes=nodes)
    harmonics = 0.5 * (cosines + 1j * sines)
    units = np.eye(harmonics.size).reshape(-1, *harmonics.shape)
    bumps = 0.25 * np.concatenate((units, 1j * units))
    trial = _combine(tables[0], np.concatenate((harmonics[None], harmonics + bumps, harmonics - bumps)))
    plus, minus = trial[1 : len(bumps) + 1], trial[len(bumps) + 1 :]
    by_frequency = (_combine(tables[1], harmonics) - _combine(tables[2], harmonics)) / (2 * step)
    return trial[0], np.concatenate((plus - minus, by_frequency[None])).T


def _time(function, *arguments, repeats=300):
    times = []
    for _ in range(repeats):
        start = perf_counter()
        function(*arguments)
        times.append(perf_counter() - start)
    return 1e3 * median(times)


def _flat(result):
    return np.array([result["power"], *result["local_powers"], *result["heat_currents"]])


def main():
    machine, found = EXAMPLE, resonances(EXAMPLE)
    for phase in (np.pi, 1.0):
        harmonics = np.array([[0, 0], [0.5, 0.5 * np.exp(-1j * phase)]])
        value = _flat(evaluate(machine, 0.45, harmonics))
        error = np.abs(value / _flat(evaluate(machine, 0.45, harmonics, panel=1.0, nodes=24)) - 1).max()
        full, known = (_time(evaluate, machine, 0.45, harmonics, *more) for more in ((), (found,)))
        print(f"phase {phase:.4f}: (P, P_A, P_B, J_1, J_2)/d =", value / machine["driven"]["strength"])
        print(f"  largest relative error against refined panels {error:.1e}")
        print(f"  median time {full:.3f} ms, with the poles known {known:.3f} ms")
    scan = np.linspace(0.1, 0.5, 512)
    spent = _time(evaluate_many, machine, scan, harmonics, repeats=20) / scan.size
    print(f"512 drive frequencies in one call: {spent:.4f} ms each")
    for count in (1, 4):
        cosines, sines = np.random.default_rng(0).normal(size=(2, count, 2))
        slope = value_and_gradient_fd(machine, 0.45, cosines, sines)[1][:, -1]
        drive = np.concatenate((np.zeros((1, 2)), 0.5 * (cosines + 1j * sines)))
        a, b, c, d = (
            _flat(evaluate(machine, 0.45 + h, drive, panel=1.0, nodes=24)) for h in (4e-5, 2e-5, -2e-5, -4e-5)
        )
        error = np.abs(slope - (8 * (b - c) - (a - d)) / 24e-5).max() / np.abs(slope).max()
        spent = _time(value_and_gradient_fd, machine, 0.45, cosines, sines)
        print(f"{count} harmonics: value and Jacobian (5, {4 * count + 1}) in {spent:.3f} ms, ", end="")
        print(f"error of d/dOmega {error:.1e} of its largest entry, against refined panels")


if __name__ == "__main__":
    main()
