"""Flows that were found for receive queues, as text, rows and a document."""
