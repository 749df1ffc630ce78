"""This layer is part of every start of the program: it must not load what takes time."""

import subprocess
import sys

HEAVY = ("numba", "numpy", "pandas", "matplotlib", "rich", "typer", "dpkt", "tomllib", "difflib")


def test_nothing_heavy_is_imported():
    program = f"""
import sys
before = set(sys.modules)  # what measures coverage is started with Python
import pcaphash.device
from pcaphash.device import Device, default_configs, parse_config
from pcaphash.device.warnings import find_warnings
for device in default_configs(Device()):
    find_warnings(device)
parse_config("a=linux", Device("1.4"))
print([name for name in {HEAVY!r} if name in set(sys.modules) - before])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
