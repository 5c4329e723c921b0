"""Stands for the work of a cluster: chunks that only take their time."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import get_worker


@dataclass(frozen=True)
class Delay:
    """Every item takes so many seconds on a worker of speed 1; workers are 0.5 to 2 times as fast.

    Attributes:
        seconds: for one item.
        numbers: float64 of the result for one item, as many as the real one has.
    """

    seconds: float
    numbers: int

    def __call__(self, items: np.ndarray, _: Any) -> dict[str, np.ndarray]:
        speed = 2.0 ** (2.0 * (int(get_worker().name) * 0.618034 % 1.0) - 1.0)
        time.sleep(self.seconds * len(items) / speed)
        return {"numbers": np.zeros((len(items), self.numbers)), "speed": np.full(len(items), speed)}
