"""The payloads of the commands that configure a device."""
