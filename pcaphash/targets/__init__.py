"""Real receive paths that frames can be sent into, and interfaces that they can be sent on."""
