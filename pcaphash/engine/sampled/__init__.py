"""A random part of the packets, and what it shows of how the traces were captured."""
