"""Write what traces hold."""
