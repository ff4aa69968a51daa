"""A server of files on loopback for the time of a test."""

import contextlib
import http.server
import threading


@contextlib.contextmanager
def serving(handler):
    """A running server whose requests a handler class answers; ``asked`` is an empty list for what was asked for."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def address(server, name):
    """Address of a file of the server."""
    return f"http://127.0.0.1:{server.server_address[1]}/{name}"
