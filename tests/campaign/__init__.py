"""A campaign of hostile inputs, machines and moments; `python -m tests.campaign` runs it."""
