"""The command line: options in, a study run, a report out. Errors become exit codes here and nowhere else."""

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

import typer
from typer.exceptions import TyperException

from pcaphash import __version__
from pcaphash.cli.commands import Program
from pcaphash.cli.completion import offer_values
from pcaphash.cli.manners import Color, Quiet, apply_manners
from pcaphash.cli.messages import complain, describe_interruption
from pcaphash.cli.standard_output import StandardOutputError, watch_standard_output
from pcaphash.cli.usage import usage_text
from pcaphash.cli.words import speak_in_options
from pcaphash.errors import OUTPUT_FIELD, PcaphashError

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_FAULT = 70
EXIT_INTERRUPTED = 130

# Plain help texts: laying them out in boxes would cost more time than everything else that --help does.
app = typer.Typer(
    name="pcaphash",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pcaphash {__version__}")
        raise typer.Exit


@app.callback()
@offer_values
def _root(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", callback=_show_version),
    quiet: Quiet = False,
    color: Color = None,
) -> None:
    """Recompute receive-side-scaling (RSS) hashes of a virtio-net device over outer and inner headers of captures.

    \b
    Examples:
      pcaphash analyze trace.pcap                    how the packets spread over 8 receive queues
      pcaphash compare trace.pcap                    is the hash to blame, and would inner hashing help?
      pcaphash explain trace.pcap --packet 17        why this packet gets this hash
      pcaphash validate trace.pcapng --key HEX       did the device report the right hashes?
      pcaphash hash 192.0.2.1:1234 198.51.100.2:443  which queue does this flow go to?
      pcaphash analyze --help                        all options, and more examples
    """
    apply_manners(quiet, color)


def main() -> None:
    """Run the program and leave it with the exit code that its contract promises."""
    # Starting makes hundreds of thousands of objects that all live on: looking for garbage among them is in vain.
    gc.set_threshold(200_000)
    # Whoever ends the command politely ends it like Ctrl-C: no half file and no process stays behind.
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # otherwise it is to be ignored
        signal.signal(signal.SIGINT, _interrupt)
    _open_closed_streams()
    watch_standard_output()
    program = typer.main.get_command(app)
    try:
        speak_in_options(program)
        status = program(standalone_mode=False) or EXIT_DONE
        sys.stdout.flush()
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message(), file=sys.stderr)
        else:
            complain(usage_text(error))
        status = EXIT_USAGE
    except PcaphashError as error:
        for line in str(error).splitlines():
            complain(line)
        status = error.exit_code
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has seen enough; typer turns the closed pipe into SystemExit before we see it.
        status = EXIT_DONE
    except StandardOutputError as error:
        complain(f"standard output cannot be written: {error.strerror or error}; {_other_place(program)}")
        status = EXIT_USAGE
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_INTERRUPTED
    except Exception as error:
        # One that breaks off what libraries do may arrive as another error: while a class is made, for example.
        if _interruptions or isinstance(error.__cause__, KeyboardInterrupt):
            status = EXIT_INTERRUPTED
        else:
            complain(f"internal error: {type(error).__name__}: {error}; please report it together with the command")
            status = EXIT_FAULT
    _flush_rows()  # which an error may follow, such as that nothing could be judged
    if status == EXIT_INTERRUPTED:  # which typer also returns, for an interruption that it has caught
        complain(describe_interruption())
    # Everything is written, and taking the compiler behind the kernels apart in good order takes a quarter of a second.
    sys.stderr.flush()
    os._exit(status)


_interruptions: list[int] = []


def _interrupt(number: int, _: object) -> NoReturn:
    """Take note of an interruption, and break off what is being done."""
    _interruptions.append(number)
    raise KeyboardInterrupt


def _other_place(program: Any) -> str:
    """Say where the command can write its results to, other than to standard output."""
    command = next((program.commands[word] for word in sys.argv[1:] if word in program.commands), None)
    is_help = {"--help", "-h", "--version"}.intersection(sys.argv[1:])
    has_output = command is not None and not is_help and any(each.name == OUTPUT_FIELD.name for each in command.params)
    return "write to a file with --output" if has_output else "send it to another place"


def _open_closed_streams() -> None:
    """Give standard output and standard error somewhere to go where the caller closed them."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123


def _flush_rows() -> None:
    """Write the rows that are complete, however the command ends."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
