"""The flows of a trace, their hash inputs, and the tunnels that they run through."""
