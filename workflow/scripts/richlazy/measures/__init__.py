"""What learning changed in a network."""
