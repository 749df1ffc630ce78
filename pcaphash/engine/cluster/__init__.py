"""Runs a request over many traces with the processes of a Dask cluster."""
