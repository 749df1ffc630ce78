"""What a device delivers of a trace, written to files that carry its report: captures, and tables beside the trace."""
