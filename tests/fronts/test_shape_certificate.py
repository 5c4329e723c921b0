"""Bounds for functions |g_l(t)| <= 1 whose harmonics gain or cost: known values, validity, brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import linprog
from scipy.special import binom

from qtopt.fronts.certificates.peak import (
    AMPLITUDES,
    DEGREES,
    LONE_SHARE,
    MULTIPLES,
    SHARES,
    band_share,
    band_table,
    library_value,
    lone_values,
    reduced,
)

SAMPLES = 256
HARMONICS = 24


def value_of(forms: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """(B,) sum_n 2 g_n^dagger M_n g_n, n = 1..N, of functions that are constant between SAMPLES steps."""
    steps = np.sinc(np.arange(len(forms)) / SAMPLES)
    g = np.fft.fft(shapes, axis=1)[:, : len(forms)] / SAMPLES * steps[:, None]
    return 2.0 * np.einsum("bnl,nlm,bnm->b", np.conj(g), forms, g).real


def climbed(forms: np.ndarray, shapes: np.ndarray, steps: int = 400) -> np.ndarray:
    """Shapes after projected gradient ascent, clipped to |g| <= 1: feasible drives, whatever they reach."""
    rate = 1.0 / np.abs(np.linalg.eigvalsh(forms)).max()
    for _ in range(steps):
        g = np.fft.fft(shapes, axis=1)
        push = np.zeros_like(g)
        push[:, : len(forms)] = np.einsum("nlm,bnm->bnl", forms, g[:, : len(forms)])
        shapes = np.clip(shapes + rate * 2.0 * np.fft.ifft(push, axis=1).real, -1.0, 1.0)
    return shapes


def random_forms(generator: np.random.Generator, size: int, gaining: int) -> np.ndarray:
    """M_n, n = 0..HARMONICS: a few of the first harmonics gain, all others only cost."""
    a = generator.normal(size=(HARMONICS + 1, size, size)) + 1j * generator.normal(
        size=(HARMONICS + 1, size, size)
    )
    forms = (
        -np.einsum("nij,nkj->nik", a, np.conj(a))
        * np.exp(generator.normal(size=HARMONICS + 1))[:, None, None]
    )
    for n in 1 + generator.choice(8, gaining, replace=False):
        v = generator.normal(size=size) + 1j * generator.normal(size=size)
        forms[n] = 0.1 * forms[n] + 3.0 * np.exp(generator.normal()) * np.outer(v, np.conj(v))
    forms[0] = 0.0
    return forms


def bound_of(forms: np.ndarray) -> tuple[float, float]:
    """(bound with a searched shape, with one of the library)."""
    everything = jnp.arange(len(forms))
    left = jax.jit(reduced)(jnp.asarray(forms), everything, band_table(len(forms) - 1))
    price = float(left.price)
    rough = price + float(jax.jit(library_value)(left.forms))
    return price + float(lone_values(np.asarray(left.forms)[None])[0]), rough


@pytest.mark.parametrize(
    ("cost", "expected", "tolerance"),
    [(0.0, 8.0 / np.pi**2, 1e-5), (1e8, 0.5, 0.025), (1.0, 0.7068, 1e-3), (10.0, 0.5780, 1e-3)],
)
def test_one_harmonic_alone(cost: float, expected: float, tolerance: float) -> None:
    """Free multiples: a square wave, 8/pi^2. Infinitely dear ones: a cosine, 1/2 (up to the 17th).

    Between: what projected ascent reaches, 0.7068 and 0.5780.
    """
    forms = np.zeros((1, MULTIPLES, 1, 1), complex)
    forms[0, 0], forms[0, 1:] = 1.0, -cost
    found = float(lone_values(forms)[0])
    assert found == pytest.approx(expected, rel=tolerance)
    if 0.0 < cost < 1e3:
        table = np.zeros((2 * MULTIPLES, 1, 1), complex)
        table[1::2] = forms[0]
        t = 2.0 * np.pi * np.arange(SAMPLES) / SAMPLES
        start = np.clip(1.2 * np.cos(t), -1.0, 1.0)[None, :, None]
        reached = float(value_of(table, climbed(table, start, 4000))[0])
        assert 0.998 * found < reached <= found


@given(seed=st.integers(0, 2**31 - 1), size=st.sampled_from([1, 2, 3]), gaining=st.sampled_from([1, 2, 4]))
@settings(max_examples=12)
def test_no_drive_exceeds_the_bound(seed: int, size: int, gaining: int) -> None:
    """Random and climbing drives stay below it; the library is the weaker bound."""
    generator = np.random.default_rng(seed)
    forms = random_forms(generator, size, gaining)
    found, rough = bound_of(forms)
    t = 2.0 * np.pi * np.arange(SAMPLES)[None, :, None] / SAMPLES
    n = generator.integers(1, 9, size=(12, 1, size))
    tones = 2.0 * np.cos(n * t + 2.0 * np.pi * generator.uniform(size=(12, 1, size)))
    start = np.clip(np.concatenate([tones, generator.normal(size=(12, SAMPLES, size))]), -1.0, 1.0)
    reached = np.maximum(value_of(forms, start), value_of(forms, climbed(forms, start)))
    assert reached.max() <= found * (1.0 + 1e-9)
    assert found <= rough * (1.0 + 1e-3) + 1e-9


def test_two_oscillators_reach_the_bound() -> None:
    """Brute force: of one gaining harmonic and general costs, ascent from many starts comes within 0.2 %."""
    generator = np.random.default_rng(7)
    forms = random_forms(generator, 2, 1)
    k = int(np.argmax(np.linalg.eigvalsh(forms)[:, -1]))
    found, _ = bound_of(forms)
    t = 2.0 * np.pi * np.arange(SAMPLES)[None, :, None] / SAMPLES
    start = np.clip(2.0 * np.cos(k * t + 2.0 * np.pi * generator.uniform(size=(24, 1, 2))), -1.0, 1.0)
    reached = value_of(forms, climbed(forms, start, 3000)).max()
    assert 0.998 * found < reached <= found


@pytest.mark.parametrize("row", range(len(DEGREES)))
def test_shares_of_bands_are_those_of_the_linear_programme(row: int) -> None:
    """``a/(1 - 2b)`` of the docstring, solved anew: an upper bound just below the tabulated one."""
    degree = DEGREES[row]
    for amplitude, share in zip(AMPLITUDES[::2], SHARES[row, ::2], strict=True):
        x = amplitude * np.unique(
            np.concatenate([np.sin(np.linspace(0.0, np.pi / 2, 300)), np.linspace(0, 0.1, 150)])
        )
        r = amplitude * np.linspace(0.0, 1.0, 300)
        power = np.arange(degree + 1)
        even, average = (x[:, None] / amplitude) ** (2 * power), (r[:, None] / amplitude) ** (2 * power)
        average = average * binom(2 * power, power) / 4.0**power
        left = np.block([[-even, np.zeros((len(x), 1))], [average, -np.ones((len(r), 1))]])
        best = min(
            linprog(
                np.append(np.zeros(degree + 1), 1.0), left, np.append(-x, b * r**2), bounds=(None, None)
            ).fun
            / (1.0 - 2.0 * b)
            for b in (0.2, 0.225, 0.25, 0.275)
        )
        assert best < share < best + 4e-3


@given(first=st.integers(1, 12), width=st.integers(1, 4), seed=st.integers(0, 2**31 - 1))
@settings(max_examples=20)
def test_no_function_holds_more_in_a_band(first: int, width: int, seed: int) -> None:
    """Ascent on the sum of the band's mean squares; a lone harmonic's square wave reaches 8/pi^2."""
    band = np.zeros((first + width + 1, 1, 1), complex)
    band[first:] = 1.0
    start = np.clip(3.0 * np.random.default_rng(seed).normal(size=(6, SAMPLES, 1)), -1.0, 1.0)
    reached = value_of(band, climbed(band, start, 100)).max()
    share = band_share(first, first + width)
    assert LONE_SHARE < share <= 1.0 and reached <= share
