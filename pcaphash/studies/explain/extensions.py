"""Headers cut out of a packet, and among them the extension headers of IPv6 with their options."""

from collections.abc import Callable, Iterator, Sequence

from pcaphash.standards import ip, registries
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Level
from pcaphash.studies.explain.names import decimal, hexadecimal
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import HeaderState, PacketField, PacketHeader
from pcaphash.studies.explain.steps import TraceStep

FieldForm = tuple[str, int, int, Callable[[bytes], str]]
"""A field of a header: its name, where it starts in the header, its length, and how its bytes are written."""


def cut(
    packet: Packet,
    name: str,
    step: TraceStep,
    forms: Sequence[FieldForm] = (),
    *,
    offset: int | None = None,
    length: int | None = None,
) -> PacketHeader:
    """Cut a header out of a packet: where the step says, if nothing else is given."""
    start = step.offset if offset is None else offset
    size = step.length if length is None else length
    fields = tuple(_field(packet, start, form) for form in forms if packet.fits(start + form[1], form[2]))
    return PacketHeader(name, step.part, start, size, fields, _state(packet, start, size))


def _state(packet: Packet, offset: int, length: int) -> HeaderState:
    if not packet.fits(offset, length):
        return HeaderState.PAST_PACKET
    if packet.has(offset, length):
        return HeaderState.CAPTURED
    return HeaderState.CAPTURED_IN_PART if offset < len(packet.data) else HeaderState.NOT_CAPTURED


def _field(packet: Packet, header: int, form: FieldForm) -> PacketField:
    name, at, length, show = form
    offset = header + at
    data = packet.data[offset : offset + length]
    return PacketField(name, offset, length, show(data) if len(data) == length else "", data)


def extension_name(next_header: int) -> str:
    """Name an extension header by its next header number."""
    name = registries.PROTOCOLS[next_header]
    return name if name.endswith("header") else f"{name} header"


def cut_extension(packet: Packet, step: TraceStep, level: Level) -> PacketHeader:
    """Cut out an extension header; of one that could not be read, the shortest that there is."""
    length = max(step.length, ip.EXTENSION_LEN)
    forms = [("next header", 0, 1, names.protocol_field), *_forms(packet, step, length, level)]
    return cut(packet, extension_name(step.value), step, forms, length=length)


def _forms(packet: Packet, step: TraceStep, length: int, level: Level) -> Iterator[FieldForm]:
    """List the fields of an extension header after the next header."""
    if step.value == ip.FRAGMENT:
        yield "fragment", 2, 2, names.ipv6_fragment
        yield "identification", 4, 4, hexadecimal
    elif step.value == ip.AUTHENTICATION:
        yield "SPI", 4, 4, hexadecimal
        yield "sequence number", 8, 4, decimal
    elif step.value == ip.ROUTING:
        yield "routing type", 2, 1, names.routing_type_field
        yield "segments left", 3, 1, decimal
        address = level.routing_address
        if address and address.offset == step.offset + ip.ROUTING_ADDRESS_OFFSET:
            yield "address", ip.ROUTING_ADDRESS_OFFSET, ip.IPV6_ADDRESS_LEN, names.address
    elif step.value in (ip.HOP_BY_HOP, ip.DESTINATION_OPTIONS):
        yield from _options(packet, step.offset, length, level)


def _options(packet: Packet, header: int, length: int, level: Level) -> Iterator[FieldForm]:
    """List the options of an options header (RFC 8200 section 4.2), padding left out, as far as they were captured."""
    offset, end = header + 2, header + length
    while offset < end and packet.has(offset, 1):
        option = packet.data[offset]
        if option == ip.OPTION_PAD1:
            offset += 1
            continue
        if offset + 2 > end or not packet.has(offset, 2):
            break
        body = packet.data[offset + 1]
        if option != ip.OPTION_PADN:
            yield _option_name(option, offset + 2, level), offset + 2 - header, body, _option_form(option, body)
        offset += 2 + body


def _option_name(option: int, body: int, level: Level) -> str:
    """Name an option; a home address that no hash type takes is unused."""
    name = registries.IPV6_OPTIONS.get(option, f"option 0x{option:02x}")
    is_used = level.home_address is not None and level.home_address.offset == body
    return f"unused {name}" if option == ip.OPTION_HOME_ADDRESS and level.is_ip and not is_used else name


def _option_form(option: int, body_len: int) -> Callable[[bytes], str]:
    is_address = option == ip.OPTION_HOME_ADDRESS and body_len == ip.HOME_ADDRESS_LEN
    return names.address if is_address else hexadecimal
