"""The hash input of a packet, field by field."""

from pcaphash.device.hash_form import hash_form
from pcaphash.kernels.rows import EXTENDED, WITH_PORTS
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Level
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import Answer, InputField

_TRANSFORMED = {
    "symmetric-xor": (("XOR", "source ^ destination"), ("XOR", "source ^ destination")),
    "symmetric-or-xor": (("OR", "source | destination"), ("XOR", "source ^ destination")),
}
_SORTED = ("smaller", "larger")


def divide_input(packet: Packet, level: Level, form: int, answer: Answer) -> tuple[InputField, ...]:
    """Divide a hash input into its fields.

    Parameters
    ----------
    packet : Packet
        The packet.
    level : Level
        The packet whose header was hashed.
    form : int
        Which hash of it: a sum of WITH_PORTS and EXTENDED (``kernels.rows``).
    answer : Answer
        What was hashed.
    """
    transform, is_sorted = answer.device.input_transform, hash_form(answer.device.flavor).is_sorted
    fields: list[InputField] = []
    at = 0
    parts = _parts(level, form)
    for i, (name, offset, length) in enumerate(parts):
        data = answer.hash_input[at : at + length]
        if transform == "none":
            show = names.decimal if length == names.PORT_LEN else names.address
            place: int | None = offset
            if is_sorted:
                what = "port" if length == names.PORT_LEN else "address"
                both = [where for _, where, _ in parts[i - i % 2 :][:2]]
                place = sorted(both, key=lambda where: packet.data[where : where + length])[i % 2]
                name = f"{_SORTED[i % 2]} {what}"
            fields.append(InputField(name, at, place, show(data), data))
        else:
            what = "ports" if length == names.PORT_LEN else "addresses"
            word, formula = _TRANSFORMED[transform][i % 2]
            fields.append(InputField(f"{word} of {what}", at, None, formula, data))
        at += length
    return tuple(fields)


def _parts(level: Level, form: int) -> list[tuple[str, int, int]]:
    """List name, offset in the packet and length of what was hashed."""
    source, destination = level.extended_addresses if form & EXTENDED else level.plain_addresses
    is_home = form & EXTENDED and level.home_address
    is_routing = form & EXTENDED and level.routing_address
    parts = [
        ("home address" if is_home else "source address", source, level.address_len),
        ("routing address" if is_routing else "destination address", destination, level.address_len),
    ]
    if form & WITH_PORTS:
        ports = level.payload
        parts += [("source port", ports, names.PORT_LEN), ("destination port", ports + names.PORT_LEN, names.PORT_LEN)]
    return parts
