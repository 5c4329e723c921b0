"""What fronts trade off: each class says what is gained, what it costs and how a point is judged."""

from ._cooling_cop import (
    CoolingCOP as CoolingCOP,
)
from ._efficiency import (
    AbstractEfficiencyTradeoff as AbstractEfficiencyTradeoff,
    one_driven_bath as one_driven_bath,
    two_temperatures as two_temperatures,
)
from ._output import (
    Output as Output,
)
from ._power_efficiency import (
    PowerEfficiency as PowerEfficiency,
)
