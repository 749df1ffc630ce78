"""What is impossible about a virtio header, in words: they stand here because errors below the report quote them."""

from pcaphash.capture.reported.notes import HeaderField


def header_problem(field: HeaderField, value: int) -> str:
    """Say what is impossible about a header that has this value in a field."""
    return {
        HeaderField.FLAGS: f"flags 0x{value:02x} of its virtio header do not exist",
        HeaderField.GSO_TYPE: f"gso_type 0x{value:02x} does not exist",
        HeaderField.HASH_REPORT: f"hash_report {value} does not exist",
        HeaderField.HASH_REPORT_TUNNEL: f"hash_report_tunnel {value} does not exist",
        HeaderField.PADDING: f"the padding after hash_report is 0x{value:x}, not 0",
        HeaderField.INNER_OFFSET: f"inner_nh_offset {value} is not after the outer header",
    }[field]
