"""What is the matter with headers and fields, in words."""

from pcaphash.studies.explain.result import HeaderState, PacketField, PacketHeader

_NOT_CAPTURED = "not captured"


def note_words(header: PacketHeader, packet_length: int) -> str:
    """Say what is the matter with a header; empty if nothing is."""
    return {
        HeaderState.CAPTURED: "",
        HeaderState.CAPTURED_IN_PART: "captured in part",
        HeaderState.NOT_CAPTURED: _NOT_CAPTURED,
        HeaderState.PAST_PACKET: f"runs past the end of the packet, which has {packet_length} bytes",
    }[header.state]


def value_words(field: PacketField) -> str:
    """Write the value of a field, or that it was not captured."""
    return field.value if field.is_captured else _NOT_CAPTURED
