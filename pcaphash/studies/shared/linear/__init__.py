"""What follows from the hash being linear over GF(2)."""
