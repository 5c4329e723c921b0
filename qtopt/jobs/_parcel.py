"""Objects as bytes for other processes: arrays as their buffers, classes by the names of their modules."""

import hashlib
import io
import pickle
from typing import Any

import jax
import numpy as np

from ..errors import InputError
from ..worker import Parcel


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, jax.Array):
            return jax.device_put, (np.asarray(obj),)
        if isinstance(obj, type) and obj.__module__ == "__main__":
            raise InputError(
                f"workers must be able to import {obj.__qualname__}, but the program that runs defines it: "
                "put it in a module of its own."
            )
        return NotImplemented


def packed(what: Any) -> Parcel:
    """An object for other processes.

    Raises:
        InputError: a class of the program itself or a function without a name, which others cannot import.
    """
    file, buffers = io.BytesIO(), []
    try:
        _Pickler(file, 5, buffer_callback=buffers.append).dump(what)
    except (pickle.PicklingError, AttributeError) as error:
        raise InputError(
            f"workers must be able to import what they compute with, but cannot ({error}): give classes and "
            "functions names in a module of their own."
        ) from None
    arrays = tuple(np.frombuffer(part.raw(), np.uint8) for part in buffers)
    digest = hashlib.sha256(file.getvalue())
    for part in arrays:
        digest.update(part.data)
    return Parcel(file.getvalue(), arrays, digest.hexdigest())
