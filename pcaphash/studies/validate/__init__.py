"""What a device reported, compared with what the text demands: verdicts per packet, and the cause of what differs."""

from pcaphash.studies.validate.result import Validation
from pcaphash.studies.validate.study import validate

__all__ = ["Validation", "validate"]
