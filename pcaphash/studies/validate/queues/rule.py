"""One way in which a device may choose receive queues, as a fact; ``report.validate`` puts it into words."""

from dataclasses import dataclass
from enum import StrEnum

from pcaphash.studies.validate.catalogue.fault import Fault
from pcaphash.studies.validate.search.traits import Span


class QueueRuleKind(StrEnum):
    """How a device chooses receive queues; the value is the name of the rule, or how its name begins."""

    ONE_QUEUE = "one-queue"
    """Every packet with a hash goes to one queue, the number."""
    MODULO_QUEUES = "modulo-queues"
    """The hash modulo the number of queues, the number."""
    HIGH_BITS = "high-bits"
    """The table is indexed with so many of the highest bits of the hash, the number."""
    INDEX_BITS = "index-bits"
    """The table is indexed with other bits of the hash, the lowest of them the number."""
    FOLDED = "folded"
    """The table is indexed with the XOR of the two halves of the hash."""
    BYTE_SWAPPED = "byte-swapped"
    """The table is indexed with the hash in the opposite byte order."""
    SCALED = "scaled"
    """The hash is scaled to the number of queues, the number."""
    FIRST = "first"
    """Only so many entries of the table are used, the number."""
    OTHER_QUEUES = "other-queues"
    """There is another number of queues, the number, and entry i of the table leads to i modulo this number."""
    TABLE_OF = "table-of"
    """The table has another number of entries, the number, and entry i leads to i modulo the number of queues."""
    OTHER_TABLE = "other-table"
    """Another table, as far as packets show it."""
    ANOTHER_HASH = "another-hash"
    """The hash of a device with faults, while another one is reported."""
    UNCLASSIFIED_QUEUE = "unclassified-queue"
    """Packets without a hash go to another queue than the unclassified_queue, the number."""
    FIRST_ENTRY = "first-entry"
    """Packets without a hash go where entry 0 of the table leads, the number, not to the unclassified_queue."""


_NUMBERED = (QueueRuleKind.FIRST, QueueRuleKind.TABLE_OF, QueueRuleKind.INDEX_BITS)


@dataclass(frozen=True, eq=False)
class QueueRule:
    """A rule that explains the receive queues reported.

    Parameters
    ----------
    kind : QueueRuleKind
        How the device chooses.
    number : int, optional
        Of kinds that have one: a receive queue, how many of them, bits of the hash, or entries of the table.
    table : dict of int to int, optional
        Of another indirection table, what is known: receive queue by entry.
    entries_elsewhere : int, optional
        How many entries of that table lead to other receive queues than configured.
    is_one_hash_each : bool
        Whether each of these entries was seen with only one hash, so that flow filters may be the cause too.
    faults : tuple of Fault
        Of another hash: what the device that has it does.
    of_own_hash : bool
        Whether the rule takes the hash itself, where the device reports something else.
    exceptions : int
        Packets of its kind, with a hash or without, that came elsewhere.
    part : Span, optional
        The stretch of the trace in which the device chooses so; None for all of it.
    """

    kind: QueueRuleKind
    number: int | None = None
    table: dict[int, int] | None = None
    entries_elsewhere: int | None = None
    is_one_hash_each: bool = False
    faults: tuple[Fault, ...] = ()
    of_own_hash: bool = False
    exceptions: int = 0
    part: Span | None = None

    @property
    def name(self) -> str:
        """Short, for programs."""
        return f"{self.kind}-{self.number}" if self.kind in _NUMBERED else self.kind.value

    @property
    def of_unhashed(self) -> bool:
        """Whether it is for packets without a hash."""
        return self.kind in (QueueRuleKind.UNCLASSIFIED_QUEUE, QueueRuleKind.FIRST_ENTRY)
