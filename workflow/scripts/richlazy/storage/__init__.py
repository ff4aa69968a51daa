"""Files that hold results: arrays, tables, downloads, logs, checksums; named streams of random numbers; devices."""
