"""What a device reported of packets, wherever it was written down."""
