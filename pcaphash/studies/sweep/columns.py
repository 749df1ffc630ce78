"""The columns of the tables of ``sweep``."""

from pcaphash.studies.shared.columns import SUMMARY
from pcaphash.studies.shared.schema import Column, Schema

_CLASS = Column("class", "integer", "the class; the masks of one class spread the packets alike")
_RANK = Column("rank", "integer", "the rank of the class, 1 for the best; equally good classes share a rank")
_MASK = Column("mask", "text", "hash_types in hexadecimal; in `classes.csv`, the smallest mask of the class")
_OF_SUMMARY = SUMMARY.columns[1:]  # without the name of a configuration: masks have none

MASKS = Schema("sweep", (_CLASS, _RANK, _MASK, *_OF_SUMMARY))
CLASSES = Schema("classes", (_CLASS, _RANK, Column("masks", "integer", "masks in the class"), _MASK, *_OF_SUMMARY))
