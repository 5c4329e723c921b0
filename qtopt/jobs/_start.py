"""Clusters by need: no Dask is imported before one is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError
from ._engine import HERE, AbstractEngine, using
from ._options import LOCAL, ClusterOptions


@contextmanager
def cluster(options: ClusterOptions) -> Iterator[AbstractEngine]:
    """Within this block fronts, scans and certificates are computed by the workers of a cluster.

    Without workers and without a cluster this process computes them, and no Dask is imported. Workers that
    were started for the block end with it.

    Raises:
        InputError: Dask is not installed, there is no such cluster, or a worker has another qtopt, jax or
            plug-in.
        ProcessLost: the scheduler cannot be reached any more.
    """
    if not options.workers and options.cluster == LOCAL:
        yield HERE
        return
    try:
        from ._cluster import started
    except ImportError as error:
        raise InputError(
            f'workers need Dask, but there is no module {error.name}: pip install "qtopt[cluster]".'
        ) from None
    with started(options) as engine, using(engine):
        yield engine
