"""What explains what a device reported wrongly: devices with faults are tried on a sample, and evidence is weighed."""
