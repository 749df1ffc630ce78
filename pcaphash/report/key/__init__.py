"""What hash keys make of what varies, as text, rows and a document."""
