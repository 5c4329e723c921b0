"""From configuration files to machines and drives, and back; tables of results."""

from ._build import (
    build_drive as build_drive,
    build_initial as build_initial,
    build_machine as build_machine,
    build_settings as build_settings,
    build_solver as build_solver,
    drive_config as drive_config,
)
from ._places import (
    Place as Place,
    place_of as place_of,
    placed_each as placed_each,
)
from ._tables import (
    write_front as write_front,
    write_precise_front as write_precise_front,
    write_trajectory as write_trajectory,
)
from ._vary import (
    build_variation as build_variation,
    names as names,
)
