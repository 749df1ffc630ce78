"""The counts from which every configuration is calculated, and what a configured device makes of them."""
