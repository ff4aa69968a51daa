"""The calls of the library that people make; ``richlazy`` gives their names."""
