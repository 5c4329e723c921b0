"""Drives as samples of a waveform generator: round trips, and every loss that the header states."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import qtopt
from qtopt import files
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.files import read_waveform, sample_rate, waveform, write_waveform
from qtopt.model import FourierDrive, MonochromaticDrive, PiecewiseDrive

MACHINES = Path(__file__).parents[2] / "scripts" / "machines"
CONFIG = files.loads((MACHINES / "collective_engine.toml").read_text())
CIRCUIT = MACHINES / "superconducting_circuit.toml"
PERIOD = 2.0 * np.pi / 0.45
SHAPE = FourierDrive(0.45, [0.1, -0.2], [[0.5, 0.2], [0.4, 0.0]], [[0.3, 0.0], [-0.6, 0.1]])


def with_drive(drive: qtopt.AbstractDrive) -> files.Config:
    return replace(CONFIG, drive=drive)


@pytest.mark.parametrize("bits", [None, 2, 8, 14, 16])
def test_what_is_written_is_read_again(tmp_path: Path, bits: int | None) -> None:
    made = waveform(with_drive(SHAPE), 64.0 / PERIOD, bits)
    write_waveform(made, tmp_path / "awg.csv", {"revision": "abc"})
    again = read_waveform(tmp_path / "awg.csv")
    np.testing.assert_array_equal(again.values, made.values)
    assert vars(replace(again, values=made.values)) == vars(made)
    text = (tmp_path / "awg.csv").read_text()
    assert '# revision = "abc"' in text and "\nbaths.hot 1,baths.hot 2\n" in text


@pytest.mark.parametrize("bits", [8, 14])
def test_samples_are_the_drive_to_half_a_code(bits: int) -> None:
    made = waveform(with_drive(SHAPE), 64.0 / PERIOD, bits)
    times = np.arange(64) / 64 * PERIOD
    largest = 2 ** (bits - 1) - 1
    assert made.periods == 1 and np.abs(made.values).max() == largest and made.clipped == 0
    exact = np.asarray(SHAPE(times))
    assert np.abs(made.couplings - exact).max() <= 0.5 * made.scale / largest * (1.0 + 1e-9)
    assert 0.0 < made.rounding < made.scale / largest
    np.testing.assert_allclose(made.rounding, made.scale / largest / np.sqrt(12.0), rtol=0.2)


def test_samples_give_the_drive_back() -> None:
    """Its harmonics from the played samples, by FFT: the power is that of the drive to their rounding."""
    made = waveform(with_drive(SHAPE), 64.0 / PERIOD, 16)
    harmonics = np.fft.fft(made.couplings, axis=0).conj() / len(made.values)  # of exp(-i n Omega t)
    np.testing.assert_allclose(harmonics[:3], np.asarray(SHAPE.harmonics(2)), atol=3e-5)
    again = FourierDrive(0.45, harmonics[0].real, 2.0 * harmonics[1:3].real.T, 2.0 * harmonics[1:3].imag.T)
    powers = [float(qtopt.steady_state(CONFIG.machine, drive).power) for drive in (SHAPE, again)]
    np.testing.assert_allclose(powers[1], powers[0], rtol=1e-3)


def test_a_period_of_no_whole_samples_is_played_several_times() -> None:
    made = waveform(with_drive(SHAPE), 10.25 / PERIOD)
    assert made.periods == 4 and len(made.values) == 41 and abs(made.period_error) < 1e-14
    assert made.period == pytest.approx(PERIOD)
    made = waveform(with_drive(SHAPE), np.pi * 2.0 / PERIOD)
    assert made.period_error != 0.0
    played = len(made.values) / made.rate / made.periods
    assert made.period_error == pytest.approx(played / PERIOD - 1.0)


def test_clipping_is_counted() -> None:
    cosine = with_drive(MonochromaticDrive(0.45, [1.0, 0.5], [0.0, 0.0]))
    made = waveform(cosine, 36.0 / PERIOD, 14, scale=0.9)
    beyond = np.abs(np.cos(2.0 * np.pi * np.arange(36) / 36)) > 0.9
    assert made.clipped == beyond.sum() > 0
    np.testing.assert_allclose(
        made.couplings[:, 0], np.clip(np.cos(np.arange(36) / 36 * 2.0 * np.pi), -0.9, 0.9), atol=1e-4
    )


def test_content_above_half_the_rate() -> None:
    """Of a square wave, 1 - (8/pi^2)(1 + 1/9 + ..) up to the last odd harmonic that fits."""
    square = with_drive(PiecewiseDrive(0.45, [[1.0, -1.0], [1.0, -1.0]]))
    for samples, kept in ((12.0, (1, 3, 5)), (40.0, range(1, 20, 2))):
        share = 8.0 / np.pi**2 * sum(1.0 / n**2 for n in kept)
        np.testing.assert_allclose(waveform(square, samples / PERIOD).above_nyquist, 1.0 - share, rtol=1e-9)
    assert waveform(with_drive(SHAPE), 12.0 / PERIOD).above_nyquist < 1e-12


def test_rates() -> None:
    circuit = files.load(CIRCUIT)
    assert (
        sample_rate("1GS/s", circuit)
        == sample_rate("1 GSa/s", circuit)
        == sample_rate("1000MS/s", circuit)
        == 1e9
    )
    assert sample_rate("2.5", CONFIG) == 2.5
    np.testing.assert_allclose(sample_rate("1", circuit), 2.0 * np.pi * 5e9)
    with pytest.raises(
        InputError, match=r"needs a configuration that says what its frequencies are.*\[units\]"
    ):
        sample_rate("1GS/s", CONFIG)
    for bad in ("fast", "-1GS/s", "0", "1GHz", "1.2.3", "1e999"):
        with pytest.raises(InputError, match="--rate must be a rate above 0"):
            sample_rate(bad, circuit)


def test_what_no_generator_can_play() -> None:
    with pytest.raises(InputError, match="two samples in a period at least"):
        waveform(CONFIG, 1.9 / PERIOD)
    with pytest.raises(InputError, match="10,000,000 samples at most"):
        waveform(CONFIG, 1e9)
    with pytest.raises(InputError, match="--bits must be between 2 and 32, but it is 1"):
        waveform(CONFIG, 1.0, 1)
    with pytest.raises(InputError, match="--scale must be a finite number above 0"):
        waveform(CONFIG, 1.0, 8, scale=0.0)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "awg.csv"
    main(["export", str(CIRCUIT), "--awg", str(path), "--rate", "36GS/s", "--bits", "14"])
    made = read_waveform(path)
    assert len(made.values) == 16 and made.bits == 14 and made.rate == 3.6e10
    np.testing.assert_allclose(made.period, 1.0 / 2.25e9)
    assert '# time = "s"' in path.read_text() and "# fingerprint = " in path.read_text()
    main(["export", str(CIRCUIT), "--awg", str(path), "--rate", "36GS/s", "--bits", "14", "--scale", "0.5"])
    captured = capsys.readouterr()
    assert "samples are beyond the scale 0.5 and clipped" in captured.err and "16 of 2 shapes" in captured.out
