"""Write a validation."""
