"""A set of packets that covers every rule of both specs, with what devices have to answer."""

from pcaphash.studies.conformance.case import Case
from pcaphash.studies.conformance.configurations import given_key, list_devices
from pcaphash.studies.conformance.study import COLUMNS, JudgedCase, list_cases, write_captures

__all__ = ["COLUMNS", "Case", "JudgedCase", "given_key", "list_cases", "list_devices", "write_captures"]
