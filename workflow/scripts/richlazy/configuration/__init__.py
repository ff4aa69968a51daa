"""The configuration: what it may hold, how it is checked, and how its mistakes are worded."""
