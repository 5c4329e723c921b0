"""What notebooks show: tables with every number, and small pictures of drives and fronts."""

import re

import numpy as np

import qtopt
from qtopt.schema import Curve, sketch


def heights(svg: str) -> list[float]:
    """The vertical places of the first polyline, from its smallest (0) to its largest (1)."""
    places = re.search(r'<polyline points="([^"]+)"', svg)
    assert places is not None
    y = np.array([float(pair.split(",")[1]) for pair in places[1].split()])
    return list((y.max() - y) / (y.max() - y.min()))


def test_a_sketch_shows_its_numbers() -> None:
    svg = sketch([Curve([0.0, 1.0, 4.0], [1.0, 3.0, 2.0], "a < b")], "x", "y")
    np.testing.assert_allclose(heights(svg), [0.0, 1.0, 0.5], atol=1e-2)
    assert (
        "a &lt; b" in svg
        and all(f">{number}<" in svg for number in (0, 1, 3, 4))
        and "logarithmic" not in svg
    )


def test_decades_are_drawn_by_logarithm_and_what_is_not_finite_is_left_out() -> None:
    svg = sketch([Curve([0.0, 1.0, 2.0, 3.0], [1.0, 1e2, np.nan, 1e4], "a")], "x", "y")
    np.testing.assert_allclose(heights(svg), [0.0, 0.5, 1.0], atol=1e-2)
    assert "logarithmic" in svg and "nan" not in svg
    assert sketch([Curve([np.nan], [1.0], "a", "points")], "x", "y") == ""


def test_a_drive_in_a_notebook_is_a_table_and_its_couplings() -> None:
    drive = qtopt.MonochromaticDrive(0.45, [1.0, 0.5], [0.0, np.pi])
    shown = drive._repr_html_()
    assert shown.startswith("<table>") and "0.45" in shown and shown.count("<polyline") == 2
    np.testing.assert_allclose(
        heights(shown), 0.5 + 0.5 * np.cos(2 * np.pi * np.linspace(0, 1, 241)), atol=2e-2
    )


def test_a_machine_and_a_state_in_a_notebook_are_tables() -> None:
    hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(1e-5, 1.25, 0.01), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(100.0), [1.0, 1.0])
    machine = qtopt.Machine([1.0, 0.6], (hot, cold))
    state = qtopt.steady_state(machine, qtopt.MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi]))
    assert all(text in machine._repr_html_() for text in ("1.25", "[1, 0.6]", "hot.temperature"))
    assert f"{state.power:.6g}" in state._repr_html_()
