"""Words that no command line can have: each error says in one line what is wrong, where, and what to do."""

import pytest

from support.command import complaints, run
from support.shared import ROOT

TRACE = ROOT / "sample_traces" / "gre.pcap"
NUMBER = "number of the packet, counted from 1, as hashes shows it"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["foo"], "'foo' is not a command; run pcaphash --help to list them"),
        (["analise", TRACE], "'analise' is not a command; did you mean analyze?"),
        (["explain", TRACE], f"--packet is missing; give --packet N: {NUMBER}"),
        (["steer", "192.0.2.1"], "DESTINATION is missing; give it: "),
        (["explain", TRACE, "--packet", "1", "b"], "b: explain takes only TRACE; leave it out"),
        (["hash", "a", "b", "c", "d"], "c d: hash takes only SOURCE and DESTINATION; leave them out"),
        (["warmup", "a"], "a: warmup takes only options; leave it out"),
        (["analyze", TRACE, "--job", "3"], "--job is not an option of analyze; did you mean --jobs?"),
        (["analyze", TRACE, "--zzz"], "--zzz is not an option of analyze; run pcaphash analyze --help to list them"),
        (["--quite", "analyze"], "--quite is not an option; did you mean --quiet?"),
        (["-x"], "-x is not an option; run pcaphash --help to list them"),
        (["analyze", TRACE, "--queues"], "--queues has no value after it; give one"),
        (["analyze", TRACE, "--quiet=3"], "--quiet takes no value; leave out what follows ="),
        (["tune", TRACE, "--keys", "-3"], "--keys: -3 is out of range; give at least 1"),
        (["tune", TRACE, "--keys", "few"], "--keys: 'few' is not a whole number; give one, such as 8"),
    ],
)
def test_words_that_no_command_line_has(words, said):
    result = run(*words)
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = complaints(result)
    assert line.startswith(f"pcaphash: error: {said}")
