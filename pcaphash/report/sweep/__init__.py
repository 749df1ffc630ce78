"""Write a sweep."""
