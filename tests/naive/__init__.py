"""A plain, slow, obvious reference of what the device does with a packet, written from the texts alone."""
