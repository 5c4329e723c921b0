"""The working medium and its baths."""

from ._machine import Machine as Machine
from ._modes import (
    NormalMode as NormalMode,
    longest_lived as longest_lived,
    normal_modes as normal_modes,
)
from ._state_space import (
    StateSpace as StateSpace,
    balanced_state_space as balanced_state_space,
    state_space as state_space,
)
from ._susceptibility import damping_matrix as damping_matrix, susceptibility as susceptibility
