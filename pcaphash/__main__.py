"""``python -m pcaphash``."""

from pcaphash.cli import main

main()
