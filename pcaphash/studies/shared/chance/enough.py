"""How many packets it takes to judge how they spread over receive queues."""

LEAST_PER_QUEUE, LEAST = 4, 32
"""Packets for each receive queue, and in all, below which nothing is judged: a single packet decides too much then."""


def packets_needed(queues: int) -> int:
    """Return how many packets it takes to judge how they spread over so many receive queues."""
    return max(LEAST, LEAST_PER_QUEUE * queues)
