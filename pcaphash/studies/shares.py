"""How shares are written in sentences, the same everywhere."""

_HALF_A_DIGIT = 0.0005  # of per cent with one decimal


def percent(share: float) -> str:
    """Write a share in per cent: with one decimal below 100%, with none from there on, and never as minus zero."""
    if abs(share) < _HALF_A_DIGIT:
        share = 0.0
    return f"{share:,.0%}" if abs(share) >= 1 - _HALF_A_DIGIT else f"{share:.1%}"


def signed_percent(share: float) -> str:
    """Write the same with its sign."""
    text = percent(share)
    return text if text.startswith("-") else f"+{text}"
