"""Sizes of flows as published measurements give them; the benchmarks of data centres use the same numbers.

Points of a cumulative distribution: so many per cent of flows have at most so many bytes. Between two points it is
straight. A flow has at least 1 byte.
"""

# The search traffic of "Data Center TCP (DCTCP)" (SIGCOMM 2010), as alibaba-edu/High-Precision-Congestion-Control has
# it in traffic_gen/WebSearch_distribution.txt.
WEB_SEARCH = (
    (0, 0), (10_000, 15), (20_000, 20), (30_000, 30), (50_000, 40), (80_000, 53), (200_000, 60), (1_000_000, 70),
    (2_000_000, 80), (5_000_000, 90), (10_000_000, 97), (30_000_000, 100),
)  # fmt: skip

# Facebook's Hadoop clusters ("Inside the Social Network's (Datacenter) Network", SIGCOMM 2015):
# traffic_gen/FbHdp_distribution.txt of the same repository.
HADOOP = (
    (0, 0), (100, 1), (200, 2), (300, 5), (350, 15), (400, 20), (500, 30), (600, 40), (700, 50), (1_000, 60),
    (2_000, 67), (7_000, 70), (30_000, 72), (50_000, 82), (80_000, 87), (120_000, 90), (300_000, 95),
    (1_000_000, 97.5), (2_000_000, 99), (10_000_000, 100),
)  # fmt: skip

# Alibaba's storage: traffic_gen/AliStorage2019.txt of the same repository.
STORAGE = (
    (0, 0), (4_000, 22.93), (8_000, 69.21), (16_000, 80.61), (32_000, 90.47), (64_000, 93.53), (128_000, 96.77),
    (256_000, 97.53), (2_000_000, 100),
)  # fmt: skip

# Google's remote procedure calls: of the 843 rows of traffic_gen/GoogleRPC2008.txt of the same repository those at
# powers of two, and the first and last ones.
RPC = (
    (0, 0), (3, 6.48826), (32, 9.73239), (64, 15.5271), (128, 35.1573), (256, 49.7901), (512, 78.4921),
    (1_024, 86.32), (2_048, 90.8862), (4_096, 93.4955), (8_192, 96.4309), (16_384, 98.4694), (32_768, 99.0402),
    (65_536, 99.3256), (131_072, 99.7129), (262_144, 99.8453), (524_288, 99.9498), (1_047_917, 99.9758),
    (2_113_675, 99.9889), (4_135_977, 99.9952), (8_231_141, 99.9985), (15_158_197, 100),
)  # fmt: skip

# The data mining traffic of "VL2" (SIGCOMM 2009) as pFabric used it: TritonNetworking/opera-sim,
# Figure1_traffic/datamining.csv.
DATA_MINING = (
    (100, 0), (180, 8.5), (250, 14), (560, 33), (900, 47), (1_100, 55), (1_870, 65), (3_160, 70), (10_000, 80),
    (100_001, 87.4), (400_000, 90), (1_850_000, 95), (10_000_000, 97), (30_000_000, 98), (100_000_000, 99),
    (250_000_000, 99.5), (1_000_000_000, 100),
)  # fmt: skip

OF_BYTES = {
    "web-search": WEB_SEARCH,
    "data-mining": DATA_MINING,
    "hadoop": HADOOP,
    "storage": STORAGE,
    "rpc": RPC,
}
"""By the names of the profiles."""

# Packets of flows on the Internet link of a university, 4.03 billion flows (arXiv 1809.03486;
# piotrjurkiewicz/flow-models, data/agh_2015/mixtures/all/length/flows.json): a mixture of uniform distributions
# between 0 and a number, and of lognormal ones, rounded up to whole packets.
CAMPUS_UNIFORM = ((1, ".3050"), (2, ".2484"), (3, ".0637"), (4, ".0492"), (5, ".0093"), (6, ".0822"))
"""The upper end of each, and its weight."""

CAMPUS_LOGNORMAL = (
    (".5207", "7.81", ".1313"), (".7701", "22.1", ".0733"), ("1.125", "128.6", ".0293"), ("1.984", "1084", ".0083"),
)  # fmt: skip
"""Sigma, the median in packets, and the weight of each."""

# Lengths of IP packets, by how often they come: the "simple Internet mix" of 64, 570 and 1,518 bytes on Ethernet at
# 7 : 4 : 1, without the 18 bytes of Ethernet's header and check sequence.
INTERNET_MIX = (*(46,) * 7, *(552,) * 4, 1500)
