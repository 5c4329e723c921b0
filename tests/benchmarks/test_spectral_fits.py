"""Random densities that once were trouble."""

from benchmarks.spectral_fits import outcome


def test_a_pole_of_an_approximation_on_a_row() -> None:
    """Density 3054 of the benchmark: its barycentric form has a denominator of exactly 0."""
    found = outcome(3054)
    assert "exception" not in found and found["passive"] and found["error"] < 1e-3
