"""Bounds that are reached: the front of drives with a given sum of mean squares."""

from ._front import BestDrives as BestDrives, MeanSquareFront as MeanSquareFront
