"""Write a comparison."""
