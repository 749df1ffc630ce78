"""How much is kept if nothing is said about it; this module imports nothing, so that the command line starts fast."""

DEFAULT_MOST_FLOWS = 1_000_000
"""How many flows are told apart."""
