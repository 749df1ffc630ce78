"""Captured commands that configured a device, taken over and shown field by field."""

from pcaphash.cli.messages import inform
from pcaphash.device import DeviceOptions


def read_payloads(payloads: dict[str, str | None], given: DeviceOptions) -> DeviceOptions:
    """Return the device options that captured commands set, and tell what they contain.

    Parameters
    ----------
    payloads : dict of str to str
        What ``--rss-config``, ``--hash-config`` and ``--hash-tunnel-set`` give, by their names with underscores.
    given : DeviceOptions
        What else is given: the spec and the receive queues that fields are checked against.

    Raises
    ------
    ConfigurationError
        A payload cannot be read, or no driver may send it.
    """
    from pcaphash.device.payloads import options as reader

    spec = str(given.get("spec", "1.4" if payloads["hash_tunnel_set"] else "v7"))
    found = []
    if payloads["rss_config"] is not None:
        found.append(reader.decode_rss_config(payloads["rss_config"], spec, given.get("queues")))
    if payloads["hash_config"] is not None:
        found.append(reader.decode_hash_config(payloads["hash_config"], spec))
    if payloads["hash_tunnel_set"] is not None:
        found.append(reader.decode_hash_tunnel_set(payloads["hash_tunnel_set"]))
    options = reader.combine_payloads(*found)
    if options.get("spec", spec) == "1.4" and not payloads["hash_tunnel_set"]:
        options["tunnel_types"] = "none"  # as after a reset
    for payload in found:
        for field in payload.fields:
            remark = f" ({field.remark})" if field.remark else ""
            inform(f"{payload.command}, byte {field.offset}: {field.name} {field.value}{remark}")
    return options
