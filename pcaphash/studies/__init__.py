"""The questions that can be asked of traces, one module each."""
