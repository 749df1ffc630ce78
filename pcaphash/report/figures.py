"""Draw an analysis: the load of each receive queue under each configuration."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pcaphash.studies.analyze import Analysis

# Okabe and Ito's colours, which colour-blind people tell apart too.
_COLOURS = ("#0072B2", "#E69F00")


def draw_distribution(analysis: "Analysis") -> "Figure":
    """Draw one panel per configuration, the share of packets and of bytes on each receive queue beside the ideal."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    shown = [distribution for distribution in analysis.distributions if distribution.device.has_queue]
    figure = Figure(figsize=(7.5, 0.9 + 2.1 * max(len(shown), 1)), layout="constrained")
    panels = figure.subplots(max(len(shown), 1), 1, sharey=True, squeeze=False)[:, 0]
    for panel, distribution in zip(panels, shown, strict=False):
        for column, (label, offset) in enumerate((("packets", -0.2), ("bytes", 0.2))):
            loads = distribution.queues[:, column]
            shares = loads / max(int(loads.sum()), 1)
            panel.bar(
                [queue + offset for queue in range(len(shares))], shares, width=0.4, label=label, color=_COLOURS[column]
            )
        ideal = 1 / len(distribution.queues)
        panel.axhline(ideal, color="black", linewidth=1, linestyle="--", label=f"ideal ({ideal:.1%})")
        panel.set_title(distribution.device.name, loc="left", fontsize="medium", fontweight="bold", parse_math=False)
        panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_ylabel("share of load")
    panels[-1].set_xlabel("receive queue")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    packets = analysis.distributions[0].packets
    names = ", ".join(Path(trace).name for trace in analysis.reading.traces[:2])
    figure.suptitle(
        f"{names}: {packets:,} packets over receive queues", x=0.01, ha="left", fontsize="large", parse_math=False
    )
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in the format that the path's suffix names (PNG, SVG, PDF)."""
    figure.savefig(path, format=path.suffix[1:], dpi=150, facecolor="white")
