"""Hash keys that drivers come with, other than those that ``standards.virtio`` has.

Source of all: DPDK 38f72e500b (2026-06), the file named at each. Linux drivers of the same NICs mostly draw a random
key when they start.
"""

# drivers/net/mlx5/mlx5_rxq.c
MLX5_KEY = bytes.fromhex("2cc681d15bdbf4f7fca28319db1a3e946b9e38d92c9c03d1ad9944a7d9563d59063c25f3fc1fdc2a")

# drivers/net/i40e/i40e_hash.c: 32-bit words there, as a processor writes them that puts the low byte first.
I40E_KEY = bytes.fromhex(
    "4439796bb54c5023b675ea5b124f9f30b8a2c03ddfdc4d02a08c9b334af64a4c05c6fa343958d8557d99583ae138c92e81150366"
)

# drivers/net/atlantic/atl_ethdev.c
ATLANTIC_KEY = bytes.fromhex("1ead718765fc267d0d456774cd061a18b6c1f0c7bb18bef819134ba9d03efe702503ab506a8b820c")

# drivers/net/cnxk/cnxk_eswitch_flow.c, of representor ports.
CNXK_KEY = bytes.fromhex("fe" * 48)

DRIVERS = {
    # the key: DPDK drivers (folders of drivers/net) that start with it
    "microsoft": (
        "bonding", "e1000", "fm10k", "hinic", "hinic3", "hns3", "igb", "igc", "ixgbe", "ngbe", "null", "rnp", "txgbe",
        "virtio", "vmxnet3",
    ),
    "symmetric": ("ionic", "sfc"),
    "mlx5": ("mana", "mlx4", "mlx5", "netvsc", "tap"),
    "i40e": ("i40e",),
    "atlantic": ("atlantic",),
    "cnxk": ("cnxk",),
}  # fmt: skip
"""Which keys have drivers, by the names that ``device.hash_key`` gives the keys."""
