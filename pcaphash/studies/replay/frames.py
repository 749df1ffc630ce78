"""The frames of a block, as they can be sent again."""

from pcaphash.capture.reader import Block
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.targets.answer import NotSent

_FIELDS = ["offset", "captured_length", "original_length", "link_type"]


def frames_of(block: Block) -> list[bytes | NotSent]:
    """Return each packet as it was captured, or why it cannot be sent like that (``targets.answer``)."""
    found: list[bytes | NotSent] = []
    for offset, captured, original, link_type in block.records[_FIELDS].tolist():
        if link_type != ETHERNET:
            found.append(NotSent.NOT_ETHERNET)
        elif captured < original:
            found.append(NotSent.CUT)
        else:
            found.append(block.data[offset : offset + captured].tobytes())
    return found
