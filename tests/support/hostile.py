"""A name that means something to browsers, terminals and shells, and is not text in any encoding."""

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;</script><!--\u202e\x1b\udcff"
HOSTILE_FILE = HOSTILE.replace("/", "")
