"""The study behind ``explain``: one packet, header by header, and why it gets this hash or none.

The hash, its input and what decides on it come from the very kernels that ``hashes`` runs. What is shown besides is
decoded here, and held at every step to where the kernels found each header.
"""

from pcaphash.studies.explain.result import Answer, Explanation, Field, Header, InputField, Step
from pcaphash.studies.explain.study import explain

__all__ = ["Answer", "Explanation", "Field", "Header", "InputField", "Step", "explain"]
