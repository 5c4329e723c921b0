"""All quantities, in the order in which they are shown. Everything that lists quantities reads this."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model import normal_modes_of, pearson
from ..solvers import STATUSES, from_natural
from ..solvers.weak import LIMIT, SHIFT_LIMIT
from ._current import Current, CurrentKind, periodic_product, uncertainty_product
from ._errors import CURRENTS
from ._operating_mode import MODES
from ._quantity import BATH, OSCILLATOR, OTHER, OTHER_SHAPE, SHAPE, Line, Quantity, Trust
from ._solved import EIGENVALUES, EIGENVECTORS, PAIR, Solved
from ._uncertainty_bounds import CLASSICAL_LIMIT, uncertainty_bounds

if TYPE_CHECKING:
    from ._evaluation import Evaluation

POWER, VARIANCE_RATE, SLOPE = "hbar omega_A^2", "hbar^2 omega_A^3", "hbar omega_A"
UNDAMPED_MODES = "undamped_modes"
"""what `evaluate` found beside the drive and all baths; see `qtopt.model.undamped_modes`"""
WORK_NOISE, HEAT_NOISE = ("local_power_covariance",), ("heat_current_fluctuations",)

_QUANTITIES: dict[str, Quantity] = {}


def register_quantity(quantity: Quantity) -> Quantity:
    """Add a quantity to all evaluations and scans; one of the same name is replaced."""
    _QUANTITIES[quantity.name] = quantity
    return quantity


def quantities(known: frozenset[str] | None = None) -> tuple[Quantity, ...]:
    """The registered quantities, or only those that follow from what is known."""
    return tuple(q for q in _QUANTITIES.values() if known is None or q.follows_from(known))


def current_labels(solved: Solved) -> dict[str, tuple[CurrentKind, int | tuple[()]]]:
    """What results call each current that has noise: its kind, and where it is among those of its kind."""
    found: dict[str, tuple[CurrentKind, int | tuple[()]]] = {"power": ("power", ())}
    found |= {f"local power {l + 1}": ("local power", l) for l in range(solved.machine.size)}
    if HEAT_NOISE[0] in solved.numbers:
        found |= {f"heat from {bath.name}": ("heat", b) for b, bath in enumerate(solved.machine.baths)}
    return found


def _violated_bounds(solved: Solved) -> dict[str, list[str]]:
    """The registered bounds that each current of one machine violates and in whose domain it is."""
    mode, labels = str(solved.performance.mode), current_labels(solved)
    bounds, broken = uncertainty_bounds(), {}
    kinds: set[CurrentKind] = {kind for kind, _ in labels.values()}
    for kind in kinds:
        currents = Current(*map(np.atleast_1d, np.broadcast_arrays(*solved.current(kind))))
        flowing = np.flatnonzero(currents.mean)
        if len(flowing):
            some = Current(*(part[flowing] for part in currents))
            judges = [bound for bound in bounds if bound.concerns(kind, mode)]
            broken |= {(kind, judge.kind): flowing[judge.violated(some)] for judge in judges}
    return {
        name: [one.kind for one in bounds if (place or 0) in broken.get((kind, one.kind), ())]
        for name, (kind, place) in labels.items()
    }


def _violations(result: "Evaluation", label: str) -> str:
    broken = result.violated_bounds[label.removeprefix("Q of ")]
    return f"   violates: {', '.join(broken)}" if broken else ""


def _bound_note(result: "Evaluation", label: str) -> str:
    bound = result.efficiency_bound
    if bound is None or result.mode == "engine":
        return f"   (Carnot {result.carnot_efficiency:.10g})"
    return f"   (at most {bound:.10g})" if np.isfinite(bound) else ""


def _longest_lived_note(result: "Evaluation", label: str) -> str:
    phase = result.slowest_mode_phase
    shown = "" if phase is None else f", phase cosine {phase:.3f}"
    damping = result.shown(result.slowest_mode_damping, "{:.3g}", "omega_A")
    return f"   (damping {damping}{shown})"


def _product(kind: CurrentKind, product: Callable[[Current], Any]) -> Callable[[Solved], Any]:
    """A product of D and S with a current, NaN where the current vanishes."""

    def of(solved: Solved) -> Any:
        found = product(solved.current(kind))
        return np.where(np.isfinite(found), found, np.nan)

    return of


def _output_product(solved: Solved) -> Any:
    """Q of all extracting local powers together, of work converters."""
    local, covariance = solved["local_powers"], solved["local_power_covariance"]
    out = (local < 0.0).astype(float)
    noise = np.einsum("...l,...lm,...m->...", out, covariance, out)
    zero = np.zeros_like(noise)
    total = Current(np.sum(local * out, axis=-1), noise, solved["entropy_production_rate"], zero, zero)
    converter = np.asarray(solved.performance.mode) == "work converter"
    return np.where(converter, uncertainty_product(total), np.nan)


def _normal_modes(solved: Solved) -> list[dict[str, float | None]]:
    if not solved.machine.static_baths:
        return []
    values = from_natural(solved[EIGENVALUES], solved.exponent, "omega_A")
    modes = normal_modes_of(values, solved[EIGENVECTORS], solved.machine.size)
    return [{"frequency": m.frequency, "damping": m.damping, "antiphase": m.antiphase} for m in modes]


for _quantity in (
    Quantity(
        "mode", "mode", lambda s: s.performance.position, needs=("local_powers",), line=Line("mode", "{}"),
        look="flags", flags=("undefined", *MODES), first_flag=-1,
    ),
    Quantity("power", "power", unit=POWER, line=Line("power", note="   (negative: extracted)"), look="signed",
             marked=0.0),
    Quantity("local_powers", "power through", None, (OSCILLATOR,), POWER, line=Line("  through oscillator"),
             look="signed", marked=0.0),
    Quantity("work", "power through", lambda s: s.numbers.get("work", s["local_powers"]), (SHAPE,), POWER,
             ("local_powers",), Line("  work of"), look="signed", marked=0.0),
    Quantity("work_covariance", "covariance rate of the works of shapes", None, (SHAPE, OTHER_SHAPE),
             VARIANCE_RATE),
    Quantity("heat_currents", "heat from", None, (BATH,), POWER, line=Line("heat from"), look="signed",
             marked=0.0),
    Quantity("entropy_production_rate", "entropy production rate", unit="k_B omega_A",
             line=Line("entropy production rate"), look="positive"),
    Quantity(
        "efficiency", "efficiency", lambda s: s.performance.efficiency, needs=("local_powers",), look="plain",
        line=Line("efficiency", "{:.10g}", _bound_note),
    ),
    *(
        Quantity(f"{name}_error", f"error of the {long}", None, dimensions, unit, scanned=name in CURRENTS)
        for name, long, dimensions, unit in (
            ("power", "power", (), POWER),
            ("local_powers", "power through", (OSCILLATOR,), POWER),
            ("heat_currents", "heat from", (BATH,), POWER),
            ("entropy_production_rate", "entropy production rate", (), "k_B omega_A"),
            ("local_power_covariance", "covariance rate of local works", (OSCILLATOR, OTHER), VARIANCE_RATE),
            ("heat_current_fluctuations", "variance rate of the heat from", (BATH,), VARIANCE_RATE),
        )
    ),
    Quantity("efficiency_bound", "largest efficiency that the second law allows",
             lambda s: s.performance.efficiency_bound, needs=("local_powers",)),
    Quantity("carnot_efficiency", "Carnot efficiency", lambda s: s.performance.carnot_efficiency,
             needs=("local_powers",)),
    Quantity("covariance", "position covariance", None, (OSCILLATOR, OTHER), "hbar / (m omega_A)"),
    Quantity(
        "truncation_error", "error of the power", unit=POWER,
        trust=Trust(1e-6, "harmonics of the drive beyond those kept can change the power by so much.", True),
    ),
    Quantity("pearson", "Pearson coefficient", lambda s: pearson(s["covariance"]),
             needs=("covariance", PAIR), line=Line("Pearson coefficient", "{: .6f}"), look="signed",
             marked=0.0),
    Quantity("logarithmic_negativity", "logarithmic negativity",
             line=Line("logarithmic negativity", "{: .6f}", "   (entangled above 0)")),
    Quantity("slowest_mode_frequency", "frequency of the longest-lived mode",
             lambda s: s.longest_lived["frequency"], unit="omega_A", needs=(EIGENVALUES,),
             line=Line("longest-lived mode", "{: .6g}", _longest_lived_note, undefined=None)),
    Quantity("slowest_mode_damping", "damping of the longest-lived mode",
             lambda s: s.longest_lived["damping"], unit="omega_A", needs=(EIGENVALUES,)),
    Quantity("slowest_mode_phase", "cosine of the phase between two oscillators in the longest-lived mode",
             lambda s: s.longest_lived["phase"], needs=(EIGENVALUES, PAIR)),
    Quantity("normal_modes", "normal modes of the static machine, the longest-lived first", _normal_modes,
             needs=(EIGENVALUES,), scanned=False),
    Quantity("power_fluctuations", "variance rate of the work", lambda s: s.current("power").variance_rate,
             unit=VARIANCE_RATE, needs=WORK_NOISE),
    Quantity("local_power_fluctuations", "variance rate of the work through",
             lambda s: s.current("local power").variance_rate, (OSCILLATOR,), VARIANCE_RATE, WORK_NOISE),
    Quantity("local_power_covariance", "covariance rate of local works", None, (OSCILLATOR, OTHER),
             VARIANCE_RATE),
    Quantity("heat_current_fluctuations", "variance rate of the heat from", None, (BATH,), VARIANCE_RATE),
    Quantity(UNDAMPED_MODES, "motions that neither a bath nor the drive sees", scanned=False),
    Quantity("no_fluctuations", "why there are no fluctuations", scanned=False,
             line=Line("fluctuations", "none: {}", undefined=None)),
    Quantity("tur", "uncertainty product of the power", _product("power", uncertainty_product),
             needs=WORK_NOISE, line=Line("Q of power", "{: .6e}", _violations), look="positive",
             marked=CLASSICAL_LIMIT),
    Quantity("local_tur", "uncertainty product of", _product("local power", uncertainty_product),
             (OSCILLATOR,), needs=WORK_NOISE, line=Line("Q of local power", "{: .6e}", _violations),
             look="positive", marked=CLASSICAL_LIMIT),
    Quantity("heat_tur", "uncertainty product of the heat from", _product("heat", uncertainty_product),
             (BATH,), needs=HEAT_NOISE, line=Line("Q of heat from", "{: .6e}", _violations), look="positive",
             marked=CLASSICAL_LIMIT),
    Quantity("output_tur", "uncertainty product of the extracted work", _output_product, needs=WORK_NOISE,
             line=Line("Q of the output", "{: .6e}", undefined=None)),
    Quantity("violated_bounds", "uncertainty relations that each current violates", _violated_bounds,
             needs=WORK_NOISE, scanned=False),
    Quantity("power_slope", "derivative in the drive frequency of the power",
             lambda s: s.current("power").slope, unit=SLOPE, needs=WORK_NOISE),
    Quantity("local_power_slopes", "derivative in the drive frequency of the power of", None, (OSCILLATOR,),
             SLOPE),
    Quantity("heat_current_slopes", "derivative in the drive frequency of the heat from", None, (BATH,),
             SLOPE),
    Quantity("periodic_tur", "periodic uncertainty product of the power",
             _product("power", periodic_product), needs=WORK_NOISE),
    Quantity("local_periodic_tur", "periodic uncertainty product of",
             _product("local power", periodic_product), (OSCILLATOR,), needs=WORK_NOISE),
    Quantity("heat_periodic_tur", "periodic uncertainty product of the heat from",
             _product("heat", periodic_product), (BATH,), needs=HEAT_NOISE),
    Quantity(
        "weak_validity", "weak validity (linewidth ratio)", look="positive",
        line=Line("weak validity", "{: .3g}", f"   (linewidth ratio; trust below {LIMIT})"),
        trust=Trust(LIMIT, "the driven bath widens a resonance by more than the weak theory can bear; weaken "
                    "it, or use the exact solver."),
    ),
    Quantity(
        "weak_shift", "largest shift of a resonance by the driven bath, over its frequency",
        trust=Trust(SHIFT_LIMIT, "the driven bath shifts a resonance by this part of its frequency, which "
                    "the weak theory leaves out, and currents by about four times as much; weaken it, or "
                    "use the exact solver."),
    ),
    Quantity("spectral_radius", "spectral radius", look="plain", always=True,
             line=Line("spectral radius", "{: .6f}", "   (stable below 1)")),
    Quantity(
        "first_law_residual", "first-law residual",
        line=Line("first-law residual", "{: .1e}", "   (relative)"),
        trust=Trust(1e-6, "two expressions of the heat currents differ by so much of the largest: round-off "
                    "limits this machine, or the points of time are too few."),
    ),
    Quantity("status", "status", flags=STATUSES, always=True),
):  # fmt: skip
    register_quantity(_quantity)
