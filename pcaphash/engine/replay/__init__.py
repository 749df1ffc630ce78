"""What only replay needs: packets in the order of their arrival, and rings that receive them in time."""
