"""Why a selection leaves packets out."""

from enum import StrEnum


class LeftOut(StrEnum):
    """Why a packet is left out; the values are what JSON documents and saved censuses call it."""

    SENT = "sent by the capturing host"
    NOT_SENT = "not sent by the capturing host"
    WITHOUT_TIME = "without a time"
    BEFORE_START = "before the start"
    AFTER_END = "after the end"
    OTHER_ENCAPSULATION = "of another encapsulation"
    OTHER_VNI = "of another virtual network"
    OTHER_ENDPOINT = "of other endpoints"
    OTHER_DESTINATION = "to other addresses"
    OTHER_MAC = "to other Ethernet addresses"
    OTHER_INTERFACE = "on other interfaces"
    NO_ERSPAN = "without an ERSPAN header to strip"
    NO_VXLAN = "without a VXLAN header to strip"
    NO_GRE = "without a GRE header to strip"


NOT_MIRRORED = {"erspan": LeftOut.NO_ERSPAN, "vxlan": LeftOut.NO_VXLAN, "gre": LeftOut.NO_GRE}
"""Why a packet is left out that has nothing to strip, by what is to be stripped."""
