"""Facts of the RFCs and of the virtio texts as plain constants, each with its source; no logic."""
