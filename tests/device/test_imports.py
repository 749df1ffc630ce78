"""This layer is part of every start of the program: it must not load what takes time."""

import subprocess
import sys

HEAVY = ("numba", "numpy", "pandas", "matplotlib", "rich", "typer", "dpkt", "tomllib", "difflib")


def test_nothing_heavy_is_imported():
    program = f"""
import sys
import pcaphash.device
from pcaphash.device import Device, default_configs, parse_config
for device in default_configs(Device()):
    device.describe(), device.describe_common(), device.warnings
parse_config("a=linux", Device("1.4"))
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
