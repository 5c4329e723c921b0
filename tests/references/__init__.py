"""Independent references for the tests.  Nothing in here imports qtopt."""
