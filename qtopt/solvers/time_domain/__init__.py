"""The time domain: moments of the oscillators from any Gaussian initial state."""

from ._simulate import simulate as simulate, simulate_periods as simulate_periods
from ._table import write_trajectory as write_trajectory
from ._trajectory import Trajectory as Trajectory, joined as joined
