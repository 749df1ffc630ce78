"""Numbers of the capture file formats.

Sources: draft-ietf-opsawg-pcap for pcap; libpcap's sf-pcap.c for the "modified" format of patched systems;
draft-ietf-opsawg-pcapng for pcapng.
"""

# pcap: the magic number's four bytes in the file's own order, most significant first.
MAGIC_MICROSECONDS = 0xA1B2C3D4
MAGIC_NANOSECONDS = 0xA1B23C4D
MAGIC_MODIFIED = 0xA1B2CD34  # 8 more bytes in each record header, microseconds
VERSION_MAJOR, VERSION_MINOR = 2, 4
LITTLE_VERSION, BIG_VERSION = 0x00040002, 0x04000200  # both halves, least significant byte first, by byte order
MOST_ZONE, ZONE_STEP = 14 * 3600, 900  # time zones lie between 12 hours west and 14 hours east, by quarters
FILE_HEADER_LEN = 24
FILE_HEADER_START_LEN = 16  # as much of it as tells it from a record
LINK_TYPE_OFFSET = 20
LINK_TYPE_MASK = 0xFFFF  # the upper 16 bits hold the length of frame check sequences
FCS_IS_KNOWN, FCS_SHIFT = 1 << 26, 28  # whether they do, and where: in units of 2 bytes
RECORD_HEADER_LEN = 16
MODIFIED_RECORD_HEADER_LEN = 24

# No real capture holds a longer packet; a length above it means that the reader lost its place.
MOST_CAPTURED = 16 * 1024 * 1024

# pcapng blocks: section 4 of the draft.
SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
NAME_RESOLUTION = 4
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6
BYTE_ORDER_MAGIC = 0x1A2B3C4D
BLOCK_OVERHEAD = 12  # type, and total length in front and behind
SECTION_HEADER_LEN = 28  # without options
SECTION_LENGTH_OFFSET = 16  # of the section's length in its header, 8 bytes; -1 for unknown
INTERFACE_DESCRIPTION_LEN = 20  # without options
PACKET_BLOCK_OFFSET = 28  # of the packet in an enhanced or obsolete packet block
SIMPLE_PACKET_OFFSET = 12

# pcapng options: sections 3.5, 4.2, 4.3 and 4.6.
OPTION_END = 0
OPTION_COMMENT = 1
OPTION_IF_NAME = 2
OPTION_IF_DESCRIPTION = 3
OPTION_IF_TSRESOL = 9
OPTION_IF_FCSLEN = 13
OPTION_IF_TSOFFSET = 14
OPTION_ISB_IFRECV = 4
OPTION_ISB_IFDROP = 5
OPTION_EPB_FLAGS = 2
FLAGS_INBOUND = 1
FLAGS_OUTBOUND = 2
DEFAULT_TSRESOL = 6
TSRESOL_BINARY = 0x80  # the rest is the exponent

ZIP_MAGIC = b"PK\x03\x04"  # in front of a saved census, being a ZIP archive of arrays
GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952 section 2.3.1
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"  # RFC 8878 section 3.1.1
ZSTANDARD_SKIPPABLE_MAGICS = tuple(bytes([0x50 + i]) + b"\x2a\x4d\x18" for i in range(16))  # section 3.1.2
XZ_MAGIC = b"\xfd7zXZ\0"  # https://tukaani.org/xz/xz-file-format.txt section 2.1.1.1
BZIP2_MAGICS = tuple(b"BZh%d" % level for level in range(1, 10))  # by the size of blocks
LZ4_MAGIC = b"\x04\x22\x4d\x18"  # lz4_Frame_format.md, General Structure
MOST_MAGIC = 6  # bytes of the longest of these
