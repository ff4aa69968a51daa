"""Mapped connectomes: from CAVE, a release, a file, or drawn with published statistics."""
