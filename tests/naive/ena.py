"""ENA of AWS, generations 4 and 5: what toeplitz_calc.py of amzn/amzn-ec2-ena-utilities calculates, in plain Python.

It speaks of IPv4 only; IPv6 is calculated by the same rules here. Generation 5 is taken as Linux (newer than driver
2.6) and Windows show it, which hand the key to the device as they got it.
"""

from naive.configuration import Configuration
from naive.toeplitz import toeplitz

# The key of generation 4, which cannot be changed, as the calculator has it.
GENERATION_4_KEY = bytes.fromhex("beac01fa6a42b73b8030f20c77cb2da3ae7b30b4d0ca2bcb43a38fb04167253d255b0ec26d5a56da")


def is_ena(configuration: Configuration) -> bool:
    """Say whether the device is to be an ENA."""
    return configuration.flavor.startswith("ena-")


def ena_input(data: bytes, configuration: Configuration) -> bytes:
    """Put the smaller address first, and the smaller port, in generation 4; what is symmetric has no order."""
    if configuration.flavor != "ena-gen4" or configuration.input_transform != "none":
        return data
    half = 4 if len(data) in (8, 12) else 16
    addresses = sorted([data[:half], data[half : 2 * half]])
    ports = data[2 * half :]
    return b"".join(addresses + sorted([ports[:2], ports[2:]]))


def ena_hash(data: bytes, configuration: Configuration) -> int:
    """Hash an input that is in order."""
    if configuration.flavor == "ena-gen4":
        low = (toeplitz(GENERATION_4_KEY, data) ^ 0xFFFFFFFF) & 0xFFFF
        return low << 16 | low
    return toeplitz(configuration.key.ljust(40, b"\0")[::-1], data) ^ 0xFFFFFFFF
