"""Vectorised adaptive Gauss-Legendre quadrature over half-lines.

The integrands of the weak-coupling theory are analytic near the real axis apart from *known* poles p
(resonances, bath poles, coth poles).  A panel with midpoint m and half-length h converges like
rho^(-2 ORDER), where rho = |z + sqrt(z^2 - 1)|, z = (p - m)/h, is the Bernstein parameter of the nearest
pole.  `mesh` bisects [start, W] until rho >= RHO for every panel and pole; beyond W the map w = W/s,
s in (0, 1], makes algebraic tails analytic.  `integrate` then bisects every panel once more, and again
where the two rules differ: the error it reports is twice the summed difference between the two last rules
plus a round-off allowance.
"""

import numpy as np

ORDER, RHO = 16, 3.0


def gauss_legendre(order, dtype):
    """Nodes and weights, polished in dtype by Newton steps on P_order; w = 2/((1 - x^2) P'^2)."""
    x = np.polynomial.legendre.leggauss(order)[0].astype(dtype)
    for _ in range(3):
        before, current = np.ones_like(x), x
        for k in range(2, order + 1):
            before, current = current, ((2 * k - 1) * x * current - (k - 1) * before) / k
        slope = order * (x * current - before) / (x * x - 1)
        x = x - current / slope
    return x, 2 / ((1 - x * x) * slope**2)


_RULES = {dtype: gauss_legendre(ORDER, dtype) for dtype in (np.dtype(float), np.dtype(np.longdouble))}


def bernstein(z):
    """Bernstein-ellipse parameter of the complex points z relative to [-1, 1]."""
    root = np.sqrt(z - 1) * np.sqrt(z + 1)
    return np.abs(z + root)


def mesh(start, stop, poles):
    """Panels (left, right) of [start, stop] that keep every pole outside the Bernstein ellipse RHO."""
    left, right = np.array([min(start, stop)]), np.array([max(start, stop)])
    done = []
    while left.size:
        middle, half = (left + right) / 2, (right - left) / 2
        # Only panels that still fail for some pole are cut.
        fails = (bernstein((poles[None, :] - middle[:, None]) / half[:, None]) < RHO).any(axis=1)
        done.append(np.stack([left[~fails], right[~fails]]))
        left, right = (
            np.concatenate([left[fails], middle[fails]]),
            np.concatenate([middle[fails], right[fails]]),
        )
    return np.concatenate(done, axis=1)


def _panel_integrals(function, stop, panels, chunk=20000):
    """Integrals of function and |function| over each panel; rows: left, right, tail (then s = stop/w)."""
    left, right, tail = panels
    nodes, weights = _RULES[panels.dtype]
    half = (right - left) / 2
    t = ((left + right) / 2)[:, None] + half[:, None] * nodes
    weight = half[:, None] * weights
    tail = tail != 0
    weight[tail] *= abs(stop) / t[tail] ** 2
    t[tail] = stop / t[tail]
    t, weight = t.ravel(), weight.ravel()
    values = np.concatenate([function(t[i : i + chunk]) for i in range(0, t.size, chunk)], axis=1) * weight
    values = values.reshape(values.shape[0], -1, ORDER)
    return values.sum(axis=2), np.abs(values).sum(axis=2)


def _bisect(panels):
    left, right, tail = panels
    middle = (left + right) / 2
    return np.stack(
        [np.concatenate([left, middle]), np.concatenate([middle, right]), np.concatenate([tail, tail])]
    )


def integrate(function, start, stop, poles, rtol, dtype=float, rounds=8, gain=0.2):
    """Integral of function(w) -> (components, nodes) over the half-line from start through stop to infinity.

    stop lies outside all features (algebraic tail); the measure is positive in both directions.
    Returns (value, error): error is twice the summed |coarse - fine| of the last two rules plus round-off,
    32 eps int |function| + 1e-15 |value|.
    Nodes and sums are in dtype.  A panel is given up (its gap stays in the error) when bisecting it did not
    shrink its gap by the factor gain: round-off.  gain = inf keeps bisecting, for integrands whose poles are
    not all known.
    """
    eps = float(np.finfo(dtype).eps)
    finite = mesh(start, stop, poles)
    panels = np.concatenate(
        [np.vstack([finite, np.zeros(finite.shape[1])]), [[0.0], [1.0], [1.0]]], axis=1
    ).astype(dtype)
    parent = np.full(panels.shape[1], np.inf)
    coarse, _ = _panel_integrals(function, stop, panels)
    total, modulus, error = (np.zeros(coarse.shape[0], dtype) for _ in range(3))
    for step in range(rounds):
        count = panels.shape[1]
        children = _bisect(panels)
        fine, size = _panel_integrals(function, stop, children)
        pair, pair_size = fine[:, :count] + fine[:, count:], size[:, :count] + size[:, count:]
        gap = np.abs(pair - coarse)
        value = np.abs(total + pair.sum(axis=1))
        floor = eps * (modulus + pair_size.sum(axis=1))
        allowed = np.maximum(0.01 * rtol * value, floor) / count
        excess = (gap / np.maximum(np.maximum(allowed[:, None], 16 * eps * pair_size), 1e-300)).max(axis=0)
        bad = (excess > 1) & (excess < gain * parent)
        if step == rounds - 1:
            bad[:] = False
        total += pair[:, ~bad].sum(axis=1)
        modulus += pair_size[:, ~bad].sum(axis=1)
        error += gap[:, ~bad].sum(axis=1)
        if not bad.any():
            break
        keep = np.concatenate([bad, bad])
        panels, coarse, parent = children[:, keep], fine[:, keep], np.concatenate([excess[bad], excess[bad]])
    return total.astype(float), (2 * error + 32 * eps * modulus).astype(float) + 1e-15 * np.abs(
        total.astype(float)
    )
