"""Why no flow goes to a receive queue, in words: they stand here and not in the report because errors quote them."""

from pcaphash.errors import Field
from pcaphash.studies.steer.flow import PORTS, SOURCE
from pcaphash.studies.steer.unreached import Unreached, WhyNot


def reason_text(unreached: Unreached) -> str:
    """Say why, to follow "cannot be reached"."""
    ports = ["source port"] if unreached.varies_port else []
    free = " and the ".join(ports + (["free bits of the address"] if unreached.varies_address else []))
    match unreached.why:
        case WhyNot.NO_ENTRY:
            return "no entry of the indirection table leads there"
        case WhyNot.ZERO_KEY:
            return "all bytes of the hash key are 0, so all packets have the same hash, which leads to another queue"
        case WhyNot.FEW_PORTS:
            low, high = unreached.ports
            return (
                f"none of the {high - low + 1} source ports {low}-{high} leads there"
                if low < high
                else (f"the only source port, {low}, does not lead there")
            )
        case WhyNot.RANGE:
            return f"no value of the {free} in the given range leads there"
    index = "the two table indexes" if unreached.is_both else "the table index"
    return (
        f"the {free} can set only {unreached.rank} of the {unreached.needed} bits of {index} freely, and none of the "
        "entries reached that way leads there"
    )


def advice_text(unreached: Unreached) -> str:
    """Say what to do."""
    if unreached.why == WhyNot.NO_ENTRY:
        return "name a queue of the table"
    if unreached.why == WhyNot.ZERO_KEY:
        return f"give the device's own key with {Field('hash_key')}"
    ways = [f"widen {PORTS}"] if unreached.varies_port else []
    ways.append(f"give a {'larger ' if unreached.varies_address else ''}network as {SOURCE}")
    ways += ["ask for one direction only"] if unreached.is_both else []
    return ", or ".join([", ".join(ways[:-1]), ways[-1]] if ways[:-1] else ways)
