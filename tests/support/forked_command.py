"""Have a command run by the server, with the streams of this process: ``python forked_command.py SOCKET WORD...``."""

import json
import os
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    """Ask, and end as the command did."""
    request = json.dumps([sys.argv[2:], dict(os.environ), str(Path.cwd())]).encode()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(sys.argv[1])
        socket.send_fds(server, [b"%010d" % len(request)], [0, 1, 2])
        server.sendall(request)
        status = int(server.recv(16))
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
