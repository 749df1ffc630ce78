"""Write why one packet has its hash, or none."""
