"""Runs a request over parts of traces, on threads of this machine; may go on where an earlier run stopped."""
