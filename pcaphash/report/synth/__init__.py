"""What was made from a seed, as text and as a document."""
