"""What a device reported, compared with what the spec requires: a verdict for each packet, and why it is wrong."""

from pcaphash.studies.validate.result import Validation
from pcaphash.studies.validate.study import validate

__all__ = ["Validation", "validate"]
