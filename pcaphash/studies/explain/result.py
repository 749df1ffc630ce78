"""What ``explain`` finds out."""

from dataclasses import dataclass

from pcaphash.device.device import Device


@dataclass(frozen=True)
class Field:
    """One field of a header.

    Parameters
    ----------
    name : str
        As the standard calls it.
    offset, length : int
        Where it starts in the packet, and its length in bytes; bit fields count as the bytes that hold them.
    value : str
        For readers.
    data : bytes
        Its captured bytes: fewer than ``length`` where the capture cut it.
    """

    name: str
    offset: int
    length: int
    value: str
    data: bytes


@dataclass(frozen=True)
class Header:
    """One header of a packet.

    Parameters
    ----------
    name : str
        Such as ``IPv4``.
    part : str
        ``outer``, or ``inner`` for headers of the packet inside a tunnel.
    offset, length : int
        Where it starts in the packet, and its length in bytes.
    fields : tuple of Field
        Its fields, as far as they lie within the packet.
    note : str
        What is the matter with it, such as ``captured in part``; empty where nothing is.
    """

    name: str
    part: str
    offset: int
    length: int
    fields: tuple[Field, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Step:
    """One rule, applied.

    Parameters
    ----------
    rule : str
        What was to be decided.
    decision : str
        What was decided.
    why : str
        What in the packet or in the configuration decided it.
    source : str
        The section of a standard that says so; where none does, what is usual.
    """

    rule: str
    decision: str
    why: str
    source: str


@dataclass(frozen=True)
class InputField:
    """One field of the hash input.

    Parameters
    ----------
    name : str
        Such as ``home address``.
    offset : int
        Where it starts in the hash input.
    packet_offset : int or None
        Where it starts in the packet; None where an input transformation made it of several.
    value : str
        For readers.
    data : bytes
        Its bytes.
    """

    name: str
    offset: int
    packet_offset: int | None
    value: str
    data: bytes


@dataclass(frozen=True)
class Answer:
    """What one configuration makes of the packet, in the words of the columns of ``hashes``.

    Parameters
    ----------
    device : Device
        The configuration.
    encapsulation, header, hash_report, hash_report_tunnel, reason : str
        As in ``hashes``.
    hash_input : bytes
        Empty where there is no hash.
    hash_value : int or None
        None where there is no hash.
    table_index : int or None
        The entry of the indirection table that the hash leads to; None where there is no hash, or no table.
    queue : int or None
        The receive queue; None where it is not known, or where no hash chooses one.
    """

    device: Device
    encapsulation: str
    header: str
    hash_report: str
    hash_report_tunnel: str
    reason: str
    hash_input: bytes
    hash_value: int | None
    table_index: int | None
    queue: int | None


@dataclass(frozen=True)
class Explanation:
    """One packet, and why a device gives it this hash or none.

    Parameters
    ----------
    trace : str
        Where the packet is from.
    packet : int
        Its number there, counted from 1.
    timestamp_ns : int or None
        Nanoseconds since 1970; None where the file has no time.
    captured_length, original_length, link_type : int
        As the file says.
    direction : str
        ``in``, ``out``, or empty where the file does not say.
    answer : Answer
        What the device makes of it.
    because : str
        Why there is no hash, or none known, in a sentence; empty where there is one.
    headers : tuple of Header
        In order of their offsets.
    steps : tuple of Step
        The rules applied, in order.
    input_fields : tuple of InputField
        The hash input, field by field; empty where there is no hash.
    others : tuple of Answer
        What other configurations make of it.
    """

    trace: str
    packet: int
    timestamp_ns: int | None
    captured_length: int
    original_length: int
    link_type: int
    direction: str
    answer: Answer
    because: str
    headers: tuple[Header, ...]
    steps: tuple[Step, ...]
    input_fields: tuple[InputField, ...]
    others: tuple[Answer, ...]
