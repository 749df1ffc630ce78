"""Hash keys that drivers come with, other than those that ``standards.virtio`` has."""

# DPDK, drivers/net/mlx5/mlx5_rxq.c; Linux' mlx4 and DPDK's mana and netvsc have the same.
MLX5_KEY = bytes.fromhex("2cc681d15bdbf4f7fca28319db1a3e946b9e38d92c9c03d1ad9944a7d9563d59063c25f3fc1fdc2a")

# DPDK, drivers/net/i40e/i40e_hash.c: 32-bit words there, as a processor writes them that puts the low byte first.
I40E_KEY = bytes.fromhex(
    "4439796bb54c5023b675ea5b124f9f30b8a2c03ddfdc4d02a08c9b334af64a4c05c6fa343958d8557d99583ae138c92e81150366"
)
