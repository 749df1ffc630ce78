"""How a device chose receive queues, where it was not by its indirection table."""
