"""Draw results: figures whose titles say what follows, in colours that colour-blind people tell apart."""

from pcaphash.report.figures.canvas import Picture, save
from pcaphash.report.figures.compare import draw_comparison, write_figures
from pcaphash.report.figures.distribution import draw_distribution
from pcaphash.report.figures.palette import colours
from pcaphash.report.figures.sweep import draw_sweep
from pcaphash.report.figures.tune import draw_tuning

__all__ = [
    "Picture",
    "colours",
    "draw_comparison",
    "draw_distribution",
    "draw_sweep",
    "draw_tuning",
    "save",
    "write_figures",
]
