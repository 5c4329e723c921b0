"""Work shared among devices and processes, and what of it is kept on disk."""

from ._devices import (
    SPLIT as SPLIT,
    WHOLE as WHOLE,
    candidates_at_once as candidates_at_once,
    mesh as mesh,
    over_devices as over_devices,
    spare_memory as spare_memory,
)
from ._join import (
    LOST as LOST,
    join as join,
    joined as joined,
    leave as leave,
)
from ._processes import (
    first as first,
    from_first as from_first,
    gathered as gathered,
    over_processes as over_processes,
)
from ._provenance import (
    revision as revision,
    versions as versions,
)
from ._read import (
    read_input as read_input,
)
from ._share import (
    Share as Share,
)
from ._store import (
    Store as Store,
)
from ._write import (
    write_atomically as write_atomically,
)
