"""What all figures share: how they are made, laid out and saved, and how their axes and names are written."""

import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ParamSpec, TypeVar

from pcaphash.capture.files import whole_file
from pcaphash.report.figures.palette import FAINT, INK, PAPER

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

P = ParamSpec("P")
R = TypeVar("R")

FORMATS = ("png", "svg", "pdf")
"""Each figure of a comparison is written as each of them: for pages, for editing, and for print."""

WIDE, NARROW = 9.0, 4.2
"""Inches across: for a desk, and for a phone."""

_LONGEST_NAME = 40  # characters of a configuration's name in a legend
_PER_INCH = 11.5  # characters of a title, about
_TITLE_SIZE, _TEXT_SIZE, _SMALL_SIZE = 11.0, 9.5, 8.5  # points

_STYLE: Any = {  # matplotlib types keys one by one
    "font.size": _TEXT_SIZE,
    "xtick.labelsize": _SMALL_SIZE,
    "ytick.labelsize": _SMALL_SIZE,
    "legend.fontsize": _SMALL_SIZE,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), PAPER),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
}

# Without dates and random names equal results give equal files.
_METADATA: dict[str, dict[str, Any]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and what it shows in words.

    Parameters
    ----------
    name : str
        What its files are called.
    title : str
        What follows from it.
    description : str
        What it shows, for those who do not see it.
    figure : Figure
        The figure, in the colours of light paper.
    """

    name: str
    title: str
    description: str
    figure: "Figure"


def styled(draw: "Callable[P, R]") -> "Callable[P, R]":
    """Let a function draw in the style of all figures."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        from matplotlib import rc_context

        with rc_context(_STYLE):
            return draw(*args, **kwargs)

    return drawn


def make_figure(width: float, height: float) -> "Figure":
    """Make an empty figure of so many inches, whose parts make room for each other."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def write_title(figure: "Figure", conclusion: str, subject: str) -> None:
    """Put what follows from a figure above it, and below that what it is about."""
    room = int(figure.get_figwidth() * _PER_INCH)
    lines = [
        line
        for text in (conclusion, subject)
        for line in textwrap.wrap(printable(text), room, break_on_hyphens=False) or [""]
    ]
    style: Any = {"fontsize": _TITLE_SIZE, "linespacing": 1.35, "color": INK, "parse_math": False}
    figure.suptitle("\n".join(lines), x=0.01, ha="left", **style)


def save(figure: "Figure", to: "Path | BinaryIO", format_: str = "", text_as_text: bool = False) -> None:
    """Write a figure to a path or a binary stream.

    Parameters
    ----------
    figure : Figure
        The figure.
    to : path or stream
        Written to.
    format_ : str
        One of ``FORMATS``; by default the one that the path's suffix names.
    text_as_text : bool
        Whether SVG has letters as such, to be shown in the reader's font, and not as shapes.
    """
    from matplotlib import rc_context

    chosen = format_ or Path(str(to)).suffix[1:]
    drawn = BytesIO()  # on a full disk, what writes PDF fails in ways of its own
    settings: Any = {"svg.hashsalt": "pcaphash", "svg.fonttype": "none" if text_as_text else "path"}
    with rc_context(settings), _any_letters():
        figure.savefig(drawn, format=chosen, dpi=150, metadata=_METADATA[chosen])
    if isinstance(to, Path):
        to.write_bytes(drawn.getvalue())
    else:
        to.write(drawn.getvalue())


def write_pictures(pictures: "Iterable[Picture]", subject: str, folder: Path) -> list[Path]:
    """Write each figure in each format, under a title that says what follows and what it is about.

    Returns
    -------
    list of Path
        The files written, each whole or not at all.
    """
    paths = []
    for picture in pictures:
        write_title(picture.figure, picture.title, subject)
        lay_out(picture.figure)
        for format_ in FORMATS:
            paths.append(folder / f"{picture.name}.{format_}")
            with whole_file(paths[-1]) as part:
                save(picture.figure, part, format_)
    return paths


def lay_out(figure: "Figure") -> None:
    """Lay a figure out once: each format would do it again, which takes longer than everything else."""
    with _any_letters():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


@contextmanager
def _any_letters() -> Iterator[None]:
    """Take names in letters that the font of figures lacks: they show as boxes, which is not worth a warning each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        yield


def shorten(name: str, most: int = _LONGEST_NAME) -> str:
    """Cut a name that is too long in its middle: names of one kind often differ at their end."""
    if len(name) <= most:
        return name
    n_last = (most - 1) // 2
    return f"{name[: most - 1 - n_last]}…{name[-n_last:]}"


def printable(text: str) -> str:
    r"""Write characters that nothing shows, or that turn text around, as escapes such as ``\x1b``."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def write_percent(axis: "Axis") -> None:
    """Write shares on an axis as percentages; those below an axis in the middle have no sign."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    form: Callable[[float, int], str] = lambda share, _: f"{100 * abs(share):.3g}%"  # noqa: E731
    axis.set_major_formatter(FuncFormatter(form))
    axis.set_minor_formatter(NullFormatter())


def write_integers(axis: "Axis", n_first: int = 0) -> None:
    """Write whole numbers on an axis; all of the first so many, where these are given."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    some = MaxNLocator("auto", integer=True, min_n_ticks=1)
    axis.set_major_locator(FixedLocator(range(n_first)) if n_first else some)
    axis.set_major_formatter("{x:,.0f}")


def write_counts(axis: "Axis") -> None:
    """Write counts on a logarithmic axis as text has them, not as powers of ten; millions in short."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    form: Callable[[float, int], str] = lambda n, _: f"{n / 1e6:,g}M" if n >= 1e6 else f"{n:,g}"  # noqa: E731
    axis.set_major_formatter(FuncFormatter(form))
    axis.set_minor_formatter(NullFormatter())


def written(write: Callable[[float], str]) -> "FuncFormatter":
    """Return what has the numbers on an axis written so."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: write(value))


def add_legend(figure: "Figure", named: "Sequence[tuple[str, Artist]]", columns: int = 0) -> None:
    """Put one legend for all panels below them, where it covers nothing."""
    names, artists = [name for name, _ in named], [artist for _, artist in named]
    n_columns = columns or max(int(figure.get_figwidth() // 3), 1)
    legend = figure.legend(artists, names, loc="outside lower center", ncols=n_columns, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def say_nothing(figure: "Figure", why: str) -> None:
    """Write into an empty figure why it is empty."""
    figure.text(0.5, 0.4, printable(why), ha="center", va="center", color=FAINT, wrap=True)
