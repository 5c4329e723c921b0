"""Compute qtopt/thermal/coth_poles.json, the poles of the rational coth (see `qtopt.thermal.coth_poles`).

r(s) = [coth(x/2) - 2/x]/x = sum_k 4/(s + (2 pi k)^2), s = x^2, is a Stieltjes function. Its rational
interpolant with n poles at 2n points s > 0 is therefore again a sum of n positive terms 4 w/(s + (2 pi k)^2).
The points are Zolotarev's for the interval [c^2, X^2 + c^2], shifted by -c^2: the first c/(2 pi) or so poles
come out as Matsubara terms by themselves, so only the poles of r beyond -c^2 count. The best c levels the
error.

    python scripts/rational_coth.py        (two minutes; needs mpmath)

Sources: Stieltjes property: Baker, Graves-Morris, Pade Approximants, 5.2; points: Zolotarev (1877), see
Akhiezer, Elements of the Theory of Elliptic Functions, chapter 9.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp

LARGEST = 1e10
"""X, the largest |omega|/T. Heat currents into a bath of damping gamma err by about (gamma/XT)^2 of the
zero-point scale, which is far larger than the current itself where T is low: 1e8 is not enough there."""
POLES = {1e-9: 50, 2e-10: 53, 1e-12: 65, 1e-15: 79}
"""The fewest poles, beside the one at zero frequency, that reach each accuracy."""
TABLE = Path(__file__).parents[1] / "qtopt" / "thermal" / "coth_poles.json"
mp.mp.dps = 100
Number = Any
"""An mpf, which type checkers take for a variable."""


class Interpolant(NamedTuple):
    """The continued fraction a_0/(1 + a_1 (s - s_0)/(1 + a_2 (s - s_1)/(1 + ...)))."""

    points: list[Number]
    coefficients: list[Number]

    def fraction(self, s: mp.mpf) -> tuple[Number, Number]:
        """Numerator and denominator, by Wallis' recurrence."""
        old, new = (mp.mpf(0), mp.mpf(1)), (self.coefficients[0], mp.mpf(1))
        for a, point in zip(self.coefficients[1:], self.points, strict=False):
            old, new = new, (new[0] + a * (s - point) * old[0], new[1] + a * (s - point) * old[1])
        return new


def stieltjes(s: mp.mpf) -> Number:
    """r(s)."""
    x = mp.sqrt(s)
    return (mp.coth(x / 2) - 2 / x) / x


def interpolate(poles: int, c: float) -> Interpolant:
    """r(s) at Zolotarev's points; Thiele's inverse differences."""
    end = mp.mpf(LARGEST) ** 2 + mp.mpf(c) ** 2
    m = 1 - mp.mpf(c) ** 2 / end
    quarter = mp.ellipk(m)
    phases = [quarter * (2 * i + 1) / (4 * poles) for i in range(2 * poles)]
    points = [end * mp.ellipfun("dn", u, m=m) ** 2 - mp.mpf(c) ** 2 for u in reversed(phases)]
    values = [stieltjes(s) for s in points]
    for k, s in enumerate(points):
        values[k + 1 :] = [
            (values[k] / v - 1) / (t - s) for v, t in zip(values[k + 1 :], points[k + 1 :], strict=True)
        ]
    return Interpolant(points, values)


def largest_error(r: Interpolant) -> Number:
    """Largest relative error of coth on [0, X], from six samples between neighbouring points."""
    ends = [mp.mpf(0), *(mp.sqrt(s) for s in r.points), mp.mpf(LARGEST)]
    samples = [a + (b - a) * i / 6 for a, b in pairwise(ends) for i in range(1, 7)]
    return max(abs(relative_error(r, x)) for x in samples)


def relative_error(r: Interpolant, x: mp.mpf) -> Number:
    """(rational coth - coth)/coth."""
    numerator, denominator = r.fraction(x**2)
    return (numerator / denominator - stieltjes(x**2)) * x / mp.coth(x / 2)


def poles_and_weights(r: Interpolant) -> tuple[list[float], list[float]]:
    """k and w of r(s) = sum 4 w/(s + (2 pi k)^2), from the sign changes of the denominator along s < 0."""

    def denominator(log_k: mp.mpf) -> Number:
        return r.fraction(-((2 * mp.pi * mp.exp(log_k)) ** 2))[1]

    # Neighbouring poles are at least 10 % apart, the first at k = 1, the last a few times beyond X/(2 pi).
    grid = [mp.mpf(i) / 50 for i in range(-1, 1250)]
    signs = [mp.sign(denominator(y)) for y in grid]
    brackets = [ends for ends, (a, b) in zip(pairwise(grid), pairwise(signs), strict=True) if a != b]
    ks, weights = [], []
    for ends in brackets:
        k = mp.exp(mp.findroot(denominator, ends, solver="anderson", tol=1e-60, verify=False))
        s = -((2 * mp.pi * k) ** 2)
        slope = mp.diff(lambda t: r.fraction(t)[1], s)
        ks.append(float(k))
        weights.append(float(r.fraction(s)[0] / slope / 4))
    return ks, weights


def table(accuracy: float, poles: int) -> dict[str, object]:
    """One entry of the file, with the c that makes the largest error smallest."""
    best = min((interpolate(poles, c / 4) for c in range(36, 68)), key=largest_error)
    error = largest_error(best)
    ks, weights = poles_and_weights(best)
    assert error < accuracy and len(ks) == poles
    print(f"accuracy {accuracy:.0e}: {poles} poles, largest error {mp.nstr(error, 3)}")
    return {"accuracy": accuracy, "k": [0.0, *ks], "weight": [0.5, *weights]}


if __name__ == "__main__":
    tables = [table(accuracy, poles) for accuracy, poles in POLES.items()]
    TABLE.write_text(json.dumps(tables, indent=1) + "\n")
