"""How much of its mean square a function bounded by 1 holds in a band of harmonics."""

import numpy as np

LONE_SHARE = 8.0 / np.pi**2
"""Share of one harmonic, theory (10.2)."""
DEGREES = (2, 3, 4, 6, 9)
AMPLITUDES = np.array([1.7, 1.9, 2.1, 2.3, 2.6])
SHARES = np.array(
    [
        [0.930, 0.942, 0.950, 0.956, 0.964],
        [0.866, 0.874, 0.882, 0.890, 0.901],
        [0.848, 0.850, 0.853, 0.858, 0.866],
        [0.831, 0.834, 0.837, 0.839, 0.843],
        [0.822, 0.823, 0.824, 0.825, 0.828],
    ]
)
"""Shares for DEGREES (rows) and bands whose functions stay below AMPLITUDES (columns), see `band_share`."""
SAMPLES, PHASES = 2048, 32


def band_share(first: int, last: int) -> float:
    """Upper bound on ``sum_n 2|g_n|^2`` over n = first..last, first >= 1, for every real |g(t)| <= 1.

    A linear programme for a polynomial above |x|, solved once for each degree and amplitude (`SHARES`,
    rounded up). Narrow bands allow high degrees, and come close to the 8/pi^2 of a single harmonic.

    Source: theory (10.11), (10.12).
    """
    if first == last:
        return LONE_SHARE
    best = 1.0
    amplitude = _largest_amplitude(first, last)
    column = int(np.searchsorted(AMPLITUDES, amplitude))
    for row, degree in enumerate(DEGREES):
        if last * (degree - 1) < first * (degree + 1) and column < len(AMPLITUDES):
            best = min(best, float(SHARES[row, column]))
    return best


def _largest_amplitude(first: int, last: int) -> float:
    """The largest amplitude that a function in the band can have, theory (10.13)."""
    t = 2.0 * np.pi * (np.arange(SAMPLES) + 0.5) / SAMPLES
    kernel = np.exp(-1j * np.outer(np.arange(first, last + 1), t)).sum(axis=0)
    phase = np.pi * np.arange(PHASES) / PHASES
    mean = np.abs((np.exp(1j * phase)[:, None] * kernel).real).mean(axis=1).max()
    # Between two phases the mean is a combination of both with weights that sum to 1/cos(half a step).
    return float(2.0 * mean / np.cos(np.pi / (2 * PHASES)))


class Bands:
    """The bands in which harmonic k may be treated, for k = 0..N.

    Attributes:
        first, last: (V, N+1) ends; the first variant is harmonic k alone.
        share: (V, N+1) of `band_share`.
    """

    def __init__(self, harmonics: int) -> None:
        ends = []
        k = np.arange(harmonics + 1)
        ends.append((k, k))
        for degree in DEGREES:
            ratio = (degree + 1) / (degree - 1)
            for start in (k, np.ceil(k / np.sqrt(ratio)), np.floor(k / ratio) + 1):
                first = np.minimum(np.maximum(start.astype(int), 1), k)
                last = np.maximum(np.ceil(first * ratio - 1e-9).astype(int) - 1, k)
                ends.append((first, np.minimum(last, harmonics)))
        self.first, self.last = (np.stack(part) for part in zip(*ends, strict=True))
        known: dict[tuple[int, int], float] = {}
        share = np.ones(self.first.shape)
        for index in np.ndindex(share.shape):
            band = (int(self.first[index]), int(self.last[index]))
            if band[0] < 1 or band[1] - band[0] > 12:
                continue
            if band not in known:
                known[band] = band_share(*band)
            share[index] = known[band]
        self.share = share
