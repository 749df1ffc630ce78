"""Write an analysis."""
