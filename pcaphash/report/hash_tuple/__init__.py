"""Write the hashes of tuples."""
