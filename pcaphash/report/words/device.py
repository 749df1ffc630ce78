"""A device in words: which options give it, which of them have their defaults, and what was probably not intended."""

from collections.abc import Iterable

from pcaphash.device import Device, field_without_inner
from pcaphash.device.features import format_features
from pcaphash.device.flavor import default_features, has_fixed_key
from pcaphash.device.hash_key import NAMED_KEYS, TITLES
from pcaphash.device.indirection_table import default_table
from pcaphash.device.options import WORDS
from pcaphash.device.warnings import DeviceWarning, find_warnings
from pcaphash.errors import Field
from pcaphash.report.words.values import brief_types

_SHOWN_ENTRIES = 16
_DEFAULT = " (default)"

# A title such as "the key of the mlx5 driver" does not go with the word "key" before it.
_KEYS = {NAMED_KEYS[name]: name if title.startswith("the ") else title for name, title in TITLES.items()}

# What is worth a word only where it is not so.
_UNUSUAL = {"flavor": "spec", "table_index": "mask", "inner_miss": "none", "input_transform": "none"}


def describe(device: Device) -> list[tuple[str, str]]:
    """Return the options that give a device, in full: each value is as its option takes it.

    Departures from the virtio specs (flavor, table_index, inner_miss, input_transform) are named only where there are
    some.
    """
    shared = [(option, value) for option, value, _ in _shared(device)]
    return [shared[0], *_types(device), *shared[1:]]


def describe_own(device: Device, others: Iterable[Device] = ()) -> list[tuple[str, str]]:
    """Return for readers what sets a device apart: its types, and options in which some other device differs."""
    differing = _differing(device, others)
    return [*_types(device), *((option, brief) for option, value, brief in _shared(device) if option in differing)]


def describe_common(device: Device, others: Iterable[Device] = ()) -> list[tuple[str, str]]:
    """Return for readers what does not differ between configurations of one run: values are short, defaults marked.

    Parameters
    ----------
    device : Device
        The device.
    others : iterable of Device
        The other configurations of the run.
    """
    defaults = Device(spec=device.spec, features=device.features, flavor=device.flavor)
    differing = _differing(device, others)
    usual = {option: value for option, value, _ in _shared(defaults) if option not in _UNUSUAL}
    usual["spec"] = "v7"
    offered = default_features(device.profile, device.flavor)
    usual["features"] = format_features(offered, device.profile.features)
    usual["indirection_table"] = _numbers(default_table(len(defaults.indirection_table), device.queues))
    return [
        (option, f"{brief}{_DEFAULT}" if value == usual.get(option) and not _is_given(device, option) else brief)
        for option, value, brief in _shared(device)
        if option not in differing
    ]


def given_and_assumed(
    device: Device, others: Iterable[Device] = (), *, with_types: bool = False, protocol: str = ""
) -> dict[str, str]:
    """Return what is given of a device and what is assumed, of all that is common to the configurations.

    Parameters
    ----------
    device : Device
        The device.
    others : iterable of Device
        The other configurations of the run.
    with_types : bool
        Whether to name the types too, where there is only one configuration.
    protocol : str
        The protocol of the packets, if that is assumed.

    Returns
    -------
    dict of str to str
        By the words "given" and "assumed"; one that nothing belongs to is left out.
    """
    given: list[str] = []
    assumed = [f"protocol {protocol}"] if protocol else []
    if with_types:
        (given if {"hash_types", "tunnel_types"} & device.given else assumed).append(f"types {brief_types(device)}")
    for name, value in describe_common(device, others):
        short = value.removesuffix(_DEFAULT)
        (given if short == value else assumed).append(f"{name} {short}")
    return {word: "; ".join(parts) for word, parts in (("given", given), ("assumed", assumed)) if parts}


def given_and_assumed_lines(device: Device, others: Iterable[Device] = (), *, with_types: bool = False) -> list[str]:
    """Say what is given of a device and what is assumed, a line each."""
    return [f"{word}: {parts}" for word, parts in given_and_assumed(device, others, with_types=with_types).items()]


def warning_lines(devices: Iterable[Device]) -> list[str]:
    """Say what devices accept but users probably did not intend, a line for each different warning."""
    chosen = list(devices)
    names_keys = len({device.hash_key for device in chosen}) > 1
    lines = [_warning(each, device, names_key=names_keys) for device in chosen for each in find_warnings(device)]
    return list(dict.fromkeys(lines))


def missing_config_lines(base: Device) -> list[str]:
    """Say which of the default configurations the base does not allow, and why, a line each."""
    field = field_without_inner(base)
    return (
        []
        if field is None
        else [f"{field}: without the HASH_TUNNEL feature, there is no configuration 'inner' to compare"]
    )


def _warning(warning: DeviceWarning, device: Device, *, names_key: bool) -> str:
    """Say one warning; of a hash key, which may come from many places, only whose it is, if not that of all."""
    size, n_entries, queues = Field("indirection_table_size"), len(device.indirection_table), device.queues
    match warning:
        case DeviceWarning.CALCULATION_ONLY:
            return (
                f"{Field('features')} has neither RSS nor HASH_REPORT: hashes are calculated, but a real device would "
                "not hash"
            )
        case DeviceWarning.ZERO_KEY:
            of = f" of configuration '{device.name}'" if names_key else ""
            return (
                f"all bytes of the hash key{of} are 0, so all hashes are the same; drivers that do not show their key "
                "print zeros"
            )
        case DeviceWarning.FEW_ENTRIES:
            missing = queues - n_entries
            return (
                f"{size}: {n_entries} {'entry' if n_entries == 1 else 'entries'} for {queues} receive queues: at least "
                f"{missing} of them {'gets' if missing == 1 else 'get'} no hashed packets"
            )
        case DeviceWarning.UNEVEN_TABLE:
            fewest, rest = divmod(n_entries, queues)
            with_more, with_fewer = _have("queue", rest), _have("other", queues - rest)
            return (
                f"{size}: {n_entries} entries do not divide evenly among {queues} receive queues: "
                f"{with_more} {fewest + 1}, {with_fewer} {fewest}"
            )


def _have(noun: str, number: int) -> str:
    return f"{number} {noun} has" if number == 1 else f"{number} {noun}s have"


def is_key_assumed(device: Device) -> bool:
    """Tell whether the device was described, but not its key, so that it has the default one."""
    usual = Device(spec=device.spec, features=device.features, flavor=device.flavor).hash_key
    is_default = device.hash_key == usual and not has_fixed_key(device.flavor)
    return bool(device.given) and is_default and not _is_given(device, "key")


def _is_given(device: Device, option: str) -> bool:
    arguments = {WORDS[option], "indirection_table_size"} if option == "indirection_table" else {WORDS[option]}
    return bool(arguments & device.given)


def _types(device: Device) -> list[tuple[str, str]]:
    types = [("hash_types", device.hash_types_text)]
    return [*types, ("tunnel_types", device.tunnel_types_text)] if device.profile.tunnel_types else types


def _differing(device: Device, others: Iterable[Device]) -> set[str]:
    """Name the options in which devices differ."""
    own = {(option, value) for option, value, _ in _shared(device)}
    every = [{(option, value) for option, value, _ in _shared(other)} for other in others]
    return {option for each in every for option, _ in own ^ each}


def _shared(device: Device) -> list[tuple[str, str, str]]:
    """List option, value, and value for readers."""
    options = [
        ("spec", device.spec),
        ("features", format_features(device.features, device.profile.features)),
        ("key", device.hash_key.hex()),
        ("queues", str(device.queues)),
    ]
    if device.has_queue:
        options.append(("indirection_table", _numbers(device.indirection_table)))
        options.append(("unclassified_queue", str(device.unclassified_queue)))
    options += [("vxlan_port", _numbers(device.vxlan_ports)), ("geneve_port", _numbers(device.geneve_ports))]
    if device.profile.tunnel_types:
        options.append(("vxlan_gpe_port", _numbers(device.vxlan_gpe_ports)))
        options.append(("gre_udp_port", _numbers(device.gre_udp_ports)))
    options += [(word, getattr(device, word)) for word, usual in _UNUSUAL.items() if getattr(device, word) != usual]
    brief = {"key": _brief_key(device), "indirection_table": _brief_table(device)}
    return [(option, value, brief.get(option, value)) for option, value in options]


def _numbers(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers)) or "none"


def _brief_key(device: Device) -> str:
    return _KEYS.get(device.hash_key, device.hash_key.hex())


def _brief_table(device: Device) -> str:
    table = device.indirection_table
    if table == default_table(len(table), device.queues):
        return f"{len(table)} entries, queue i % {device.queues} at entry i"
    shown = _numbers(table[:_SHOWN_ENTRIES])
    return shown if len(table) <= _SHOWN_ENTRIES else f"{len(table)} entries, {shown},..."
