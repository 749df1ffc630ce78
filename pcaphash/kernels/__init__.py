"""Compiled code: bytes and numbers only, no files, no options, no texts for people."""
