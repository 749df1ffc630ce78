"""What one output of ``ethtool -x`` shows, and its JSON form."""

from dataclasses import dataclass, field

from pcaphash.device.flavor import INPUT_TRANSFORMS
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

_MOST_ENTRIES = virtio.MOST_INDIRECTION_TABLE_LENGTH
_LEAVE = "copy the output again, or correct this line"


@dataclass
class Shown:
    """What one output of ``ethtool -x`` shows.

    Parameters
    ----------
    interface : str
        Its name; empty where none is shown.
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
    refusal : ConfigurationError, optional
        Why this is no device that can be calculated.
    """

    interface: str
    line: int
    queues: int | None = None
    table: list[int] = field(default_factory=list)
    hash_key: bytes | None = None
    input_transform: str | None = None
    refusal: ConfigurationError | None = None

    def set_queues(self, option: str, line: int, number: int) -> None:
        """Set how many receive queues there are."""
        if not 1 <= number <= virtio.MOST_QUEUES:
            problem = f"line {line}: {number} RX rings, and there are 1 to {virtio.MOST_QUEUES}"
            raise ConfigurationError(option, problem, _LEAVE)
        self.queues = number

    def add_entries(self, option: str, line: int, entries: list[int]) -> None:
        """Add entries to the indirection table."""
        self.table += entries
        most = self.queues or virtio.MOST_QUEUES
        if max(entries) >= most:
            problem = f"line {line}: queue {max(entries)} is in the indirection table, and with {most} RX rings "
            raise ConfigurationError(option, f"{problem}the last is {most - 1}", _LEAVE)
        if len(self.table) > _MOST_ENTRIES:
            problem = f"line {line}: the indirection table has more than {_MOST_ENTRIES} entries"
            raise ConfigurationError(option, problem, _LEAVE)

    def set_functions(self, option: str, line: int, enabled: list[str]) -> None:
        """Set which hash functions are on."""
        if enabled != ["toeplitz"]:
            others = " and ".join(name for name in enabled if name != "toeplitz") or "none"
            problem = f"line {line}: the RSS hash function is {others}, and only toeplitz can be calculated"
            self.refusal = ConfigurationError(option, problem, "switch it: ethtool -X IF hfunc toeplitz")

    def set_transforms(self, option: str, line: int, enabled: list[str]) -> None:
        """Set which input transformations are on."""
        if len(enabled) > 1 or not set(enabled) < set(INPUT_TRANSFORMS):
            problem = f"line {line}: the RSS input transformation {' and '.join(enabled)} cannot be calculated"
            self.refusal = ConfigurationError(option, problem, f"it is one of {', '.join(INPUT_TRANSFORMS)}")
            return
        self.input_transform = enabled[0] if enabled else "none"


def read_json(option: str, line: int, document: object) -> list[Shown]:
    """Return what the JSON form of ``ethtool -x`` shows, an object for each interface.

    Raises
    ------
    ConfigurationError
        A table or key is no list of numbers in range.
    """
    objects = document if isinstance(document, list) else [document]
    return [
        _read_object(option, line, each)
        for each in objects
        if isinstance(each, dict) and any(str(name).startswith("rss-") for name in each)
    ]


def _read_object(option: str, line: int, values: dict[str, object]) -> Shown:
    shown = Shown(str(values.get("ifname", "")), line)
    table = _numbers(option, line, values, "rss-indirection-table", virtio.MOST_QUEUES - 1)
    if table:
        shown.add_entries(option, line, table)
    shown.hash_key = bytes(_numbers(option, line, values, "rss-hash-key", 255)) or None
    function = values.get("rss-hash-function", values.get("rss-hash-function-raw"))
    if function is not None:
        shown.set_functions(option, line, [str(function)])
    transforms = values.get("rss-input-transformation")
    if isinstance(transforms, dict):
        shown.set_transforms(option, line, [name for name, state in transforms.items() if state not in (False, "off")])
    return shown


def _numbers(option: str, line: int, values: dict[str, object], name: str, most: int) -> list[int]:
    numbers = values.get(name, [])
    if not isinstance(numbers, list):
        raise ConfigurationError(option, f"line {line}: {name} is no list", "save the output of ethtool --json -x IF")
    for number in numbers:
        if type(number) is not int or not 0 <= number <= most:
            problem = f"line {line}: {name} holds {number!r}, which is no whole number from 0 to {most}"
            raise ConfigurationError(option, problem, "save the output of ethtool --json -x IF")
    return numbers
