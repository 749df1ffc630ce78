"""Which packets of a trace are looked at."""
