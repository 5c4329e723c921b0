"""What fronts trade off: each class says what is gained, what it costs and how a point is judged."""

from ...registry import register
from ._conversion_efficiency import ConversionEfficiency as ConversionEfficiency
from ._cooling_cop import CoolingCOP as CoolingCOP
from ._efficiency import (
    AbstractEfficiencyTradeoff as AbstractEfficiencyTradeoff,
    EfficiencyTarget as EfficiencyTarget,
    between_temperatures as between_temperatures,
    two_temperatures as two_temperatures,
)
from ._power_efficiency import PowerEfficiency as PowerEfficiency
from ._power_efficiency_constancy import PowerEfficiencyConstancy as PowerEfficiencyConstancy
from ._power_precision import PowerPrecision as PowerPrecision, PrecisionTarget as PrecisionTarget
from ._tradeoff import (
    AbstractGuide as AbstractGuide,
    AbstractTradeoff as AbstractTradeoff,
    Axis as Axis,
    Currents as Currents,
    Merits as Merits,
)

for _kind in (PowerEfficiency, CoolingCOP, PowerPrecision, PowerEfficiencyConstancy, ConversionEfficiency):
    register(_kind)
