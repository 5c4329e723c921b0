"""The figures: they can always be built, they show the numbers they are given, and files appear whole."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import jax.numpy as jnp
import matplotlib
import matplotlib.image
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from qtopt import files
from qtopt.errors import InputError
from qtopt.fronts import Certificate, Front, FrontPoint, PowerEfficiency
from qtopt.model import AbstractDrive, BoundedDrive, FourierDrive, PiecewiseDrive
from qtopt.plots import drives_figure, front_figure, scan_figure, trajectory_figure
from qtopt.plots._drives import evenly_spaced, origin, reference_oscillator
from qtopt.plots.style import save
from qtopt.scan import parameter_scan
from qtopt.solvers.time_domain import Trajectory
from tests.fronts.test_pareto_certificate import engine
from tests.helpers.texts import MACHINE as MACHINE_TEXT, MONOCHROMATIC

STRENGTH = 1e-5
ENGINE = PowerEfficiency(hot=1.0, cold=0.2)
MACHINE = engine()


def drive_of(kind: str, size: int, frequency: float, seed: int = 0) -> AbstractDrive:
    """A random drive of one family."""
    random = np.random.default_rng(seed)
    if kind == "piecewise":
        return PiecewiseDrive(jnp.asarray(frequency), jnp.asarray(random.uniform(-1.0, 1.0, (size, 6))))
    mean, cosine, sine = random.normal(size=size), *random.normal(size=(2, size, 3))
    family = BoundedDrive if kind == "bounded" else FourierDrive
    return family(jnp.asarray(frequency), jnp.asarray(mean), jnp.asarray(cosine), jnp.asarray(sine))


def front_of(
    count: int,
    size: int = 2,
    kind: str = "bounded",
    top: float = 0.3,
    decades: float = 1.0,
    validity: float = 0.01,
    efficiency: tuple[float, float] = (0.4, 0.6),
) -> Front:
    """A front of `count` points whose power falls from `top` (in units of the strength) by some decades."""
    eta = np.linspace(*efficiency, max(count, 2))
    power = STRENGTH * top * 10.0 ** (-decades * np.linspace(0.0, 1.0, max(count, 2)))
    points = tuple(
        FrontPoint(
            machine=MACHINE,
            drive=drive_of(kind, size, 0.4 + 0.01 * i, i),
            merits={"efficiency": float(eta[i]), "output": float(power[i])},
            power=-float(power[i]),
            entropy_production_rate=1e-6,
            truncation_error=0.0,
            weak_validity=validity * (2.0 if i == 0 else 1.0),
            bound=1.1 * float(power[i]),
            gap=0.1 / (i + 1),
        )
        for i in range(count)
    )
    certificate = Certificate(eta, 1.1 * power, 1.2 * power, np.full(len(eta), 0.5))
    return Front(ENGINE, points, certificate, "" if points else "no engine found")


NO_ENGINE = Front(ENGINE, remark="no engine within the bound")


def panels(made: Figure) -> list[Axes]:
    """Panels with something drawn or to be drawn in them."""
    return [axes for axes in made.axes if axes.axison]


def curves(axes: Axes, marker: bool) -> list[Line2D]:
    """The lines of found points (with markers), or those of the bounds (without)."""
    return [line for line in axes.lines if (line.get_marker() != "None") is marker]


def xy(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    """What a line shows."""
    return np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float)


def legend(made: Figure) -> list[str]:
    """All legend entries."""
    return [text.get_text() for box in made.legends for text in box.get_texts()]


def words(axes: Axes) -> str:
    """Free text in a panel."""
    return "\n".join(text.get_text() for text in axes.texts)


@pytest.mark.parametrize("count", [0, 1, 2, 30])
@pytest.mark.parametrize("other", [NO_ENGINE, front_of(5, top=0.2)])
def test_front_figure_can_be_drawn(tmp_path: Path, count: int, other: Front) -> None:
    made = front_figure({"joint": front_of(count), "independent": other}, STRENGTH, title="title")
    save(made, tmp_path / "front.png")
    assert (tmp_path / "front.png").stat().st_size > 1000
    assert np.allclose(made.get_size_inches()[0] * 25.4, 178.0)


@pytest.mark.parametrize("fronts", [{}, {"joint": NO_ENGINE}, {"other": front_of(3), "joint": NO_ENGINE}])
def test_figures_of_missing_fronts(tmp_path: Path, fronts: dict[str, Front]) -> None:
    for index, made in enumerate((front_figure(fronts), drives_figure(fronts))):
        save(made, tmp_path / f"{index}.png")
        assert (tmp_path / f"{index}.png").exists()


def test_front_figure_shows_the_points() -> None:
    fronts = {"joint": front_of(6), "independent": front_of(4, top=0.2)}
    power, gap, frequency = panels(front_figure(fronts, STRENGTH))
    for index, front in enumerate(fronts.values()):
        eta = [point.efficiency for point in front.points]
        shown = {
            power: [-point.power / STRENGTH for point in front.points],
            gap: [point.gap for point in front.points],
            frequency: [point.frequency for point in front.points],
        }
        for axes, values in shown.items():
            np.testing.assert_allclose(xy(curves(axes, marker=True)[index]), (eta, values), rtol=1e-14)
        assert front.certificate is not None
        bound = curves(power, marker=False)[index]
        certificate = front.certificate
        expected = (certificate.target, certificate.bound / STRENGTH)
        np.testing.assert_allclose(xy(bound), expected, rtol=1e-14)
        assert bound.get_linestyle() == "--"


def test_everything_drawn_lies_within_the_axes() -> None:
    fronts = {"joint": front_of(6, decades=4.0), "independent": front_of(4, top=0.2, decades=3.0)}
    for axes in panels(front_figure(fronts, STRENGTH)):
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        for line in curves(axes, marker=True):
            x, y = xy(line)
            assert np.all((x >= left) & (x <= right) & (y > bottom) & (y < top))


def test_front_figure_labels() -> None:
    fronts = {"joint": front_of(6), "independent": front_of(4)}
    expected = {
        (None, "d"): r"extracted power $-P$ ($\hbar\omega_A^2$)",
        (STRENGTH, "d"): r"extracted power $-P/d$ ($\hbar/\omega_A^2$)",
        (STRENGTH, "gamma_1"): r"extracted power $-P/\gamma_1$ ($\hbar\omega_A$)",
    }
    for (strength, symbol), label in expected.items():
        power, gap, frequency = panels(front_figure(fronts, strength, symbol))
        assert power.get_ylabel() == label
        assert power.get_xlabel() == frequency.get_xlabel() == r"efficiency $\eta$"
        assert gap.get_ylabel() == "certified gap"
        assert frequency.get_ylabel() == r"frequency $\Omega$ ($\omega_A$)"


def test_front_figure_legend() -> None:
    made = front_figure({"joint": front_of(6), "independent": front_of(4)}, STRENGTH)
    assert legend(made) == [
        "joint: found",
        "independent: found",
        "joint: certified bound",
        "independent: certified bound",
        "unreachable by any drive",
    ]
    assert legend(front_figure({"joint": NO_ENGINE})) == []


def test_doubtful_points_are_open() -> None:
    made = front_figure({"joint": front_of(6, validity=0.06)}, STRENGTH)  # only the first one exceeds 0.1
    assert legend(made)[-1] == "weak theory doubtful (validity > 0.1)"
    for axes in panels(made):
        every, doubtful = curves(axes, marker=True)
        assert len(xy(every)[0]) == 6
        assert xy(doubtful)[0] == pytest.approx([0.4])
        assert doubtful.get_markerfacecolor() == "white"


@pytest.mark.parametrize(("decades", "scale"), [(1.0, "linear"), (3.0, "log")])
def test_power_axis_is_logarithmic_when_needed(decades: float, scale: str) -> None:
    power, gap, _ = panels(front_figure({"joint": front_of(6, decades=decades)}, STRENGTH))
    assert power.get_yscale() == scale
    assert gap.get_yscale() == "log"


def test_round_off_gaps_are_drawn_at_the_smallest_one() -> None:
    front = front_of(3)
    exact = tuple(replace(p, gap=g) for p, g in zip(front.points, (-1e-13, 0.0, np.nan), strict=True))
    _, gap, _ = panels(front_figure({"joint": Front(ENGINE, exact, front.certificate)}))
    np.testing.assert_allclose(xy(curves(gap, marker=True)[0])[1], [1e-9, 1e-9, np.nan])
    assert gap.get_yticklabels()[0].get_text() == "≤ $10^{-9}$"


def test_fronts_that_are_not_drawn_are_told_of() -> None:
    joint = front_of(6)
    cases = {
        "no engine within the bound": NO_ENGINE,
        "no engine found": Front(ENGINE, (), joint.certificate, "no engine found"),
        r"not shown: $-P/d$ ≤ 3.00$\times 10^{-4}$, $\eta$ ≤ 0.2": front_of(
            3, top=3e-4, efficiency=(0.1, 0.2)
        ),
    }
    for text, other in cases.items():
        made = front_figure({"joint": joint, "independent": other}, STRENGTH)
        power = panels(made)[0]
        assert text in words(power)
        assert len(curves(power, marker=True)) == 1
        assert power.get_yscale() == "linear"
    assert words(panels(front_figure({"joint": joint, "independent": front_of(3, top=0.1)}))[0]) == ""


def test_a_weak_front_at_higher_efficiency_is_drawn() -> None:
    weak = front_of(3, top=1e-4, efficiency=(0.55, 0.7))
    power = panels(front_figure({"joint": front_of(6), "independent": weak}, STRENGTH))[0]
    assert len(curves(power, marker=True)) == 2
    assert power.get_yscale() == "log"


def test_shading_lies_above_every_bound() -> None:
    fronts = {"joint": front_of(6, top=0.3), "independent": front_of(4, top=0.4, efficiency=(0.42, 0.5))}
    power = panels(front_figure(fronts, STRENGTH))[0]
    (shade,) = power.collections
    region = shade.get_paths()[0]
    for front in fronts.values():
        for point in front.points:
            assert not region.contains_point((point.efficiency, -point.power / STRENGTH))
    assert not region.contains_point((0.415, 10.0))  # left of one of the bounds: not claimed
    assert region.contains_point((0.43, 0.5))
    assert not region.contains_point((0.43, 0.33))


@pytest.mark.parametrize("kind", ["fourier", "bounded", "piecewise"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_drives_figure_shows_the_drives(tmp_path: Path, kind: str, size: int) -> None:
    front = front_of(7, size, kind)
    made = drives_figure({"joint": front, "independent": NO_ENGINE}, count=3, strength=STRENGTH)
    drawn = panels(made)
    assert len(drawn) == 3
    oscillator = reference_oscillator(tuple(front.points[i] for i in (0, 3, 6)))
    for axes, index in zip(drawn, (0, 3, 6), strict=True):
        drive = front.points[index].drive
        lines = axes.lines[-size:]
        phase = xy(lines[0])[0]
        expected = drive(2.0 * np.pi * (phase + origin(drive, oscillator)) / drive.frequency)
        np.testing.assert_allclose(np.stack([xy(line)[1] for line in lines], axis=1), expected)
        assert len(axes.lines) == size + (2 if kind == "bounded" else 0)
        assert axes.get_xlabel() == r"$\Omega t/2\pi$"
        assert np.abs(expected).max() <= axes.get_ylim()[1]
        assert f"{front.points[index].efficiency:.4f}" in axes.get_title()
    assert drawn[0].get_ylabel() == "joint\n$g_\\ell(t)$"
    assert "maximum power" in drawn[0].get_title() and "maximum efficiency" in drawn[-1].get_title()
    assert legend(made) == [f"$g_{{{i + 1}}}(t)$" for i in range(size)]
    save(made, tmp_path / "drives.png")


@pytest.mark.parametrize(("joint", "independent"), [(1, 6), (6, 1), (1, 1), (2, 3)])
def test_drives_figure_with_uneven_rows(tmp_path: Path, joint: int, independent: int) -> None:
    made = drives_figure({"joint": front_of(joint), "independent": front_of(independent)})
    assert len(panels(made)) == min(joint, 4) + min(independent, 4)
    save(made, tmp_path / "drives.png")


@pytest.mark.parametrize(
    ("total", "expected"), [(0, []), (1, [0]), (2, [0, 1]), (4, [0, 1, 2, 3]), (30, [0, 10, 19, 29])]
)
def test_evenly_spaced_keeps_both_ends(total: int, expected: list[int]) -> None:
    points = front_of(total).points
    chosen = [point.efficiency for point in evenly_spaced(points, 4)]
    assert chosen == [points[i].efficiency for i in expected]


def test_panels_of_a_row_start_at_the_same_phase() -> None:
    cosine, sine = jnp.asarray([[0.1, 0.0], [0.7, 0.0]]), jnp.asarray([[0.0, 0.8], [0.0, 0.0]])
    drive = FourierDrive(jnp.asarray(0.5), jnp.ones(2), cosine, sine)
    assert origin(drive, 0) == pytest.approx(0.125)  # sin(2 Omega t) is largest at Omega t = pi/4
    assert origin(drive, 1) == pytest.approx(0.0)
    point = replace(front_of(1).points[0], drive=drive)
    assert reference_oscillator((point,)) == 0
    weak = FourierDrive(jnp.asarray(0.5), jnp.ones(2), cosine.at[1].mul(9.0), sine)
    assert reference_oscillator((point, replace(point, drive=weak))) == 1
    constant = FourierDrive(jnp.asarray(0.5), jnp.ones(2), jnp.zeros((2, 2)), jnp.zeros((2, 2)))
    assert origin(constant, reference_oscillator((replace(point, drive=constant),))) == 0.0
    no_harmonics = FourierDrive(jnp.asarray(0.5), jnp.ones(2), jnp.zeros((2, 0)), jnp.zeros((2, 0)))
    assert origin(no_harmonics, reference_oscillator((replace(point, drive=no_harmonics),))) == 0.0


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_save_writes_the_format_of_the_ending(tmp_path: Path, ending: str, start: bytes) -> None:
    path = tmp_path / f"front.{ending}"
    save(front_figure({"joint": front_of(3)}), path)
    content = path.read_bytes()
    assert content.startswith(start)
    assert b"qtopt" in content
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_png_is_what_matplotlib_draws(tmp_path: Path) -> None:
    """Pixel by pixel, though it is drawn but once; then the figure can be changed and saved again."""
    made, other = (front_figure({"joint": front_of(6)}, STRENGTH) for _ in range(2))
    canvas, engine = made.canvas, made.get_layout_engine()
    save(made, tmp_path / "ours.png")
    assert made.canvas is canvas and made.get_layout_engine() is engine
    other.savefig(tmp_path / "theirs.png", dpi=300)
    ours, theirs = (matplotlib.image.imread(tmp_path / f"{name}.png") for name in ("ours", "theirs"))
    np.testing.assert_array_equal(ours, theirs)
    made.suptitle("another line needs room")
    save(made, tmp_path / "higher.png")
    assert not np.array_equal(matplotlib.image.imread(tmp_path / "higher.png"), ours)


def test_save_keeps_the_old_file_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "front.png"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match=r"front\.png: cannot be written: No space left on device"):
        save(front_figure({"joint": front_of(3)}), path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["front.png"]


def test_no_global_state_is_touched() -> None:
    # copy() because reading the backend out of rcParams would choose one
    before = matplotlib.rcParams.copy(), "matplotlib.pyplot" in sys.modules
    front_figure({"joint": front_of(3)})
    drives_figure({"joint": front_of(3)})
    assert (matplotlib.rcParams.copy(), "matplotlib.pyplot" in sys.modules) == before


def test_names_of_users_are_no_formulas(tmp_path: Path) -> None:
    """A bath may be called anything: "$" begins a formula in matplotlib, which may not be one."""
    name = r"a$\frac{b$_^{"
    text = MACHINE_TEXT.replace('name = "hot"', f"name = '{name}'") + MONOCHROMATIC
    axes = "{ key = 'drive.frequency', values = [0.4, 0.5] }"
    config = files.loads(f"{text}[scan]\nfluctuations = false\naxes = [{axes}]\n")
    save(scan_figure(parameter_scan(config)), tmp_path / "scan.png")
    at, one = np.array([0.0, 1.0]), np.ones((2, 1))
    none = np.zeros((2, 2, 1))
    trajectory = Trajectory(at, one, none, one, one, np.ones((2, 2)), none, one, one)
    drawn = trajectory_figure(trajectory, 0.45, [name, "cold"])
    save(drawn, tmp_path / "trajectory.png")
    legend = drawn.axes[3].get_legend()
    assert legend is not None and legend.get_texts()[0].get_text().replace("\\$", "$") == name
