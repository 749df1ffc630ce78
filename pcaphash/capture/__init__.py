"""From files to blocks and records: pcap, pcapng, compression, standard input."""
