"""Draw an analysis: the load of each receive queue under each configuration."""

from typing import TYPE_CHECKING

from pcaphash.report.figures.canvas import WIDE, make_figure, say_nothing, styled, write_title
from pcaphash.report.figures.palette import colours
from pcaphash.report.figures.queues import Load, draw_loads, ideal_band
from pcaphash.report.figures.titles import spread_title
from pcaphash.report.words.values import packets, trace_names
from pcaphash.studies.shared.chance.enough import cut_packets

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pcaphash.studies.analyze import Analysis

_NO_QUEUES = "No receive queues: without the RSS feature, no hash chooses one"


@styled
def draw_distribution(analysis: "Analysis") -> "Figure":
    """Draw one panel per configuration: the share of packets, and of bytes, on each receive queue beside the ideal."""
    baselines = analysis.baselines or [None] * len(analysis.distributions)
    is_hashed = any(each.hashed for each in analysis.distributions)
    of_all = colours([each.device.name for each in analysis.distributions])
    loads = [
        Load(
            each.device.name,
            colour,
            each.queues,
            ideal_band(baseline, len(each.queues)),
            is_hashed,
            bool(cut_packets(each)),
        )
        for each, colour, baseline in zip(analysis.distributions, of_all, baselines, strict=True)
        if each.device.has_queue
    ]
    subject = f"{trace_names(analysis.reading.traces)}: {packets(analysis.distributions[0].packets)}"
    if not loads:
        figure = make_figure(WIDE, 2.0)
        write_title(figure, _NO_QUEUES, subject)
        say_nothing(figure, "nothing to draw")
        return figure
    figure = draw_loads(loads, WIDE, with_bytes=True)
    write_title(figure, spread_title([load.excess for load in loads], loads[0].nothing), subject)
    return figure
