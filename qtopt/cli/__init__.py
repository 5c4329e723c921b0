"""The command line: one file for each command."""

from ..plugins import (
    load_plugin as load_plugin,
)
from ._app import (
    main as main,
)
from ._command import (
    AbstractCommand as AbstractCommand,
    carry_out as carry_out,
)
from ._output import (
    progress as progress,
    writable_directory as writable_directory,
)
from ._resumable import (
    AbstractShared as AbstractShared,
)
