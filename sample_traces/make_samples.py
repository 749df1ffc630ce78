"""Write the sample traces; the same bytes every time.

python sample_traces/make_samples.py [-o FOLDER]
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from faulty_device import faulty_device
from formats import interfaces, modified, nanoseconds
from ip_headers import cut_frames, extension_frames, fragment_frames, published_frames
from links import cooked_frames, cooked_v2_frames, loopback_frames, raw_packets, vlan_frames
from overlay import overlay
from tunnels import geneve_frames, gre_frames, ip_in_ip_frames, vxlan_frames
from writers import LINUX_SLL, LINUX_SLL2, NULL, RAW, spaced, write_pcap

SAMPLES: dict[str, Callable[[], bytes]] = {
    "overlay.pcap": overlay,
    "gre.pcap": lambda: write_pcap(spaced(gre_frames())),
    "vxlan.pcap": lambda: write_pcap(spaced(vxlan_frames())),
    "geneve.pcap": lambda: write_pcap(spaced(geneve_frames())),
    "ip-in-ip.pcap": lambda: write_pcap(spaced(ip_in_ip_frames())),
    "ipv6-extensions.pcap": lambda: write_pcap(spaced(extension_frames())),
    "fragments.pcap": lambda: write_pcap(spaced(fragment_frames())),
    "cut.pcap": lambda: write_pcap(spaced(*cut_frames())),
    "microsoft.pcap": lambda: write_pcap(spaced(published_frames())),
    "vlan.pcap": lambda: write_pcap(spaced(vlan_frames())),
    "cooked.pcap": lambda: write_pcap(spaced(cooked_frames()), LINUX_SLL),
    "cooked-v2.pcap": lambda: write_pcap(spaced(cooked_v2_frames()), LINUX_SLL2),
    "raw.pcap": lambda: write_pcap(spaced(raw_packets()), RAW),
    "loopback.pcap": lambda: write_pcap(spaced(loopback_frames()), NULL),
    "interfaces.pcapng": interfaces,
    "nanoseconds.pcap": nanoseconds,
    "modified.pcap": modified,
    "faulty-device.pcapng": faulty_device,
}


def main() -> None:
    """Write every trace into a folder, by default beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().output
    for name, make in SAMPLES.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    main()
