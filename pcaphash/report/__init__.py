"""Turns results into text, tables and figures; knows neither captures nor kernels."""
