"""What devices are known to do wrong, a hypothesis each."""
