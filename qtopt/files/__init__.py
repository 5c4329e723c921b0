"""Configuration files: reading, writing, and their numbers by key."""

from ._config import (
    Config as Config,
    json_schema as json_schema,
    require_drive as require_drive,
    require_scan as require_scan,
    with_driving as with_driving,
    with_solver as with_solver,
)
from ._fingerprint import fingerprint as fingerprint
from ._jobs import JobsSection as JobsSection
from ._keys import (
    DrivenMachine as DrivenMachine,
    Pair as Pair,
    driven_machine as driven_machine,
    find_number as find_number,
    find_numbers as find_numbers,
    labels as labels,
    named_key as named_key,
    number_at as number_at,
    number_keys as number_keys,
    with_number as with_number,
)
from ._pareto import ParetoSection as ParetoSection, VarySection as VarySection, tradeoff_of as tradeoff_of
from ._record import (
    RECORD as RECORD,
    SECTIONS as SECTIONS,
    Record as Record,
    checksum as checksum,
    origin as origin,
    read_record as read_record,
    write_record as write_record,
)
from ._scan import AxisSection as AxisSection, Scale as Scale, ScanSection as ScanSection
from ._searched import SearchedDrive as SearchedDrive
from ._simulation import SimulationSection as SimulationSection
from ._toml import dumps as dumps, load as load, loads as loads, save as save
from ._units import UnitsSection as UnitsSection, laboratory_lines as laboratory_lines
from ._waveform import (
    Waveform as Waveform,
    read_waveform as read_waveform,
    sample_rate as sample_rate,
    waveform as waveform,
    write_waveform as write_waveform,
)
