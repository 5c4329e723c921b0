"""Audits: each check fires on a machine that was built for it, and on no other; theory (3.27), (5.16)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import qtopt
import qtopt.checks  # registers them
from qtopt.cli import main
from qtopt.model import Bath, FourierDrive, Machine, MonochromaticDrive, Ohmic, PiecewiseDrive
from qtopt.observables import AbstractCheck, Case, Evaluation, Finding, Searched, audited, evaluate
from qtopt.registry import class_of, kinds
from qtopt.solvers import Exact, Weak
from tests.helpers.machines import converter, drude, engine, engine_drive, lorentzian, machine_of, ohmic
from tests.references.floquet_exponents import floquet_exponents

EXAMPLES = Path(__file__).parents[2] / "scripts" / "machines"
DRIVE = engine_drive()
COSINE = MonochromaticDrive(0.45, [1.0], [0.0])
QUIET = machine_of((1.0, 0.6), (lorentzian(1e-8, 1.25, 0.01, 1.0), drude(1e-3, 5.0, 0.2, (0.5, 0.4))))


def found(case: Case, kind: str) -> list[Finding]:
    """What one check finds."""
    return list(class_of(AbstractCheck.family, kind)().findings(case))


def the_one(case: Case, kind: str) -> Finding:
    (finding,) = found(case, kind)
    return finding


@lru_cache
def result(strength: float = 1e-5) -> Evaluation:
    return evaluate(engine(strength), DRIVE)


def with_values(**values: Any) -> Case:
    """The engine with other numbers."""
    good = result()
    return Case(good.machine, Weak(), DRIVE, replace(good, values={**good.values, **values}))


# One by one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("strength", "severity"), [(1e-5, None), (1e-4, "warning"), (1e-3, "error")])
def test_weak_coupling(strength: float, severity: str | None) -> None:
    evaluation = result(strength)
    findings = found(Case(engine(strength), Weak(), DRIVE, evaluation), "weak coupling")
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(finding.value == evaluation.weak_validity for finding in findings)


def test_where_linewidths_cannot_tell_the_exact_solver_does() -> None:
    """The published converter has a validity of 6.6 and currents that are right; the engine has not."""
    config = qtopt.load(EXAMPLES / "work_converter.toml")
    assert config.driving is not None
    weak, exact = (evaluate(config.machine, config.driving, solver) for solver in (Weak(), Exact()))
    finding = the_one(Case(config.machine, Weak(), config.driving, weak), "weak coupling")
    assert finding.severity == "warning" and finding.value > 6.0
    heat = (
        np.abs(np.subtract(weak.heat_currents, exact.heat_currents)).max() / np.abs(exact.heat_currents).max()
    )
    power = abs(weak.power / exact.power - 1.0)
    assert f"power is off by {power:.1%} and heat by {heat:.1%} of the largest" in finding.message
    assert power < 0.01 and heat < 0.05
    finding = the_one(Case(engine(1e-3), Weak(), DRIVE, result(1e-3)), "weak coupling")
    assert finding.severity == "error" and "power is off by 299." in finding.message


def test_where_the_exact_solver_cannot_speak_linewidths_decide() -> None:
    machine = machine_of((1.0, 0.6), (ohmic(1.0, 1.0), drude(1e-3, 5.0, 0.2, (0.5, 0.4))))
    jumping = PiecewiseDrive(0.45, np.array([[1.0, -1.0], [1.0, -1.0]]))
    case = replace(with_values(weak_validity=2.0), machine=machine, drive=jumping)
    finding = the_one(case, "weak coupling")
    assert finding.severity == "error" and "no exact result can speak for it (" in finding.message


def of_low_peak(strength: float) -> Case:
    """A machine whose linewidths hardly change while its frequency does."""
    driven = lorentzian(strength, 0.011, 5.1, 1.0)
    machine = machine_of((2.99,), (driven, ohmic(1e-3, 0.3, (1.0,))))
    drive = MonochromaticDrive(0.7, [1.0], [0.0])
    return Case(machine, Weak(), drive, evaluate(machine, drive))


@pytest.mark.parametrize(("strength", "severity"), [(1e-6, None), (1e-4, "warning"), (1e-3, "error")])
def test_shifted_resonances(strength: float, severity: str | None) -> None:
    case = of_low_peak(strength)
    assert case.result is not None and case.result.weak_validity < 0.1
    findings = found(case, "shifted resonance")
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(finding.value == case.result.weak_shift for finding in findings)
    assert all("; beside the exact solver power is off by " in finding.message for finding in findings)
    warned = [line for line in case.result.warnings() if line.startswith("weak_shift is ")]
    assert len(warned) == len(findings)


def test_second_law() -> None:
    flows = max(abs(result().heat_currents[1]) / 0.2, 1.0e-9)
    assert the_one(with_values(entropy_production_rate=-0.1 * flows), "second law").severity == "error"
    assert not found(with_values(entropy_production_rate=-1e-12 * flows), "second law")


def test_an_oscillator_that_nobody_damps_is_named() -> None:
    machine = machine_of((1.0, 0.6), (lorentzian(1e-5, 1.25, 0.01, 1.0), ohmic(1.0, 0.2, (1.0, 0.0))))
    finding = the_one(Case(machine, Weak(), DRIVE), "undamped mode")
    assert finding.severity == "error" and "the mode 1 x_2 of frequency 0.6 " in finding.message
    assert not found(Case(machine, Exact(), DRIVE), "undamped mode")  # there the driven bath damps it
    alone = MonochromaticDrive(0.45, [1.0, 0.0], [0.0, 0.0])
    assert the_one(Case(machine, Exact(), alone), "undamped mode").severity == "error"


def test_the_composition_of_an_undamped_mode_is_named() -> None:
    """Equal frequencies and a shared bath: what it does not see is 0.6 x_1 - 0.8 x_2."""
    machine = machine_of((1.0, 1.0), (lorentzian(1e-5, 1.25, 0.01, 1.0), ohmic(1.0, 0.2, (0.8, 0.6))))
    message = the_one(Case(machine, Weak(), DRIVE), "undamped mode").message
    assert "0.6 x_1 - 0.8 x_2" in message or "- 0.6 x_1 + 0.8 x_2" in message
    private = machine.with_configuration("independent")
    assert not found(Case(private, Weak(), DRIVE), "undamped mode")


def test_hardly_damped() -> None:
    machine = machine_of((1.0,), (lorentzian(1e-12, 1.25, 0.01, 1.0), ohmic(1e-7, 0.2, (1.0,))))
    finding = the_one(Case(machine, Weak(), COSINE), "undamped mode")
    assert finding.severity == "warning" and finding.message.startswith("hardly a static bath damps")
    np.testing.assert_allclose(finding.value, 5e-8, rtol=1e-6)


def test_momenta() -> None:
    finding = the_one(Case(engine(), Weak(), DRIVE), "momentum variances")
    assert finding.severity == "note" and 'strictly Ohmic bath "bath 1"' in finding.message
    assert not found(Case(QUIET, Weak(), DRIVE), "momentum variances")


def test_counter_term() -> None:
    """chi_B(0) = gamma omega_c = 0.12 of 0.36, then more than all of it."""
    finding = the_one(Case(converter(12.0), Weak(), DRIVE), "counter-term")
    assert finding.severity == "note" and "would have the frequency 0.4899" in finding.message
    np.testing.assert_allclose(finding.value, 1.0 / 3.0)
    finding = the_one(Case(converter(1000.0), Weak(), DRIVE), "counter-term")
    assert finding.severity == "warning" and "would not be bound at all" in finding.message
    assert not found(Case(engine(1e-5), Weak(), DRIVE), "counter-term")


def test_drive_beyond_the_cut_off() -> None:
    machine = machine_of((1.0,), (drude(1e-3, 5.0, 1.0), ohmic(0.1, 0.2, (1.0,))))
    fast = the_one(Case(machine, Weak(), COSINE.with_frequency(6.0)), "drive beyond the cut-off")
    assert fast.severity == "warning" and fast.value == 1.2
    assert not found(Case(machine, Weak(), COSINE.with_frequency(4.9)), "drive beyond the cut-off")
    third = FourierDrive(2.0, [0.0], [[1.0, 0.0, 0.2]], [[0.0, 0.0, 0.0]])
    harmonic = the_one(Case(machine, Weak(), third), "drive beyond the cut-off")
    assert harmonic.severity == "note" and harmonic.value == 1.2
    faint = FourierDrive(2.0, [0.0], [[1.0, 0.0, 0.02]], [[0.0, 0.0, 0.0]])
    assert not found(Case(machine, Weak(), faint), "drive beyond the cut-off")
    memoryless = machine_of((1.0,), (ohmic(1e-3, 1.0), ohmic(0.1, 0.2, (1.0,))))
    assert not found(Case(memoryless, Weak(), COSINE.with_frequency(60.0)), "drive beyond the cut-off")


@pytest.mark.parametrize(("strength", "severity"), [(1e-5, None), (4e-4, "warning"), (1e-3, "error")])
def test_parametric_instability(strength: float, severity: str | None) -> None:
    """Driven at the sum of two frequencies, oscillator and bath amplify each other."""
    machine = machine_of((1.0,), (lorentzian(strength, 1.25, 0.01, 1.0), ohmic(0.01, 0.2, (1.0,))))
    for solver in (Weak(), Exact()):
        case = Case(machine, solver, COSINE.with_frequency(2.25))
        assert [finding.severity for finding in found(case, "parametric instability")] == (
            [severity] if severity else []
        )


@pytest.mark.parametrize(
    ("baths", "drive"),
    [
        pytest.param((lorentzian(1e-3, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, (1.0, 1.0))), DRIVE, id="engine"),
        pytest.param(
            (drude(0.05, 12.0, 1.0), ohmic(0.2, 0.2, (1.0, 0.7))),
            MonochromaticDrive(1.2, [1.0, 1.0], [0.0, 1.0]),
            id="Drude",
        ),
    ],
)
def test_slowest_decay_is_the_slowest_exponent(baths: Any, drive: MonochromaticDrive) -> None:
    from qtopt.checks._stability import slowest_decay

    harmonics, frequency = np.asarray(drive.harmonics(1)), float(drive.frequency)
    exact = floquet_exponents((1.0, 0.6), baths[0], baths[1:], frequency, harmonics, 8)
    middle = exact[np.abs(exact.imag) <= 0.501 * frequency]
    decay = slowest_decay(machine_of((1.0, 0.6), baths), drive)
    np.testing.assert_allclose(decay, -middle.real.max(), rtol=1e-6)


def test_slowest_decay_of_steps_is_that_of_many_harmonics() -> None:
    """A square wave of one oscillator against 20 of its harmonics."""
    from qtopt.checks._stability import slowest_decay

    baths = (drude(0.05, 5.0, 1.0), ohmic(0.2, 0.2, (1.0,)))
    drive = PiecewiseDrive(1.2, [[1.0, 0.2]])
    exact = floquet_exponents((1.0,), baths[0], baths[1:], 1.2, np.asarray(drive.harmonics(20)), 20)
    middle = exact[np.abs(exact.imag) <= 0.6]
    np.testing.assert_allclose(slowest_decay(machine_of((1.0,), baths), drive), -middle.real.max(), rtol=5e-3)


def test_driven_frequencies_amplify_at_twice_their_own() -> None:
    """Mathieu: omega^2 (1 + e cos 2 omega t) grows at e omega/4 less half the friction."""
    machine = Machine([1.0], [Bath("cold", 0.2, Ohmic(0.01), "static")])
    drive = MonochromaticDrive(2.0, [0.1], [0.0], target="frequencies")
    finding = the_one(Case(machine, Exact(), drive), "parametric instability")
    assert finding.severity == "error"
    np.testing.assert_allclose(-finding.value, 0.1 / 4.0 - 0.005, rtol=0.01)
    assert not found(Case(machine, Exact(), drive.with_frequency(1.5)), "parametric instability")
    assert not found(Case(machine, Exact(), drive), "undamped mode")


def test_truncation() -> None:
    power = abs(result().power)
    assert the_one(with_values(truncation_error=1e-3 * power), "truncation").severity == "note"
    assert the_one(with_values(truncation_error=0.1 * power), "truncation").severity == "warning"
    assert not found(Case(engine(), Weak(), DRIVE, result()), "truncation")


def test_digits_of_the_efficiency() -> None:
    power = abs(result().power)
    few = the_one(with_values(truncation_error=0.02 * power), "digits of the efficiency")
    assert few.severity == "warning" and few.value == 1.0
    some = the_one(with_values(truncation_error=2e-8 * power), "digits of the efficiency")
    assert some.severity == "note" and some.value == 7.0
    assert not found(Case(engine(), Weak(), DRIVE, result()), "digits of the efficiency")
    assert not found(with_values(truncation_error=0.02 * power, efficiency=None), "digits of the efficiency")


def test_edge_of_the_search() -> None:
    def case(*frequencies: float, harmonics: int = 8, low: float = 0.05) -> Case:
        drives = tuple(COSINE.with_frequency(frequency) for frequency in frequencies)
        return Case(engine(), Weak(), searched=Searched(drives, (low, 1.0), harmonics))

    finding = the_one(case(0.3, 0.995, 0.999), "edge of the search")
    assert finding.severity == "warning" and "2 of 3 points lie at the upper end" in finding.message
    assert "at the lower end" in the_one(case(0.3, 0.0501), "edge of the search").message
    assert not found(case(0.1, 0.3, 0.9), "edge of the search")
    assert not found(case(1.0, low=1.0), "edge of the search")  # it was fixed
    finding = the_one(case(0.3, harmonics=1), "edge of the search")
    assert finding.severity == "note" and finding.value == 1.0 and "allowed, 1:" in finding.message


def test_published_range() -> None:
    assert not found(Case(engine(), Weak(), DRIVE), "published range")
    assert not found(Case(engine().in_units(7.0), Weak(), DRIVE.with_frequency(3.15)), "published range")
    finding = the_one(Case(engine(), Weak(), DRIVE.with_frequency(3.0)), "published range")
    assert finding.severity == "note" and finding.value == 3.0 and "drive frequency" in finding.message
    assert "Razzoli" in the_one(Case(converter(5.0), Weak(), DRIVE), "published range").message
    assert not found(Case(QUIET, Weak(), DRIVE), "published range")  # of another kind


def test_what_a_solver_refuses_does_not_apply() -> None:
    machine = Machine([1.0, 0.6], [Bath("hot", 1.0, engine().baths[0].spectral_density, "driven")])
    config = qtopt.Config(machine, drive=DRIVE, solver=Weak())
    audit = qtopt.audit(config)
    assert audit.status == 3 and audit.findings[0].check == "no steady state"
    assert (
        "must have a static bath" in audit.findings[0].message
        and audit.as_dict()["findings"][0]["value"] is None
    )


# All together -----------------------------------------------------------------------------------------------


def test_nothing_to_doubt() -> None:
    assert len(kinds(AbstractCheck.family)) == 13
    assert str(audited(Case(QUIET, Weak(), DRIVE))) == "nothing to doubt"
    assert audited(Case(QUIET, Weak(), DRIVE)).status == 0


def test_command_on_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    main(["audit", str(EXAMPLES / "collective_engine.toml"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == 0
    assert [finding["check"] for finding in found["findings"]] == ["momentum variances"]
    assert set(found["findings"][0]) == {"check", "severity", "message", "value", "advice", "where"}


def test_command_on_machines_that_are_not_weak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (EXAMPLES / "collective_engine.toml").read_text()
    for strength, status in (("1e-4", 1), ("1e-3", 3)):
        path = tmp_path / "machine.toml"
        path.write_text(text.replace("strength = 1e-5", f"strength = {strength}"))
        with pytest.raises(SystemExit) as end:
            main(["audit", str(path)])
        assert end.value.code == status
        assert capsys.readouterr().out.splitlines()[0].split()[1:3] == ["weak", "coupling:"]


def test_command_on_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["audit", str(tmp_path)])
    assert end.value.code == 2 and "must hold a front that `qtopt pareto` wrote" in capsys.readouterr().err


def test_a_directory_of_a_front(tmp_path: Path) -> None:
    """Each finding once, with the worst of its points; the search as a whole beside them."""
    folder = tmp_path / "points"
    folder.mkdir()
    config = qtopt.load(EXAMPLES / "collective_engine.toml")
    for number, strength in enumerate((1e-5, 1e-4, 1e-3)):
        own = replace(
            config, machine=engine(strength), drive=DRIVE.with_frequency(0.45 if number else 0.9999)
        )
        qtopt.save(own, folder / f"joint-{number:03d}.toml")
    audit = qtopt.audit(tmp_path)
    assert audit.status == 3 and audit.findings[0].where == "2 of 3 points, worst is point 2"
    assert "1 of 3 points lie at the upper end" in str(audit)


def test_a_check_of_a_user(own_registry: None) -> None:
    @qtopt.register
    @dataclass(frozen=True)
    class Cold(AbstractCheck):
        """Temperatures below those of a cryostat."""

        kind: ClassVar[str] = "cold"

        def findings(self, case: Case) -> Iterator[Finding]:
            for bath in case.machine.baths:
                if bath.temperature < 0.5:
                    yield self.finding(
                        "warning", f"bath {bath.name!r} is too cold.", bath.temperature, "Heat it."
                    )

    audit = result().audit()
    assert audit.status == 1 and str(audit.findings[0]) == "warning cold: bath 'bath 1' is too cold. Heat it."


def test_exponentials_of_a_period_are_those_of_scipy() -> None:
    from scipy.linalg import expm

    from qtopt.checks._stability import _exponentials

    matrices = np.random.default_rng(3).normal(size=(7, 6, 6)) * 3.0
    np.testing.assert_allclose(_exponentials(matrices), expm(matrices), rtol=1e-6, atol=1e-6)
