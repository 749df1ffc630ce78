"""Write the result of tuning."""
