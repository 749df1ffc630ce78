"""The result of tuning in words: one thought per sentence, each number with its meaning."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.errors import Command, Field
from pcaphash.report.words.cut import cut_short
from pcaphash.report.words.device import is_key_assumed
from pcaphash.report.words.measures import say_measure, write_measure, write_number
from pcaphash.report.words.reach import input_text, reach_texts
from pcaphash.report.words.values import count, counted, listed, no_packets, percent, too_few
from pcaphash.studies.shared.chance.enough import CutShort
from pcaphash.studies.tune.cautions import BlamedTable, RepeatingKey, SmallTable, UnequalEntries, UnusedQueues, ZeroKey
from pcaphash.studies.tune.measures import is_better
from pcaphash.studies.tune.search import SearchGain
from pcaphash.studies.tune.tables import Turns
from pcaphash.studies.tune.trial import CURRENT
from pcaphash.studies.tune.verdict import (
    FewInputs,
    FewPackets,
    JudgedKeys,
    JudgedTable,
    Little,
    OneQueue,
    TuningConclusion,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pcaphash.studies.shared.linear.reach import Reach
    from pcaphash.studies.tune import Tuning
    from pcaphash.studies.tune.cautions import Caution
    from pcaphash.studies.tune.verdict import TuningVerdict

DIGITS = 4
"""Decimal places of measures that are not percentages: keys differ by little."""

MOST_ENTRIES = 512
"""A table with more entries is shown only in files."""

_CURRENT_KEY, _ASSUMED_KEY = "current key", "assumed key"

_OF_TABLE = UnusedQueues | BlamedTable
_INPUT_TO_BLAME = "No other table helps either, so the hash inputs are to blame: {compare} shows why."

_LITTLE = {
    Little.BAD_ONCE: (
        "Keep the {key}: it does worse than chance on one half of the flows, but not on the other. So the key is "
        "not the cause."
    ),
    Little.BEST_IS_BAD_TOO: (
        "Another hash key gains little: the {key} does worse than chance, but so does the best one on flows that "
        "were not used to choose it."
    ),
}


@dataclass(frozen=True)
class TuningWords:
    """The result of tuning in words, line by line.

    Parameters
    ----------
    headline : str
        What follows, in one or two sentences.
    reasons : list of str
        What it rests on.
    cautions : list of str
        What about the device's key and table bears on it.
    tables : list of str
        What the tables that were made give; empty if there is nothing to tune.
    settings : list of str
        How to set them, and how far that goes; empty if there is nothing to tune.
    limits : list of str
        How far all of it can be trusted.
    """

    headline: str
    reasons: list[str]
    cautions: list[str]
    tables: list[str]
    settings: list[str]
    limits: list[str]

    @property
    def lines(self) -> list[str]:
        """The verdict, and what could be set, line by line."""
        return [self.headline, *self.reasons, *self.cautions, *self.tables, *self.settings]


def put_into_words(tuning: "Tuning") -> TuningWords:
    """Write the result of tuning for readers."""
    verdict, is_nothing = tuning.verdict, tuning.verdict.cause == TuningConclusion.NOTHING
    of_table = [caution_text(each) for each in verdict.cautions if isinstance(each, _OF_TABLE)]
    to_blame = [_INPUT_TO_BLAME.format(compare=Command("compare"))] if tuning.is_input_to_blame else []
    key = _ASSUMED_KEY if is_key_assumed(tuning.device) else _CURRENT_KEY
    first = headline(verdict, key)
    if not tuning.analysis.distributions[0].packets:
        first = f"There is nothing to tune: {no_packets(tuning.analysis.reading)}."
    return TuningWords(
        headline=" ".join([*of_table, first, *to_blame]),
        reasons=[*reasons(verdict), *search_lines(tuning), *reach_lines(tuning)],
        cautions=[caution_text(each) for each in verdict.cautions if not isinstance(each, _OF_TABLE)],
        tables=[] if is_nothing else table_lines(tuning),
        settings=[] if is_nothing or tuning.n_inputs is None else setting_lines(tuning),
        limits=[] if is_nothing else _limits(tuning),
    )


def headline(verdict: "TuningVerdict", key: str = _CURRENT_KEY) -> str:
    """Say whether another key helps than the one that is called so, and why."""
    facts = verdict.facts
    if isinstance(facts, FewInputs) and not facts.inputs:
        return "There is nothing to tune: no packet has a hash."
    if isinstance(facts, FewInputs):
        inputs = counted(facts.inputs, "distinct hash input", "distinct hash inputs")
        return f"There is nothing to tune: {inputs} cannot tell keys apart."
    if isinstance(facts, FewPackets):
        return f"There is nothing to tune: {too_few(facts.packets, facts.needed, facts.queues, parts=facts.parts)}."
    if isinstance(facts, CutShort):
        return f"{cut_short('judge hash keys', percent(facts.cut / facts.packets))}."
    if isinstance(facts, OneQueue):
        return "There is nothing to tune: there is only one receive queue."
    if isinstance(facts, JudgedKeys):
        return _judged(facts, key)
    if isinstance(facts, JudgedTable):
        return (
            "A saved census has no flows, so hash keys cannot be tried, and tables cannot be judged on flows that they "
            "were not made for: tune the trace itself."
        )
    return "There is nothing to tune: no packet of this census has a hash."


def _judged(facts: JudgedKeys, key: str) -> str:
    best, current = (write_number(facts.measure, halves.judging) for halves in (facts.best, facts.current))
    if facts.why == Little.AS_CHANCE:
        outside = "better than most" if facts.worse_than < 50 else "hardly worse than"
        how = "as well as" if facts.current.judging in facts.ideal else outside
        return (
            f"Keep the {key}: it does {how} ideal hashes. On the flows not used to choose keys, "
            f"{say_measure(facts.measure, current)}; 95 of 100 ideal hashes give {_ideal(facts)}. {_no_gain(facts)}"
        )
    if facts.why is not None:
        return _LITTLE[facts.why].format(key=key)
    return (
        f"Another hash key helps: the {key} does worse than chance. With the best key tried, "
        f"{say_measure(facts.measure, best)} instead of {current}, on flows that were not used to choose it."
    )


def _no_gain(facts: JudgedKeys) -> str:
    """Say why the best key tried is no reason to change a key that does as well as chance."""
    best, current = facts.best.judging, facts.current.judging
    if best in facts.ideal and current in facts.ideal and is_better(facts.measure, best, current):
        return f"The best key tried gives {write_number(facts.measure, best)}: the difference may be chance."
    return "A key chosen for these flows may not suit others."


def _ideal(facts: JudgedKeys) -> str:
    low, high = (write_number(facts.measure, value) for value in (facts.ideal.low, facts.ideal.high))
    return f"{low} to {high}"


def _gain_of_table(facts: JudgedTable) -> str:
    if not facts.is_gain:
        return "No table made for these packets is better than the device's own table."
    rebalanced, current = (write_number(facts.measure, value) for value in (facts.rebalanced, facts.current))
    return (
        f"With a table made for these packets, {say_measure(facts.measure, rebalanced)} instead of {current}; that "
        "fits these packets only."
    )


def reasons(verdict: "TuningVerdict") -> list[str]:
    """Say what a verdict rests on."""
    facts = verdict.facts
    if isinstance(facts, JudgedTable):
        return [_gain_of_table(facts)]
    if not isinstance(facts, JudgedKeys):
        return []
    on_all = f", and {write_number(facts.measure, facts.current_on_all)} on all flows"
    keys = (("best key", facts.best, ""), ("current key", facts.current, on_all))
    # Beside a key that is to be kept, this would read as if nearly any other was better.
    worse = "" if facts.why == Little.AS_CHANCE else f"; {facts.worse_than:.4g}% of them do better than the current key"
    return [
        *(
            f"{name}: {say_measure(facts.measure, write_number(facts.measure, halves.choosing))} on the flows used "
            f"to choose keys{',' if of_all else ', and'} {write_number(facts.measure, halves.judging)} on the other "
            f"flows{of_all}"
            for name, halves, of_all in keys
        ),
        f"ideal hashes: {_ideal(facts)} on the other flows in 95 of 100 cases{worse}",
    ]


def search_lines(tuning: "Tuning") -> list[str]:
    """Say what a search by flipped bits gained over the best random key, and whether that lasts."""
    search = tuning.search
    if search is None:
        return []
    keys = f"search: {counted(search.tried, 'more key', 'more keys')} tried by flipping bits of good random keys"
    if search.found is None:
        return [f"{keys}; on flows that were not used for that, none of them is better"]
    found, random = (
        [write_number(tuning.measure, value) for value in (each.choosing, each.judging)]
        for each in (search.found, search.random)
    )
    outcome = "a gain that lasts" if search.gain == SearchGain.LASTING else "so nothing is gained"
    return [
        f"{keys}; the best has {found[0]} on the flows used to choose keys (best random key: {random[0]}), and "
        f"{found[1]} on the other flows ({random[1]}): {outcome}"
    ]


def reach_lines(tuning: "Tuning") -> list[str]:
    """Say which table entries the hash inputs cannot reach, with the current key and with the best one."""
    if tuning.verdict.cause == TuningConclusion.NOTHING:
        return []
    lines = []
    for number, name in enumerate(("current", "best")):
        limited = [pair[number] for pair in tuning.reaches if pair[number].matters]
        lines += [f"{name} key: {text.removeprefix('With this key, ')}" for text in reach_texts(limited)]
    return lines or [_ranks_text(tuning.reaches)] if tuning.reaches else lines


def _ranks_text(reaches: "Sequence[tuple[Reach, Reach]]") -> str:
    """Say how many bits of the table index vary with the current key and with the best one, which limits nothing."""
    ranks: dict[tuple[int, int], list[str]] = {}
    for current, best in reaches:
        ranks.setdefault((current.rank, best.rank), []).append(input_text(current.kind))
    bits = reaches[0][0].index_bits
    told = [
        f"{current} of {bits} bits of the table index{f' for {listed(kinds)}' if len(ranks) > 1 else ''} with the "
        f"current key, {best} with the best one"
        for (current, best), kinds in ranks.items()
    ]
    limits = "neither limits" if len(ranks) == 1 else "no rank limits"
    return f"rank: {'; '.join(told)}; {limits} which table entries these flows can reach"


def caution_text(caution: "Caution") -> str:
    """Say what about a device's key or table bears on tuning."""
    if isinstance(caution, UnusedQueues):
        return (
            f"The indirection table uses only {count(caution.used)} of {count(caution.queues)} receive queues: unless "
            f"that is intended, use all of them first (ethtool -X IF equal {caution.queues})."
        )
    if isinstance(caution, BlamedTable):
        entries = f"{count(caution.entries)} of {counted(caution.table_size, 'entry', 'entries')}"
        return (
            f"The indirection table is uneven: it has {entries} for receive queue {caution.queue}. With an even one, "
            f"the busiest receive queue is {percent(caution.excess_even)} above the ideal share instead of "
            f"{percent(caution.excess)}: set that first (ethtool -X IF equal {caution.queues})."
        )
    if isinstance(caution, ZeroKey):
        return "hash key: it is all zero, so every hash is 0 and leads to table entry 0"
    if isinstance(caution, RepeatingKey):
        values = f"so hashes have only {count(caution.hash_values)} values"
        if caution.repeated_bytes == 1:
            return f"hash key: it repeats one byte, {values}"
        return f"hash key: it is symmetric (16 bits repeated), {values}; random keys lose the symmetry"
    if isinstance(caution, SmallTable):
        entries, queues = counted(caution.entries, "entry", "entries"), count(caution.queues)
        return (
            f"indirection table: {entries} for {queues} receive queues, fewer than {caution.least_per_queue} for each"
        )
    assert isinstance(caution, UnequalEntries)
    return (
        f"receive queues: {count(caution.queues)} is not a power of two, so each has between {count(caution.fewest)} "
        f"and {count(caution.most)} table entries"
    )


def same_sizes_text(tuning: "Tuning") -> str:
    """Say that the size of the table makes no difference."""
    return f"All tables of {tuning.sizes[0].size} to {tuning.sizes[-1].size} entries spread these flows alike."


def table_lines(tuning: "Tuning") -> list[str]:
    """Say what the tables that were made give, on these flows and on those that they were not made from."""
    measure, key = tuning.measure, tuning.recommended
    whole, judged = (write_number(measure, tuning.value(part, key)) for part in ("all", "judging"))
    own = "current table" if key == CURRENT else "current table with the best key"
    if tuning.n_inputs is not None and not tuning.moved:
        here = say_measure(measure, whole)
        return [f"table: no other one is better for these flows, with which {here} under the {_key_name(tuning)} key"]
    lines = []
    for name, trial in (("rebalanced table", tuning.rebalanced), ("table by weights", tuning.weighted)):
        here = say_measure(measure, write_number(measure, trial.whole))
        if tuning.n_inputs is None:
            lines.append(f"{name}, which fits these packets only: {here} ({own}: {whole})")
            continue
        there = write_number(measure, trial.judged)
        lines.append(
            f"{name}: {here} on all flows ({own}: {whole}). If it is made from one half of the flows, that is {there} "
            f"on the other half ({own}: {judged})."
        )
    return lines


def setting_lines(tuning: "Tuning") -> list[str]:
    """Give the command and the payload that set key and table, and say how far the command goes."""
    if tuning.recommended == CURRENT and not tuning.moved:
        return []
    line = tuning.ethtool_line
    is_short = len(tuning.rebalanced.table) <= MOST_ENTRIES
    table = "rebalanced" if tuning.moved else "current"
    payload = tuning.rss_config.hex() if is_short else f"see rss_config.hex ({Field('output')})"
    return [
        *([f"Linux: {line}"] if line else []),
        *([] if tuning.is_table_in_ethtool or not tuning.moved else [_what_ethtool_lacks(tuning), _WHAT_SETS_ENTRIES]),
        f"RSS_CONFIG with the {_key_name(tuning)} key and the {table} table: {payload}",
    ]


_WHAT_SETS_ENTRIES = (
    "These set each entry: virtio's RSS_CONFIG (below), the Linux ioctl ETHTOOL_SRSSH, DPDK's "
    "rte_eth_dev_rss_reta_update, or the API of a DPU."
)


def _what_ethtool_lacks(tuning: "Tuning") -> str:
    limit = "ethtool -X cannot set the rebalanced table, because it takes no list of entries"
    if isinstance(tuning.ethtool_table, Turns):
        return f"{limit}. The command above uses all receive queues."
    if tuning.ethtool_table is not None:
        return f"{limit}. The weights above come closest."
    return f"{limit}. No weights improve the spread both on these flows and on others."


def _key_name(tuning: "Tuning") -> str:
    return "current" if tuning.recommended == CURRENT else "best"


def _limits(tuning: "Tuning") -> list[str]:
    lines = []
    if tuning.n_inputs is not None:
        lines += [
            f"{count(tuning.n_inputs)} distinct hash inputs are split at random into two halves. Keys are chosen "
            "on one half and judged on the other.",
            "Gains on these flows last only as long as these flows do.",
        ]
    if tuning.kept_share not in (None, 1):
        lines.append(
            f"About {percent(tuning.kept_share)} of all flows are kept: raise {Field('most_flows')} to keep more."
        )
    return lines


def tuning_title(verdict: "TuningVerdict") -> str:
    """Say what the figure shows: the best key beside the current one, on flows that were not used to choose it."""
    facts = verdict.facts
    if not isinstance(facts, JudgedKeys):
        return headline(verdict).rstrip(".")

    def brief(value: float) -> str:
        return write_measure(facts.measure, value, DIGITS)

    now = facts.current.judging
    if facts.why is None:
        return f"Another key helps: {brief(facts.best.judging)} instead of {brief(now)}, on flows not used to choose it"
    if now not in facts.ideal:
        return headline(verdict).rstrip(".")
    interval = f"{brief(facts.ideal.low)} to {brief(facts.ideal.high)}"
    return f"Keep the current key: its {brief(now)} is within the range of ideal hashes ({interval})"
