"""Write what was recovered of a hash key to a stream."""

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from pcaphash.report.document import device_document, reading_document, write_json_document
from pcaphash.report.layout import Columns, open_console
from pcaphash.report.words import count, packets
from pcaphash.studies.recover_key.solution import KEY_BITS

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery
    from pcaphash.studies.recover_key.result import Fit
    from pcaphash.studies.recover_key.solution import Solution

_INPUTS = (
    # what is hashed, and how many bits of the key its hashes depend on
    ("IPv4 addresses", 95),
    ("IPv4 addresses and ports", 127),
    ("IPv6 addresses", 287),
    ("IPv6 addresses and ports", 319),
)


def write_recovery(recovery: "Recovery", format_: str, stream: TextIO) -> None:
    """Write a recovery.

    Parameters
    ----------
    recovery : Recovery
        The results.
    format_ : str
        One of ``formats.RECOVERY_FORMATS``: ``table`` for readers, ``json`` for everything as one document.
    stream : text stream
        Written to.
    """
    if format_ == "json":
        write_json_document(_document(recovery), stream)
    else:
        _show(recovery, open_console(stream))


def _document(recovery: "Recovery") -> dict[str, object]:
    solution = recovery.solution
    return {
        **reading_document(recovery.reading),
        "notes": recovery.notes,
        "best": recovery.best.name if recovery.best else None,
        "device": device_document(recovery.best.device) if recovery.best else None,
        "key": solution.hash_key.hex() if solution else None,
        "key_mask": solution.key_mask.hex() if solution else None,
        "known_bits": solution.known_bits if solution else 0,
        "usable_bits": KEY_BITS,
        "is_complete": recovery.is_complete,
        "is_confirmed": recovery.best.is_confirmed if recovery.best else False,
        "known_name": recovery.known_name,
        "initial_value": f"0x{solution.initial_value:08x}" if solution else None,
        "initial_value_is_assumed": not solution.has_initial if solution else None,
        "value_order": recovery.best.value_order if recovery.best else None,
        "unreported": recovery.unreported,
        "unreported_looked_at": recovery.looked_at,
        "predictable": recovery.predictable,
        "assumptions": [_fit_document(fit) for fit in recovery.fits],
    }


def _fit_document(fit: "Fit") -> dict[str, object]:
    return {
        "name": fit.name,
        "packets": fit.packets,
        "rank": fit.rank,
        "contradictions": fit.contradictions,
        "contradicting": list(fit.contradicting),
        "fits": fit.is_consistent,
        "equations_that_hold_besides": fit.evidence,
        "known_bits": fit.solution.known_bits if fit.solution else 0,
    }


def _show(recovery: "Recovery", console: Console) -> None:
    best, solution = recovery.best, recovery.solution
    if best is None or solution is None:
        _show_nothing(recovery, console)
    else:
        _show_key(recovery, best, solution, console)
    for line in recovery.notes:
        console.print(Text(line, style="dim"))
    console.print()
    columns = Columns("what may be hashed", [fit.name for fit in recovery.fits])
    columns.add("packets", [count(fit.packets) for fit in recovery.fits])
    columns.add("new", [count(fit.rank) for fit in recovery.fits])
    columns.add("contradict", [count(fit.contradictions) for fit in recovery.fits])
    columns.add("a key fits", ["yes" if fit.is_consistent else "no" for fit in recovery.fits])
    columns.add("key bits", [str(fit.solution.known_bits) if fit.solution else "-" for fit in recovery.fits])
    columns.print(console)
    console.print(
        Text("new: hash inputs that are not sums of others; only these tell something about the key", style="dim")
    )


def _show_nothing(recovery: "Recovery", console: Console) -> None:
    if not recovery.is_order_known:
        console.print(Text("No key can be told from this log.", style="bold red"))
        return
    if any(fit.is_consistent and fit.packets for fit in recovery.fits):
        console.print(Text("No key is certain.", style="bold red"))
        console.print(
            "The configured device gives no key. What fits below may do so by chance with so few packets; give more."
        )
        return
    console.print(Text("No key produces these hashes.", style="bold red"))
    console.print(
        "Either the device does not use Toeplitz, or it hashes other bytes than those assumed below; "
        "if the key is known, pcaphash validate finds out more. Part of the traffic may tell more than all of it: "
        "try --encapsulation."
    )


def _show_key(recovery: "Recovery", best: "Fit", solution: "Solution", console: Console) -> None:
    if recovery.is_complete:
        console.print(Text(f"The key is known: all {KEY_BITS} bits that a hash can depend on.", style="bold green"))
    else:
        text = f"{solution.known_bits} of the {KEY_BITS} key bits that a hash can depend on are known."
        console.print(Text(text, style="bold"))
    known = f", {recovery.known_name}" if recovery.known_name else ""
    console.print(f"key: {written_key(solution)}{known}", soft_wrap=True)
    if not recovery.is_complete:
        console.print(f"mask: {solution.key_mask.hex()}", soft_wrap=True)
    console.print(f"hashed: {best.name}, {packets(best.packets)}")
    if not best.is_confirmed:
        console.print(
            f"Little confirms it: only {best.evidence} equations are left to check the key with; give more packets."
        )
    if best.value_order != "as reported":
        console.print(f"the hash is reported with its {best.value_order}")
    if solution.has_initial:
        console.print(
            f"the hash starts at 0x{solution.initial_value:08x} instead of 0, unless unknown key bits explain this"
        )
    if best.contradictions:
        numbers = ", ".join(map(count, best.contradicting))
        verb = "contradicts" if best.contradictions == 1 else "contradict"
        console.print(f"{packets(best.contradictions)} {verb} the others: {numbers}{_and_more(best)}")
    usable = [name for name, bits in _INPUTS if _is_known(solution, bits)]
    if usable:
        console.print(f"enough to calculate every hash over {', '.join(usable)}")
    if recovery.unreported:
        console.print(
            f"{packets(recovery.unreported)} without a reported hash: {count(recovery.predictable)} of "
            f"{count(recovery.looked_at)} examined can be predicted"
        )
    if usable:
        console.print(f"to validate with it: pcaphash validate TRACE --key {solution.hash_key.hex()}", soft_wrap=True)


def _and_more(fit: "Fit") -> str:
    return ", ..." if len(fit.contradicting) < fit.contradictions else ""


def _is_known(solution: "Solution", bits: int) -> bool:
    mask = int.from_bytes(solution.key_mask, "big") >> 8 * len(solution.key_mask) - bits
    return mask == (1 << bits) - 1


def written_key(solution: "Solution") -> str:
    """Write a key in hexadecimal digits, with ``?`` for those that are not known as a whole."""
    pairs = zip(solution.hash_key.hex(), solution.key_mask.hex(), strict=True)
    # The last bit of the 40 bytes never matters.
    last = 2 * len(solution.hash_key) - 1
    return "".join(
        digit if mask == "f" or (place == last and mask == "e") else "?" for place, (digit, mask) in enumerate(pairs)
    )
