"""One map of a pure function over chunks, by whatever engine, and what of it is kept on disk."""

from ._devices import (
    CACHED as CACHED,
    SPLIT as SPLIT,
    WHOLE as WHOLE,
    candidates_at_once as candidates_at_once,
    mesh as mesh,
    over_devices as over_devices,
    spare_memory as spare_memory,
)
from ._engine import (
    HERE as HERE,
    AbstractEngine as AbstractEngine,
    Chunk as Chunk,
    Lost as Lost,
    Results as Results,
    current as current,
    using as using,
)
from ._hold import (
    held as held,
)
from ._map import (
    POSITIONS as POSITIONS,
    computed as computed,
    gathered as gathered,
)
from ._memory import (
    check_memory as check_memory,
    free_memory as free_memory,
)
from ._options import (
    KINDS as KINDS,
    LOCAL as LOCAL,
    ClusterOptions as ClusterOptions,
)
from ._provenance import (
    revision as revision,
    versions as versions,
)
from ._read import (
    read_input as read_input,
)
from ._start import (
    cluster as cluster,
)
from ._store import (
    Store as Store,
)
from ._write import (
    write_atomically as write_atomically,
)
