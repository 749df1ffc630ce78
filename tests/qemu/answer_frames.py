"""Send frames into QEMU's virtio-net device, and print what it answers. To be run as root, or in a user namespace.

    unshare -n python answer_frames.py < REQUEST > ANSWERS

REQUEST is JSON: frames in hex, and runs, each with hash_types, hash_key (hex), indirection_table, unclassified_queue
and the frames that are sent. ANSWERS is JSON: for each run a list of [hash_value, hash_report, queue], or null where no
frame came back.
"""

import json
import sys

from pcaphash import Device
from pcaphash.targets.answer import TargetAnswer
from pcaphash.targets.qemu import open_qemu

QUEUE_PAIRS = 4


def answer_run(frames: list[bytes], run: dict) -> list[list[int | None] | None]:
    """Configure the device, send frames one by one, and return what comes back of each."""
    device = Device(
        hash_types=run["hash_types"],
        hash_key=bytes.fromhex(run["hash_key"]),
        queues=QUEUE_PAIRS,
        indirection_table=run["indirection_table"],
        unclassified_queue=run["unclassified_queue"],
    )
    with open_qemu(device) as qemu:
        answers = qemu.answer(frames)
    return [
        [each.hash_value or 0, each.hash_report, each.queue] if isinstance(each, TargetAnswer) else None
        for each in answers
    ]


def main() -> None:
    """Answer all runs."""
    request = json.load(sys.stdin)
    frames = [bytes.fromhex(frame) for frame in request["frames"]]
    json.dump([answer_run([frames[i] for i in run["frames"]], run) for run in request["runs"]], sys.stdout)


if __name__ == "__main__":
    main()
