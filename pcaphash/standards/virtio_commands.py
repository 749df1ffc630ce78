"""Commands by which a driver has a virtio network device hash; all numbers little-endian.

Source: virtio 1.4, "Control Virtqueue": "Receive-side scaling (RSS)", "Hash calculation", "Inner Header Hash".
"""

RSS_CONFIG = "VIRTIO_NET_CTRL_MQ_RSS_CONFIG"  # class 4, command 1: struct virtio_net_rss_config
HASH_CONFIG = "VIRTIO_NET_CTRL_MQ_HASH_CONFIG"  # class 4, command 2: struct virtio_net_hash_config
HASH_TUNNEL_SET = "VIRTIO_NET_CTRL_HASH_TUNNEL_SET"  # class 7, command 0: struct virtnet_hash_tunnel

RESERVED_WORDS = 4  # of two bytes each in virtio_net_hash_config

RSS_QUEUE_MASK = 0x7FFF  # of an rss_rq_id; bit 15 is reserved and 0
LEAST_QUEUE_PAIRS = 1  # VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MIN, which goes for max_tx_vq too
