"""Results as text for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..observables import Evaluation


def evaluation_text(result: "Evaluation", baths: Sequence[str]) -> str:
    """The evaluation as a block of text."""
    efficiency = "undefined" if result.efficiency is None else f"{result.efficiency:.10g}"
    lines = [
        f"mode                     {result.mode}",
        f"power                    {result.power: .12e}   (negative: extracted)",
        *(f"  through oscillator {i + 1:<3} {p: .12e}" for i, p in enumerate(result.local_powers)),
        *(
            f"heat from {name[:14]:<14} {heat: .12e}"
            for name, heat in zip(baths, result.heat_currents, strict=True)
        ),
        f"entropy production rate  {result.entropy_production_rate: .12e}",
        f"efficiency               {efficiency}   (Carnot {result.carnot_efficiency:.10g})",
    ]
    if result.pearson is not None:
        lines.append(f"Pearson coefficient      {result.pearson: .6f}")
    if result.logarithmic_negativity is not None:
        lines.append(f"logarithmic negativity   {result.logarithmic_negativity: .6f}   (entangled above 0)")
    for mode in (result.normal_modes or [])[:1]:
        phase = "" if mode["antiphase"] is None else f", phase cosine {mode['antiphase']:.3f}"
        lines.append(
            f"longest-lived mode       {mode['frequency']: .6g}   (damping {mode['damping']:.3g}{phase})"
        )
    lines.extend(_precision_lines(result, baths))
    if result.weak_validity is not None:
        validity = f"{result.weak_validity: .3g}   (linewidth ratio; trust below 0.1)"
        lines.append(f"weak validity            {validity}")
    if result.spectral_radius is not None:
        lines.append(f"spectral radius          {result.spectral_radius: .6f}   (stable below 1)")
        lines.append(f"first-law residual       {result.first_law_residual: .1e}   (relative)")
    return "\n".join(lines)


def _precision_lines(result: "Evaluation", baths: Sequence[str]) -> list[str]:
    """Q = D S/X^2 of every current, with the bounds it violates."""
    if result.violated_bounds is None:
        return [f"fluctuations             none: {result.no_fluctuations}"]
    products: list[tuple[str, float | None]] = [("power", result.tur)]
    products += [(f"local power {l + 1}", q) for l, q in enumerate(result.local_tur or [])]
    products += [(f"heat from {name}", q) for name, q in zip(baths, result.heat_tur or [], strict=False)]
    lines = []
    for name, product in products:
        broken = result.violated_bounds[name]
        mark = f"   violates: {', '.join(broken)}" if broken else ""
        value = "undefined" if product is None else f"{product: .6e}"
        lines.append(f"Q of {name[:19]:<19} {value}{mark}")
    if result.output_tur is not None:
        lines.append(f"Q of the output          {result.output_tur: .6e}")
    return lines
