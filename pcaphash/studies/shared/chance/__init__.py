"""How evenly loads spread over receive queues, and how evenly chance would spread them."""
