"""Logs whose lines stand in an order of their own: which line is about which packet."""
