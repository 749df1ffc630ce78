"""How long packets take to arrive, and when the next one would."""


class ArrivalSpan:
    """What the mean gap between packets follows from: how many there are, and the first and the last of them."""

    def __init__(self) -> None:
        self.n, self.first, self.last = 0, 0, 0
        """Packets, and when the first and the last of them arrive."""

    def add(self, first: int, last: int, n: int) -> None:
        """Count packets, given when the first and the last of them arrive."""
        if not self.n:
            self.first = first
        self.last = last
        self.n += n

    @property
    def next(self) -> int:
        """One mean gap after the last packet; there and then if there is only one."""
        return self.last + ((self.last - self.first) // (self.n - 1) if self.n > 1 else 0)
