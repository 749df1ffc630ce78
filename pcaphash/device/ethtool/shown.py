"""What is shown of one interface: by one output of ``ethtool -x``, also as JSON, or by testpmd."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pcaphash.device.flavor import INPUT_TRANSFORMS
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

_MOST_ENTRIES = virtio.MOST_INDIRECTION_TABLE_LENGTH
_BITS = {"symmetric-xor": 1, "symmetric-or-xor": 2}  # Linux, RXH_XFRM_SYM_XOR and RXH_XFRM_SYM_OR_XOR
_NOT_SET = 0xFF  # RXH_XFRM_NO_CHANGE
_LEAVE = "copy the output again, or correct this line"


@dataclass
class Shown:
    """What one output shows of an interface.

    Parameters
    ----------
    interface : str, optional
        Its name; empty where none is shown, None for what all interfaces of a host share.
    line : int
        Where in the file the output starts.
    queues : int, optional
        Receive queues, where their number is shown.
    table : list of int
        The indirection table; empty where none is shown.
    hash_key : bytes, optional
        The hash key.
    input_transform : str, optional
        As ``Device`` names it.
    hash_types : int, optional
        The types that are enabled, where they are shown here.
    refusal : ConfigurationError, optional
        Why this is no device that can be calculated.
    transform_refusal : ConfigurationError, optional
        Likewise, unless something else gives the input transformation.
    is_size_assumed : bool
        Whether nothing says how many entries the table has.
    is_key_hidden : bool
        Whether the key is shown as zeros, which drivers print that do not tell it.
    notes : list of str
        What a reader should know of it.
    """

    interface: str | None
    line: int
    queues: int | None = None
    table: list[int] = field(default_factory=list)
    hash_key: bytes | None = None
    input_transform: str | None = None
    hash_types: int | None = None
    refusal: ConfigurationError | None = None
    transform_refusal: ConfigurationError | None = None
    is_size_assumed: bool = False
    is_key_hidden: bool = False
    notes: list[str] = field(default_factory=list)

    def set_key(self, key: bytes) -> None:
        """Set the hash key, unless it is hidden."""
        self.is_key_hidden = bool(key) and not any(key)
        self.hash_key = None if self.is_key_hidden else key or None

    def set_queues(self, place: Field | str, line: int, number: int) -> None:
        """Set how many receive queues there are."""
        if not 1 <= number <= virtio.MOST_QUEUES:
            problem = f"line {line}: {number} RX rings, but a device has 1 to {virtio.MOST_QUEUES}"
            raise ConfigurationError(place, problem, _LEAVE)
        self.queues = number

    def add_entries(self, place: Field | str, line: int, entries: list[int]) -> None:
        """Add entries to the indirection table."""
        self.table += entries
        most = self.queues or virtio.MOST_QUEUES
        if max(entries) >= most:
            problem = f"line {line}: queue {max(entries)} is in the indirection table, but with {most} RX rings "
            raise ConfigurationError(place, f"{problem}the last is {most - 1}", _LEAVE)
        if len(self.table) > _MOST_ENTRIES:
            problem = f"line {line}: the indirection table has more than {_MOST_ENTRIES} entries"
            raise ConfigurationError(place, problem, _LEAVE)

    def set_functions(self, place: Field | str, line: int, enabled: list[str]) -> None:
        """Set which hash functions are on."""
        if enabled != ["toeplitz"]:
            others = " and ".join(name for name in enabled if name != "toeplitz") or "none"
            problem = f"line {line}: the RSS hash function is {others}, but only toeplitz can be calculated"
            self.refusal = ConfigurationError(place, problem, "switch it: ethtool -X IF hfunc toeplitz")

    def set_transforms(self, place: Field | str, line: int, enabled: Sequence[str | int]) -> None:
        """Set which input transformations are on; numbers are bits that ethtool has no name for."""
        bits = 0
        for each in enabled:
            bits |= each if isinstance(each, int) else _BITS.get(each, 0)
        self.transform_refusal = None
        if bits == _NOT_SET:
            self.input_transform = "none"
            self.notes.append(f"line {line}: the RSS input transformation 0x{_NOT_SET:x} means that none was set")
            return
        if len(enabled) > 1 or not set(enabled) < set(INPUT_TRANSFORMS):
            shown = " and ".join(hex(each) if isinstance(each, int) else each for each in enabled)
            problem = f"line {line}: the RSS input transformation {shown} cannot be calculated"
            advice = f"set what the device does with {Field('input_transform')}: {', '.join(INPUT_TRANSFORMS)}"
            self.transform_refusal = ConfigurationError(place, problem, advice)
            return
        self.input_transform = str(enabled[0]) if enabled else "none"


def read_json(place: Field | str, line: int, document: object) -> list[Shown]:
    """Return what the JSON form of ``ethtool -x`` shows, an object for each interface.

    Raises
    ------
    ConfigurationError
        A table or key is not a list of numbers in range.
    """
    objects = document if isinstance(document, list) else [document]
    return [
        _read_object(place, line, each)
        for each in objects
        if isinstance(each, dict) and any(str(name).startswith("rss-") for name in each)
    ]


def _read_object(place: Field | str, line: int, values: dict[str, object]) -> Shown:
    shown = Shown(str(values.get("ifname", "")), line)
    table = _numbers(place, line, values, "rss-indirection-table", virtio.MOST_QUEUES - 1)
    if table:
        shown.add_entries(place, line, table)
    shown.set_key(bytes(_numbers(place, line, values, "rss-hash-key", 255)))
    function = values.get("rss-hash-function", values.get("rss-hash-function-raw"))
    if function is not None:
        shown.set_functions(place, line, _enabled(function))
    transforms = values.get("rss-input-transformation")
    if transforms is not None:
        raw = transforms.get("raw") if isinstance(transforms, dict) else None
        enabled = [name for name in _enabled(transforms) if name not in ("raw", "none")]
        shown.set_transforms(place, line, enabled if type(raw) is not int else [*enabled, raw])
    return shown


def _enabled(value: object) -> list[str]:
    """Return what is on: one name, or those of an object with their states, as the first versions had it."""
    if isinstance(value, dict):
        return [str(name) for name, state in value.items() if state not in (False, "off")]
    return [str(value)]


def _numbers(place: Field | str, line: int, values: dict[str, object], name: str, most: int) -> list[int]:
    numbers = values.get(name, [])
    if not isinstance(numbers, list):
        raise ConfigurationError(place, f"line {line}: {name} is not a list", "save the output of ethtool --json -x IF")
    for number in numbers:
        if type(number) is not int or not 0 <= number <= most:
            problem = f"line {line}: {name} contains {number!r}, which is not a whole number from 0 to {most}"
            raise ConfigurationError(place, problem, "save the output of ethtool --json -x IF")
    return numbers
