"""What a hash key makes of what varies in packets: how many table entries can be reached, and what that is good for."""

from pcaphash.studies.key.result import KeyExamination
from pcaphash.studies.key.study import examine_key

__all__ = ["KeyExamination", "examine_key"]
