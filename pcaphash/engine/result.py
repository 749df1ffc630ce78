"""How the result of a study shows itself in an interpreter and in a notebook."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from pcaphash.errors import trace_name

if TYPE_CHECKING:
    import pandas as pd

    from pcaphash.device.device import Device
    from pcaphash.engine.reading import Reading

MOST_NAMED = 4
"""Traces or configurations that are told one by one."""


class Result:
    """A result that shows itself in one line, and in notebooks with a table below that line."""

    __slots__ = ()

    def facts(self) -> list[str]:
        """Return what it is about and the result, in a few words each."""
        raise NotImplementedError

    def main_table(self) -> "pd.DataFrame":
        """Return the table that most people look at first."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {'; '.join(self.facts())}>"

    def _repr_html_(self) -> str:
        from html import escape

        table = self.main_table().to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format)
        return f"<p>{escape('; '.join(self.facts()))}</p>\n{table}"


def packets_of(reading: "Reading", n_packets: int) -> str:
    """Say how many packets a result is about, of which traces, and whether some of them could not be read."""
    names = [trace_name(PurePath(trace).name) for trace in reading.traces]
    traces = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names):,} traces"
    problems = counted(len(reading.problems), "problem")
    return f"{counted(n_packets, 'packet')} of {traces}" + (f" (partial: {problems})" if reading.is_partial else "")


def configurations(devices: "Sequence[Device]") -> str:
    """Say which configurations a result is about."""
    names = ", ".join(device.name for device in devices[:MOST_NAMED])
    more = ", ..." if len(devices) > MOST_NAMED else ""
    return f"{counted(len(devices), 'configuration')} ({names}{more})"


def counted(n: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
