"""Runs kernels over traces and turns counts into distributions: nothing here knows files' formats or how to print."""
