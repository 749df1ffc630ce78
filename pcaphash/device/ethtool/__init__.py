"""A device as Linux' ethtool, or DPDK's testpmd, shows it."""
