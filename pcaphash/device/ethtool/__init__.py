"""A device as Linux's ethtool, or DPDK's testpmd, shows it."""
