"""The key that a device hashes with, from the hashes that it reported."""

from pcaphash.studies.recover_key.result import Recovery
from pcaphash.studies.recover_key.study import recover_key

__all__ = ["Recovery", "recover_key"]
