"""Files that are given as captures but cannot be read here: what they are, and how to get at their packets.

Sources of the magic numbers: the readers of Wireshark's wiretap library and the collection of file(1); those of
archives from the formats' own documents.
"""

import codecs
import re
import shlex
import struct
from collections.abc import Callable
from dataclasses import dataclass

from pcaphash.errors import CaptureError, Unreadable
from pcaphash.standards.pcap import ZIP_MAGIC

STANDARD_INPUT = "-"

_ON = "{unpacked}editcap -F pcap {file} OUT.pcap"  # how Wireshark's formats become pcap
_BACK = " | pcaphash info -"
_AGAIN = "give the capture itself"
_NO_TEXT = "save the packets themselves with tcpdump -w or tshark -w"


@dataclass(frozen=True)
class Foreign:
    """What a file is.

    Parameters
    ----------
    what : str
        Completes the sentence "it is".
    advice : str
        What to do; ``{file}`` stands for the file, ``{unpacked}`` for what decompresses it for other programs.
    """

    what: str
    advice: str

    def advise(self, trace: str, compression: str) -> str:
        """Say what to do with a trace that was decompressed like this."""
        file, unpacked = "FILE" if trace == STANDARD_INPUT else shlex.quote(trace), ""
        if compression in _UNPACKERS and "{unpacked}" in self.advice:
            file, unpacked = STANDARD_INPUT, f"{_UNPACKERS[compression]} {file} | "
        return self.advice.format(file=file, unpacked=unpacked)


_UNPACKERS = {"gzip": "gzip -dc", "zstd": "zstd -dc", "xz": "xz -dc", "bzip2": "bzip2 -dc", "lz4": "lz4 -dc"}


def pcap_of(what: str) -> Foreign:
    """Return what a capture is that Wireshark turns into pcap."""
    return Foreign(f"a capture of {what}, which pcaphash cannot read", f"convert it: {_ON}")


def _packed(what: str, command: str) -> Foreign:
    return Foreign(what, f"unpack it: {command}{_BACK}")


_NETMON_1, _NETMON_2 = pcap_of("Microsoft Network Monitor 1"), pcap_of("Microsoft Network Monitor 2")
_NETXRAY, _SNIFFER = pcap_of("NetXRay or Sniffer for Windows"), pcap_of("the Sniffer for DOS")
_ERF = pcap_of("an Endace DAG card (ERF)")
_PACKET_LOGGER = pcap_of("Apple's PacketLogger (Bluetooth)")
_IXIA = pcap_of("Ixia (lcap)")
_TAR = _packed("a tar archive", "tar -xOf {file} MEMBER")
_PCAP_VARIANT = Foreign(
    "a variant of pcap with its own record headers (magic number {magic})",
    "write the capture as standard pcap or pcapng, with the tool that wrote it",
)

_MAGICS: tuple[tuple[int, bytes, Foreign], ...] = (
    # Archives, and compression that no library here reads.
    (0, ZIP_MAGIC, _packed("a zip archive", "unzip -p {file}")),
    (0, b"PK\x05\x06", Foreign("an empty zip archive", _AGAIN)),
    (0, b"7z\xbc\xaf\x27\x1c", _packed("a 7z archive", "7z x -so {file}")),
    (0, b"Rar!\x1a\x07", _packed("a RAR archive", "unrar p -inul {file}")),
    (257, b"ustar", _TAR),
    (0, b"\x1f\x9d", _packed("compressed with compress", "gzip -dc {file}")),
    (0, b"LZIP", _packed("compressed with lzip", "lzip -dc {file}")),
    (0, b"\x89LZO\0\r\n\x1a\n", _packed("compressed with lzop", "lzop -dc {file}")),
    (0, b"\x02\x21\x4c\x18", _packed("compressed with an old lz4", "lz4 -dc {file}")),
    (0, b"\xff\x06\0\0sNaPpY", _packed("compressed with snappy", "snzip -dc {file}")),
    (0, b"\x5d\0\0", _packed("compressed with lzma", "xz -dc --format=lzma {file}")),
    # Captures.
    (0, b"RTSS", _NETMON_1),
    (0, b"GMBU", _NETMON_2),
    (0, b"snoop\0\0\0", pcap_of("snoop (Solaris)")),
    (0, b"XCP\0", _NETXRAY),
    (0, b"VL\0\0", _NETXRAY),
    (0, b"TRSNIFF data    \x1a", _SNIFFER),
    (0, b"ObserverPktBuffe", pcap_of("Network Instruments Observer")),
    (0, b"+---------+-----", pcap_of("a Tektronix K12, as text")),
    (0, b"\x05VNF", pcap_of("Visual Networks")),
    (0, b"iptrace 1.0", pcap_of("iptrace (AIX)")),
    (0, b"iptrace 2.0", pcap_of("iptrace (AIX)")),
    (0, b"\x7fver", pcap_of("AiroPeek or OmniPeek")),
    (0, b"EyeSDN", pcap_of("EyeSDN (ISDN)")),
    (0, b"\xaa\xaa\xaa\xaa", pcap_of("5View")),
    (0, b"\x01\x10\x4c\0", pcap_of("LANalyzer")),
    (0, b"btsnoop\0", pcap_of("btsnoop (Bluetooth)")),
    (0, b"\0\0\x02\0\x12\x05\0\x10", pcap_of("a Tektronix K12")),
    (0, b"\x54\x52\0\x64\0", pcap_of("nettl (HP-UX)")),
    *((0, struct.pack(order + "I", magic), _IXIA) for order in "<>" for magic in (0x1C0001AB, 0x1C0001AC)),
    *(
        (0, struct.pack(order + "I", magic), Foreign(_PCAP_VARIANT.what.format(magic=hex(magic)), _PCAP_VARIANT.advice))
        for order in "<>"
        for magic in (0xA1B234CD, 0xA12B3C4D, 0xA1E2CB12, 0xA1B2C3CD)
    ),
    (0, b"ElfFile\0", Foreign("a Windows event log, which contains no packets", _AGAIN)),
    # Not captures.
    (0, b"version https://git-lfs", Foreign("a pointer of Git LFS, not the file itself", "fetch it: git lfs pull")),
    (0, b"%PDF-", Foreign("a PDF document", _AGAIN)),
    (0, b"\x7fELF", Foreign("a program", _AGAIN)),
    (0, b"SQLite format 3\0", Foreign("an SQLite database", _AGAIN)),
    (0, b"PAR1", Foreign("a Parquet table, which contains no packets", _AGAIN)),
)


def _text(pattern: str) -> "re.Pattern[bytes]":
    return re.compile(pattern.encode(), re.IGNORECASE)


_TEXTS: tuple[tuple["re.Pattern[bytes]", Foreign], ...] = (
    (
        _text(r"<(!doctype html|html|head|body)\b"),
        Foreign(
            "an HTML page: the download returned an error or login page", "download the file again, from its raw link"
        ),
    ),
    (_text(r"(<\?xml[^>]*>\s*|<!--[^>]*-->\s*)*<(pdml|psml)\b"), Foreign("XML output of tshark", _NO_TEXT)),
    (_text(r"<\?xml"), Foreign("an XML document", _AGAIN)),
    (
        _text(
            r"((reading from file|(\S+: )?listening on|dropped privs) .*\n)*"
            r"(\d{4}-\d\d-\d\d )?(\d\d:\d\d:\d\d|\d+)\.\d{3,9} .{0,60}?\b(IP6?|ARP|MPLS|STP|LLDP|ethertype|In|Out)\b"
        ),
        Foreign("text output of tcpdump", _NO_TEXT),
    ),
    (
        _text(r"\d+\s+\d+\.\d+\s+\S+\s+(→|->)\s"),
        Foreign("text output of tshark", _NO_TEXT),
    ),
    (_text(r"Frame \d+: \d+ bytes"), Foreign("text output of tshark", _NO_TEXT)),
    (
        _text(r"(0x)?0{4,8}:?\s+[0-9a-f]{2}[0-9a-f ]{6}"),
        Foreign(
            "a hex dump",
            "turn it into a capture: text2pcap {file} OUT.pcap (xxd -r {file}, if the dump is of a capture)",
        ),
    ),
    (_text(r"[\[{]\s*([\[{\"]|$)"), Foreign("JSON text", _NO_TEXT)),
)


def recognize_foreign(data: bytes) -> Foreign | None:
    """Tell what a file is that is not a capture, by its first bytes, of which there should be some thousand."""
    for offset, magic, foreign in _MAGICS:
        if data[offset : offset + len(magic)] == magic:
            return foreign
    if data[72:76] in (b"\2\0\1\xc0", b"\2\0\2\xc0"):  # after WMI_BUFFER_HEADER a SYSTEM_TRACE_HEADER: version, type
        return Foreign("an event trace of Windows (ETL)", "convert it: etl2pcapng {file} OUT.pcapng, on Windows")
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, foreign in _TEXTS:
        if pattern.match(text):
            return foreign
    if data and _looks_like_text(data):
        return Foreign("text", "give a pcap or pcapng file")
    for read, foreign in ((_erf_record, _ERF), (_packet_logger_record, _PACKET_LOGGER)):
        if _is_chain(data, read):
            return foreign
    return None


def not_a_capture(trace: str, data: bytes, compression: str) -> CaptureError:
    """Return the error for a file that is not a capture: it says what the file is instead, as far as its bytes tell.

    Parameters
    ----------
    trace : str
        The file.
    data : bytes
        The (decompressed) file from its start, some thousand bytes of it.
    compression : str
        As ``Source`` has it.
    """
    its_data = "" if compression == "none" else "the decompressed data "
    foreign = recognize_foreign(data)
    if is_saved_array(data):
        problem = (
            "is not a capture. It may be a saved census, which has no packets and cannot be read from standard input"
        )
        advice = "give the capture, or the census to analyze"
    elif foreign is not None:
        problem, advice = f"{its_data}is {foreign.what}", foreign.advise(trace, compression)
    else:
        problem = f"is not a capture: {its_data or 'it '}starts with {data[:4].hex(' ')}"
        advice = "give a pcap or pcapng file"
    return CaptureError(trace, Unreadable.NOT_A_CAPTURE, problem, advice, offset=0)


def is_saved_array(data: bytes) -> bool:
    """Tell whether this is a zip archive of NumPy arrays, as a saved census is, by the name of the first of them."""
    name_len = int.from_bytes(data[26:28], "little")
    return data.startswith(ZIP_MAGIC) and data[30 : 30 + name_len].endswith(b".npy")


def _looks_like_text(data: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data[:512])
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\n\r\f\x1b\ufeff" for letter in text)


def _is_chain(data: bytes, read: Callable[[bytes, int], int]) -> bool:
    """Tell whether records follow one another, three at least or as many as the file has.

    ``read`` returns the length of the record that starts at an offset, 0 if none can.
    """
    offset = n_records = 0
    while offset + 16 <= len(data):
        length = read(data, offset)
        if not length:
            return False
        n_records += 1
        offset += length
    return n_records >= 3 or (n_records >= 1 and offset == len(data))


def _erf_record(data: bytes, offset: int) -> int:
    """Read an ERF record: little-endian time, type, flags, big-endian lengths of the record and on the wire."""
    seconds = int.from_bytes(data[offset + 4 : offset + 8], "little")
    type_, length = data[offset + 8] & 0x7F, int.from_bytes(data[offset + 10 : offset + 12], "big")
    on_the_wire = int.from_bytes(data[offset + 14 : offset + 16], "big")
    is_plausible = seconds < 0x80000000 and 1 <= type_ <= 48 and length > 16 and on_the_wire > 0
    return length if is_plausible else 0


def _packet_logger_record(data: bytes, offset: int) -> int:
    """Read a PacketLogger record: the length of what follows, seconds, microseconds, and a type."""
    for order in (">", "<"):
        length, seconds, microseconds, type_ = struct.unpack_from(order + "IIIB", data, offset)
        is_known = type_ <= 0x0D or type_ >= 0xFB
        if 9 <= length <= 65536 and 0x20000000 <= seconds < 0x80000000 and microseconds < 10**6 and is_known:
            return 4 + int(length)
    return 0
