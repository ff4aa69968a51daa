"""Tasks that networks learn, and their trials."""
