"""Write a replay."""
