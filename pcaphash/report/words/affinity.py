"""What belongs together, in words."""

from pcaphash.studies.compare.affinity import Question

QUESTIONS = {
    Question.INNER_FLOWS: "inner flows",
    Question.DIRECTIONS: "directions of connections",
    Question.WITHOUT_PORTS: "packets with and without ports",
    Question.TUNNELS: "flows in several tunnels",
}
"""What may be on different receive queues."""
