"""Write what was recovered of a hash key."""
