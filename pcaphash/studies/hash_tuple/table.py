"""Many tuples as text, one on each line: CSV with or without a header line, or JSON objects."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from pcaphash.device.device import Device
from pcaphash.errors import ConfigurationError, Field
from pcaphash.studies.hash_tuple.packet_tuple import is_endpoint, parse_tuple
from pcaphash.studies.hash_tuple.study import TupleHash, hash_packet_tuple

_FIELDS = ("source", "source_port", "destination", "destination_port", "protocol")
_OTHER_NAMES = {
    "source": "src saddr src_ip source_ip srcip ip_src src_addr source_address srcaddr ipv6_src id_orig_h",
    "destination": "dst daddr dst_ip destination_ip dstip ip_dst dst_addr destination_address dstaddr ipv6_dst "
    "id_resp_h",
    "source_port": "sport src_port srcport tcp_srcport udp_srcport id_orig_p",
    "destination_port": "dport dst_port dstport tcp_dstport udp_dstport id_resp_p",
    "protocol": "proto ip_proto ip_protocol l4_proto",
}
_FIELD_OF = {name: field for field, names in _OTHER_NAMES.items() for name in (field, *names.split())}

# Without a header line the first tuple tells the columns, by which of them are addresses: A, and what else may follow.
_SHAPES = {
    "AA": ("source", "destination"),
    "AAx": ("source", "destination", "protocol"),
    "AAxx": ("source", "destination", "source_port", "destination_port"),
    "AAxxx": ("source", "destination", "source_port", "destination_port", "protocol"),
    "AxAx": ("source", "source_port", "destination", "destination_port"),
    "AxAxx": ("source", "source_port", "destination", "destination_port", "protocol"),
}
_EXAMPLE = "source,source_port,destination,destination_port,protocol"

_Line = tuple[int, str]
_Place = int | str  # the number of a line, or what else to call it
_Row = tuple[_Place, dict[str, Any]]
_Split = Callable[[str], list[str]]


def hash_tuples(
    lines: Iterable[str], name: str, device: Device, protocol: str | None = None, *, both: bool = False
) -> Iterator[TupleHash]:
    """Hash tuples, one from each line; empty lines, and lines that begin with ``#``, are ignored.

    Parameters
    ----------
    lines : iterable of str
        CSV with commas, semicolons, tabs or blanks; or a JSON object on each line, or a list of objects, as such or as
        ``tuples`` in what ``hash`` writes. Columns are named as in the output
        of ``hash``, or by common other names (src, dst, sport, dport, proto); columns of other names do not matter.
    name : str
        What errors call the whole.
    device : Device
        The configured device.
    protocol : str, optional
        Of tuples that name none.
    both : bool
        Whether to hash each tuple's other direction too, right after it.

    Raises
    ------
    ConfigurationError
        A line cannot be read; the message names it. Or there is no tuple at all.
    """
    for number, row in _read_rows(lines, name):
        values = {field: row.get(field) for field in _FIELDS}
        if values["protocol"] in (None, ""):
            values["protocol"] = protocol
        try:
            packet = parse_tuple(**values)  # type: ignore[arg-type]
            directions = (packet, packet.reverse()) if both else (packet,)
            found = [hash_packet_tuple(each, device) for each in directions]
        except ConfigurationError as error:
            column = f"{error.place.name}: " if isinstance(error.place, Field) else ""
            raise _refuse(name, number, f"{column}{error.problem}", error.advice) from error
        yield from found


def _read_rows(lines: Iterable[str], name: str) -> Iterator[_Row]:
    numbered = ((number, line.strip("\ufeff \r\n")) for number, line in enumerate(lines, 1))
    told = ((number, line) for number, line in numbered if line and not line.startswith("#"))
    first = next(told, None)
    if first is None:
        raise ConfigurationError(name, "there are no tuples", f"write one on each line: {_EXAMPLE}")
    whole = chain([first], told)
    return _read_objects(whole, name) if first[1].startswith(("{", "[")) else _read_cells(whole, first, name)


def _refuse(name: str, place: _Place, problem: str, advice: str) -> ConfigurationError:
    where = place if isinstance(place, str) else f"line {place}"
    return ConfigurationError(f"{name}: {where}", problem, advice)


def _read_objects(lines: Iterator[_Line], name: str) -> Iterator[_Row]:
    first, text = next(lines)
    if not isinstance(_object_in(text), dict):  # it goes on below, or is a list
        text = "\n".join([text, *(line for _, line in lines)])
    document = _object_in(text)
    listed = document.get("tuples") if isinstance(document, dict) else document
    numbered: Iterable[tuple[_Place, object]]
    if isinstance(listed, list):
        numbered = ((f"object {number}", each) for number, each in enumerate(listed, 1))
    else:
        numbered = chain([(first, document)], ((number, _object_in(line)) for number, line in lines))
    for place, found in numbered:
        if not isinstance(found, dict):
            problem = "it is not a JSON object"
            raise _refuse(name, place, problem, "write one object on each line (jq -c does), or a list of objects")
        row = _by_field((_field_of(key), value) for key, value in found.items())
        _check_ends(row, name, place)
        yield place, row


def _read_cells(lines: Iterator[_Line], first: _Line, name: str) -> Iterator[_Row]:
    split = _splitter(first[1])
    cells = split(first[1])
    if any(map(is_endpoint, cells)):
        fields: Sequence[str | None] = _fields_without_header(cells, name, first[0])
    else:
        fields = [_field_of(cell) for cell in cells]
        _check_ends(fields, name, first[0])
        next(lines)
    for number, line in lines:
        cells = split(line)
        if len(cells) != len(fields):
            problem = f"{len(cells)} columns, but line {first[0]} has {len(fields)}"
            raise _refuse(name, number, problem, "give every line the same columns")
        yield number, _by_field(zip(fields, cells, strict=True))


def _object_in(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _by_field(cells: Iterable[tuple[str | None, Any]]) -> dict[str, Any]:
    """Keep what is known; of two columns for one field, such as a TCP and a UDP port, the one that is filled."""
    row: dict[str, Any] = {}
    for field, value in cells:
        if field and (value not in (None, "") or field not in row):
            row[field] = value
    return row


def _splitter(line: str) -> _Split:
    """Choose how lines are split, by what the first one has between its columns."""
    delimiter = next((each for each in "\t;," if each in line), None)
    if delimiter is None:
        return str.split

    def split(text: str) -> list[str]:
        try:
            return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter))]
        except csv.Error:  # a cell longer than any address: one column is never what the others have
            return [text]

    return split


def _field_of(name: str) -> str | None:
    return _FIELD_OF.get(re.sub(r"[\s.\-]+", "_", name.strip().lower()))


def _check_ends(fields: Iterable[str | None], name: str, place: _Place) -> None:
    """Check that both addresses are there."""
    missing = [each for each in ("source", "destination") if each not in fields]
    if missing:
        problem = f"there is no column {' and no column '.join(missing)}"
        raise _refuse(name, place, problem, f"name the columns, such as {_EXAMPLE}")


def _fields_without_header(cells: Sequence[str], name: str, number: int) -> Sequence[str]:
    shape = "".join("A" if is_endpoint(cell) else "x" for cell in cells)
    if shape not in _SHAPES:
        problem = "without a header line, the columns are unknown"
        raise _refuse(name, number, problem, f"start with a line such as {_EXAMPLE}")
    return _SHAPES[shape]
