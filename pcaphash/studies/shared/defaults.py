"""What studies do if nothing else is asked for; this module imports nothing, so that the command line starts fast."""

DEFAULT_HEAVIEST = 10
"""How many tunnels are listed, heaviest first."""

DEFAULT_KEYS = 1000
"""How many random hash keys are tried."""

DEFAULT_MEASURE = "max_ideal_packets"
"""What spreads are ranked by: how far the busiest receive queue is above its ideal share of packets."""
