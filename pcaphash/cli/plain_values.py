"""Values that plainly are what an option takes need no validation: its library takes longer to load than most runs."""

from typing import Any

_UNLIKE = object()


class PlainValues:
    """Of typer's commands: has them take such values as they are. Others are for typer, which says what is wrong."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options and arguments, with ``--help`` and whatever typer adds."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if "process_value" not in vars(parameter):
                _accept_plain_values(parameter)
        return parameters


def _accept_plain_values(parameter: Any) -> None:
    process = parameter.process_value

    def process_value(context: Any, value: Any) -> Any:
        plain = _plain_value(parameter, value)
        if plain is _UNLIKE:
            return process(context, value)
        return parameter.callback(context, parameter, plain) if parameter.callback else plain

    parameter.process_value = process_value


def _plain_value(parameter: Any, value: Any) -> Any:
    """Return what the command is called with, or UNLIKE."""
    kind, details = parameter.type_descriptor.annotation, parameter.type_descriptor.parameter_info
    is_list = parameter.multiple or parameter.nargs == -1
    if not value and parameter.required:
        return _UNLIKE
    if value is None:
        return () if is_list else None
    if details.parser is not None:
        return _UNLIKE
    if is_list:
        is_plain = kind == list[str] and isinstance(value, list | tuple) and all(type(item) is str for item in value)
        return list(value) if is_plain else _UNLIKE
    if kind is int and isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    is_plain = kind in (str, bool, int) and type(value) is kind and (details.min is None or value >= details.min)
    return value if is_plain else _UNLIKE
