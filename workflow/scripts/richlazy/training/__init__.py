"""Training of networks on stored trials."""
